"""Running operations from screens and the API: the rows are found in scope, the arguments come from a form."""

import inspect
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import Column, Date, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import mapped_column
from wtforms import validators as check

from app.core import clock, labels, registry
from app.core.db import unscoped
from app.core.errors import OutOfScope, ReadOnlyScope, RuleError
from app.core.once import Once
from app.core.operation import Operation, Refused
from app.core.types import Choice, Count, Flag, Line, Money
from app.core.web import approving
from app.core.web.fields import FieldInfo
from app.core.web.followed import open_to
from app.core.web.forms import choice_input, plain_input
from app.core.web.inputs import LookupField, Needed
from app.core.web.meanwhile import Held
from app.core.web.principal import Principal
from app.core.web.transfer import plain_reason

MOST_ROWS = 1000
AT_ONCE = 100
"""Rows that are worked on while their person waits; more are a job's."""
PLAIN: dict[Any, Any] = {
    Decimal: Money,
    int: Count,
    str: Line,
    bool: Flag,
    date: Annotated[date, mapped_column(Date, info={"kind": "date"})],
}
"""What a plain Python type of an argument means."""


@dataclass(frozen=True)
class Outcome:
    """What came of an operation on one row: done, asked for or refused, a sentence, and the argument it is about."""

    name: str
    sentence: str
    field: str | None = None
    is_done: bool = True
    is_asked: bool = False
    """Whether approval was asked for, and nothing is done yet."""
    is_kept: bool = True
    """Whether anything was stored; also some refusals are."""
    row_id: int | None = None
    secret: str | None = None
    """What was made and is told this once."""

    @property
    def is_refused(self) -> bool:
        """Whether it is neither done nor going to be."""
        return not (self.is_done or self.is_asked)


def _nothing(_session: Any, _outcomes: list[Outcome]) -> None:
    """For callers who have nothing of their own to store."""


def form_for(operation: Operation, session: Any, *, posted: Any = None) -> FlaskForm:
    """The form of the operation's arguments, from its signature; `posted` stands for an API call's body."""
    inputs = {p.name: _input(operation, p, session) for p in operation.arguments}
    given = {} if posted is None else {"formdata": posted, "meta": {"csrf": False}}
    return type("OperationForm", (FlaskForm,), inputs)(**given)


def _input(operation: Operation, parameter: inspect.Parameter, session: Any) -> Any:
    kind, column, optional = read(parameter.annotation)
    has_default = parameter.default is not parameter.empty
    rules = [check.Optional()] if optional or has_default else [Needed()]
    label = operation.labels.get(parameter.name) or labels.gettext(labels.words(parameter.name))
    common: dict[str, Any] = {"label": label, "validators": rules, "description": ""}
    if has_default and parameter.default is not None:
        common["default"] = parameter.default
    if parameter.name.endswith("_id"):
        return _lookup(parameter.name, session, common)
    if isinstance(kind, type) and issubclass(kind, Choice):
        return choice_input(common, kind, optional=optional)
    if kind is date and not has_default:
        common["default"] = clock.business_date(session)
    return plain_input(FieldInfo(operation.entity, parameter.name, column.info["kind"], column), common)


def _lookup(name: str, session: Any, common: dict[str, Any]) -> LookupField:
    from flask import url_for

    target = registry.entity(name.removesuffix("_id"))
    url = url_for("Lookups.rows", slug=target.slug())
    return LookupField(**common, target=target, session=session, url=url)


def read(annotation: Any) -> tuple[Any, Column[Any], bool]:
    """(type, column that holds such a value, whether None is allowed) of an argument's annotation.

    A named type of `app.core.types` brings its length and decimals; a plain one means its widest.
    """
    optional = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    if optional:
        annotation = next(each for each in typing.get_args(annotation) if each is not type(None))
    if typing.get_origin(annotation) is not typing.Annotated:
        annotation = PLAIN.get(annotation, annotation)
    if typing.get_origin(annotation) is typing.Annotated:
        kind, declared = typing.get_args(annotation)[:2]
        return kind, declared.column, optional
    return annotation, Column(info={"kind": "text"}), optional


def rows(operation: Operation, session: Any, ids: list[int], principal: Principal) -> list[Any]:
    """The rows with these ids, always in the same order, so that two who lock them never wait for each other.

    One that is foreign or unknown makes the whole request a 404.
    """
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        raise RuleError(_("Choose at least one row first"))
    if len(wanted) > MOST_ROWS:
        raise RuleError(_("At most %(n)s rows at a time", n=MOST_ROWS))
    entity = operation.entity
    asked = select(entity).where(entity.id.in_(wanted), *open_to(entity, principal))
    found = {row.id: row for row in session.scalars(asked).unique()}
    if len(found) != len(wanted):
        raise OutOfScope
    return [found[one] for one in sorted(wanted)]


