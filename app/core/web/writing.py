"""Storing what a form or a call of the API says about one row: the same rules and refusals for both."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.core import form_rules
from app.core.db import web_session
from app.core.errors import ReadOnlyScope, RuleError
from app.core.web.meanwhile import Opened
from app.core.web.principal import current
from app.core.web.transfer import plain_reason

NO_PRIVILEGE = "42501"


@dataclass(frozen=True)
class Written:
    """A stored row, and sentences that warn of what stands in it."""

    id: int
    warnings: list[str]


def write(entity: Any, row: Any, values: dict[str, Any], opened: Opened | None = None) -> Written:
    """Store the values in a row, or in a new one when `row` is None, and commit.

    Raises RuleError (nothing is stored then) naming the column it is about where that is known; of these
    ChangedMeanwhile where the row is no longer as the form was `opened` with; and ReadOnlyScope for
    somebody who may only read.
    """
    session = web_session()
    try:
        if row is None:
            row = entity(**values)
        else:
            if opened is not None:
                opened.hold(session, row)
            for name, value in values.items():
                setattr(row, name, value)
        warnings = form_rules.prepare(session, row, current().user_id)
        session.add(row)
        session.flush()
        written = Written(row.id, warnings)
        session.commit()
    except RuleError:
        session.rollback()
        raise
    except DBAPIError as error:
        session.rollback()
        raise in_words(entity, error) from error
    return written


def in_words(entity: Any, error: DBAPIError) -> Exception:
    """What a refusal of the database means to a person. Gives the error back where it means a fault of ours."""
    if isinstance(error, IntegrityError):
        return RuleError(plain_reason(error), _column(entity, error))
    return ReadOnlyScope() if getattr(error.orig, "sqlstate", "") == NO_PRIVILEGE else error


def _column(entity: Any, error: IntegrityError) -> str | None:
    """The column of the form that a violated rule of uniqueness is about: the last one it names."""
    diagnosis = getattr(error.orig, "diag", None)
    violated = getattr(diagnosis, "constraint_name", None)
    offered = {name for form in entity.__screen__.form.values() for name in form.split()}
    for names in _unique(entity):
        if violated == f"{entity.__table__.name}_{'_'.join(names)}_key"[:63]:
            return next((name for name in reversed(names) if name.removesuffix("_id") in offered), None)
    return None


def _unique(entity: Any) -> list[list[str]]:
    constraints = [each for each in entity.__table__.constraints if isinstance(each, UniqueConstraint)]
    return [[column.name for column in each.columns] for each in constraints]
