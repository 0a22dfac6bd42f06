"""Storing what a form or a call of the API says about one row: the same rules and refusals for both."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext
from sqlalchemy import UniqueConstraint
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.core import form_rules
from app.core.db import ScopedSession, web_session
from app.core.errors import BeyondScope, ReadOnlyScope, RuleError
from app.core.web import custom_lock, field_changes, field_files
from app.core.web.meanwhile import Held
from app.core.web.principal import current
from app.core.web.sending import Sending
from app.core.web.transfer import plain_reason

NO_PRIVILEGE = "42501"


@dataclass(frozen=True)
class Written:
    """A stored row, and sentences that warn of what stands in it."""

    id: int
    warnings: list[str]
    row: Any = field(repr=False, compare=False)
    is_again: bool = False
    """Whether the same form had stored it before, so that nothing was written now."""
    is_asked: bool = False
    """Whether the change waits for approval, so that nothing was written yet; the warnings say so."""


@contextmanager
def storing(entity: Any) -> Iterator[ScopedSession]:
    """The request's session, committed when the block ends well.

    Raises RuleError (nothing is stored then) for what the rules or the database refuse, naming the column it is
    about where that is known, and ReadOnlyScope for somebody who may only read.
    """
    session = web_session()
    try:
        yield session
        session.commit()
    except RuleError:
        session.rollback()
        raise
    except DBAPIError as error:
        session.rollback()
        raise in_words(entity, error) from error


def write(
    entity: Any, row: Any, values: dict[str, Any], opened: Held | None = None, sent: Sending | None = None
) -> Written:
    """Store the values in a row, or in a new one when `row` is None, and commit; once for the form that was `sent`.

    Raises what `storing` says; of these ChangedMeanwhile where the row is no longer as the form was `opened` with, and
    NeedsApproval.
    """
    with storing(entity) as session:
        before = sent.row_before(session, entity) if sent is not None else None
        if before is not None:
            return Written(before.id, [], before, is_again=True)
        written = put(session, entity, row, values, opened)
        if sent is not None:
            sent.keep(session, written.id)
        return written


def put(
    session: ScopedSession,
    entity: Any,
    row: Any,
    values: dict[str, Any],
    opened: Held | None = None,
    *,
    is_approved: bool = False,
) -> Written:
    """Write the values within the running transaction, by the rules; the caller ends it.

    Raises NeedsApproval, once all else was found to be right, for a change that waits for it unless it `is_approved`.
    """
    # what is flushed counts as unchanged: neither rules nor approval would look at it any more
    with session.no_autoflush:
        custom_lock.hold(session, values)
        if row is not None and opened is not None:
            opened.hold(session, row)
        taken = field_files.take(session, entity, row, values)
        row, warnings = ready(session, entity, row, taken.values)
        refusal = None if is_approved else field_changes.needed(session, row, values)
    if refusal is not None:
        taken.refuse_waiting()
    try:
        session.flush()
    except BeyondScope as error:
        scope = entity.__scope__
        told = gettext("You would not see it any longer: it needs an officer, branch or client of yours")
        raise RuleError(told, scope.officer or scope.branch or scope.client) from error
    if refusal is not None:
        raise refusal
    taken.store(session, row)
    return Written(row.id, warnings, row)


def ready(session: ScopedSession, entity: Any, row: Any, values: dict[str, Any]) -> tuple[Any, list[str]]:
    """The row with the values, checked by the rules and in the session but not stored yet, and what to warn of."""
    if row is None:
        row = entity(**values)
    else:
        for name, value in values.items():
            setattr(row, name, value)
    warnings = form_rules.prepare(session, row, current().user_id)
    session.add(row)
    return row, warnings


def remove(session: ScopedSession, row: Any, opened: Held | None = None) -> None:
    """Delete a row within the running transaction; the caller ends it."""
    if opened is not None:
        opened.hold(session, row)
    form_rules.leave(session, row)
    session.delete(row)
    session.flush()


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
    for names in unique(entity):
        if violated == f"{entity.__table__.name}_{'_'.join(names)}_key"[:63]:
            return next((name for name in reversed(names) if name.removesuffix("_id") in offered), None)
    return None


def unique(entity: Any) -> list[list[str]]:
    """The columns of each rule of uniqueness."""
    return [[column.name for column in each.columns] for each in _rules(entity)]


def is_empty_a_value(entity: Any, names: list[str]) -> bool:
    """Whether the rule of uniqueness of these columns counts two rows as the same that leave one of them empty."""
    rules = [each for each in _rules(entity) if {column.name for column in each.columns} == set(names)]
    return any(each.dialect_options["postgresql"].get("nulls_not_distinct") for each in rules)


def _rules(entity: Any) -> list[UniqueConstraint]:
    return [each for each in entity.__table__.constraints if isinstance(each, UniqueConstraint)]
