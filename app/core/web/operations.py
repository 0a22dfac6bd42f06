"""Running operations from screens and the API: the rows are found in scope, the arguments come from a form."""

import inspect
import types
import typing
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import TextAreaField, validators as check

from app.core import clock, labels, registry
from app.core.db import unscoped
from app.core.errors import OutOfScope, RuleError
from app.core.operation import Operation
from app.core.types import Choice
from app.core.web.forms import TYPES, LookupField, choice_input
from app.core.web.principal import Principal

MOST_ROWS = 1000


def form_for(operation: Operation, session: Any, *, posted: Any = None) -> FlaskForm:
    """The form of the operation's arguments, from its signature; `posted` stands for an API call's body."""
    inputs = {p.name: _input(operation, p, session) for p in operation.arguments}
    given = {} if posted is None else {"formdata": posted, "meta": {"csrf": False}}
    return type("OperationForm", (FlaskForm,), inputs)(**given)


def _input(operation: Operation, parameter: inspect.Parameter, session: Any) -> Any:
    kind, optional = _bare(parameter.annotation)
    has_default = parameter.default is not parameter.empty
    rules = [check.Optional()] if optional or has_default else [check.InputRequired(_("Needed"))]
    label = operation.labels.get(parameter.name) or labels.gettext(labels.words(parameter.name))
    common: dict[str, Any] = {"label": label, "validators": rules}
    if has_default and parameter.default is not None:
        common["default"] = parameter.default
    if parameter.name.endswith("_id"):
        target = registry.entity(parameter.name.removesuffix("_id"))
        from flask import url_for

        return LookupField(
            **common, target=target, session=session, url=url_for("Lookups.rows", slug=target.slug())
        )
    if isinstance(kind, type) and issubclass(kind, Choice):
        return choice_input(common, kind, optional=optional)
    if kind is bool:
        common.pop("validators")
    if parameter.name == "text":
        return TextAreaField(**common)
    return TYPES[kind](**common)


def _bare(annotation: Any) -> tuple[Any, bool]:
    """(type, whether None is allowed) of an annotation."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        inner = [a for a in typing.get_args(annotation) if a is not type(None)]
        return inner[0], True
    return annotation, False


def rows(operation: Operation, session: Any, ids: list[int]) -> list[Any]:
    """The rows with these ids; one that is foreign or unknown makes the whole request a 404."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        raise RuleError(_("Choose at least one row first"))
    if len(wanted) > MOST_ROWS:
        raise RuleError(_("At most %(n)s rows at a time", n=MOST_ROWS))
    entity = operation.entity
    found = {row.id: row for row in session.scalars(select(entity).where(entity.id.in_(wanted))).unique()}
    if len(found) != len(wanted):
        raise OutOfScope
    return [found[one] for one in wanted]


def run(
    operation: Operation, session: Any, ids: list[int], principal: Principal, arguments: dict[str, Any]
) -> list[tuple[Any, bool, Any]]:
    """Run on each row in a savepoint of its own; (row, ok, sentence) for each. Commits nothing."""
    found = rows(operation, session, ids)
    if operation.house:
        with unscoped(operation.house, user_id=principal.user_id) as house:
            return _run_each(
                operation,
                house,
                [house.get_one(operation.entity, row.id) for row in found],
                principal,
                arguments,
            )
    return _run_each(operation, session, found, principal, arguments)


def _run_each(
    operation: Operation, session: Any, found: list[Any], principal: Principal, arguments: dict[str, Any]
) -> list[Any]:
    given = {"business_on": clock.business_date(session), "user_id": principal.user_id}
    takes = inspect.signature(operation.function).parameters
    extra = {name: value for name, value in given.items() if name in takes}
    outcome = []
    for row in found:
        name = str(row)
        try:
            with session.begin_nested():
                said = operation.function(session, row, **arguments, **extra)
            outcome.append((name, True, said or ""))
        except RuleError as error:
            outcome.append((name, False, str(error)))
    return outcome