def run(
    operation: Operation,
    session: Any,
    ids: list[int],
    principal: Principal,
    arguments: dict[str, Any],
    *,
    opened: Held | None = None,
    then: Callable[[Any, list[Outcome]], None] = _nothing,
    is_approved: bool = False,
) -> list[Outcome]:
    """Run on each row in a savepoint of its own. Commits nothing but what runs outside of the user's scope.

    Each row must be as it was `opened`, and `then` is told what came of it; both in the session that is written
    through. Where the operation has a route of approval, a request is stored in place of what it would do, unless it
    `is_approved`. Raises OutOfScope for a row that is not seen, ReadOnlyScope for somebody who may only read, and what
    `opened` says.
    """
    found = rows(operation, session, ids, principal)
    owner = operation.entity.__scope__.owner
    is_own = owner is not None and all(getattr(row, owner) == principal.user_id for row in found)
    if not session.reach.may_write and not is_own:
        raise ReadOnlyScope

    asked, found = (
        ([], found) if is_approved else _ask(operation, session, found, principal, arguments, opened)
    )
    if asked:
        then(session, asked)
    if not found:
        return asked

    def do(within: Any, own: list[Any]) -> list[Outcome]:
        for row in own:
            if opened is not None:
                opened.hold(within, row)
        outcomes = _run_each(operation, within, own, principal, arguments)
        then(within, outcomes)
        return outcomes

    if not operation.house:
        return [*asked, *do(session, found)]
    with unscoped(operation.house, user_id=principal.user_id) as house:
        return [*asked, *do(house, [house.get_one(operation.entity, row.id) for row in found])]


def _ask(
    operation: Operation,
    session: Any,
    found: list[Any],
    principal: Principal,
    arguments: dict[str, Any],
    opened: Held | None,
) -> tuple[list[Outcome], list[Any]]:
    """What came of asking for approval, and the rows that need none."""
    routes = approving.routes_of(session, operation)
    needed = {row.id: way for row in found if (way := approving.route_for(routes, row, arguments))}
    outcomes = []
    for row in found:
        if row.id not in needed:
            continue
        if (why := _why_not(operation, session, row, principal, arguments)) is not None:
            outcomes.append(why)
            continue
        if opened is not None:
            opened.hold(session, row)
        name, row_id = str(row), row.id
        try:
            with session.begin_nested():
                sentence = approving.ask(session, needed[row.id], operation, row, arguments)
            outcomes.append(Outcome(name, sentence, is_done=False, is_asked=True, row_id=row_id))
        except RuleError as error:
            refused = Outcome(name, str(error), is_done=False, is_kept=False, row_id=row_id)
            outcomes.append(refused)
    return outcomes, [row for row in found if row.id not in needed]


def _why_not(
    operation: Operation, session: Any, row: Any, principal: Principal, arguments: dict[str, Any]
) -> Outcome | None:
    """Why it could not be done even now, found by doing it and taking it back: such a thing nobody need approve.

    What works in the name of the house has a session of its own, which would wait for this one's locks: not tried.
    """
    if operation.house:
        return None
    trial = session.begin_nested()
    [outcome] = _run_each(operation, session, [row], principal, arguments)
    trial.rollback()
    return None if outcome.is_done else outcome


def _run_each(
    operation: Operation, session: Any, found: list[Any], principal: Principal, arguments: dict[str, Any]
) -> list[Outcome]:
    given = {"business_on": clock.business_date(session), "user_id": principal.user_id}
    takes = inspect.signature(operation.function).parameters
    extra = {name: value for name, value in given.items() if name in takes}
    outcomes = []
    for row in found:
        name, row_id = str(row), row.id
        try:
            with session.begin_nested():
                said = operation.function(session, row, **arguments, **extra)
            is_done = not isinstance(said, Refused)
            sentence = str(said or "" if is_done else said.sentence)
            secret = said.secret if isinstance(said, Once) else None
            outcomes.append(Outcome(name, sentence, is_done=is_done, row_id=row_id, secret=secret))
        except RuleError as error:
            refused = Outcome(name, str(error), error.field, is_done=False, is_kept=False, row_id=row_id)
            outcomes.append(refused)
        except IntegrityError as error:
            reason = plain_reason(error)
            outcomes.append(Outcome(name, reason, is_done=False, is_kept=False, row_id=row_id))
    return outcomes
