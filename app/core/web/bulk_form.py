"""The form of one change to many rows: its inputs are empty at first, and only those that are ticked count."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_wtf import FlaskForm
from sqlalchemy import Index, UniqueConstraint
from wtforms import SelectField, validators as check
from wtforms.fields.choices import SelectChoice

from app.core.tree import Tree
from app.core.web import forms
from app.core.web.fields import FieldInfo, typed_fields
from app.core.web.inputs import Needed
from app.core.web.principal import Principal
from app.core.web.reasons import REASON, reason_input


def fields_of(entity: Any, principal: Principal) -> list[FieldInfo]:
    """What one may give to many rows: the form's fields that are open to him and do not tell the rows apart."""
    told_apart = told_apart_by(entity)
    return [
        field
        for field in typed_fields(entity)
        if field.is_open_to(principal)
        and not field.is_fixed
        and field.kind not in ("password", "file")
        and field.column.name not in told_apart
    ]


def told_apart_by(entity: Any) -> set[str]:
    """Columns that no two rows share, alone or beside a link; and the place in a tree, which an operation moves."""
    table = entity.__table__
    unique = [list(one.columns) for one in table.constraints if isinstance(one, UniqueConstraint)]
    unique += [list(one.columns) for one in table.indexes if isinstance(one, Index) and one.unique]
    found = {c.name for columns in unique for c in columns if len(columns) == 1 or not c.info.get("link")}
    found |= {c.name for c in table.columns if c.unique}
    return found | ({"parent_id"} if issubclass(entity, Tree) else set())


def bulk_form(entity: Any, fields: Sequence[FieldInfo], session: Any) -> Any:
    """A form with an input for each of these fields, and one for the reason where history keeps it."""
    inputs = {field.column.key: empty_input(field, session) for field in fields}
    if entity.__history__:
        inputs[REASON] = reason_input()
    return type("BulkForm", (FlaskForm,), inputs)()


def empty_input(field: FieldInfo, session: Any) -> Any:
    """The input of the form for one row, but empty: a value that nobody chose must not be written."""
    column = field.column
    if field.kind == "link":
        return forms.input_for(field, session)
    is_needed = (
        forms.is_required(column) if field.custom else not column.nullable and "empty" not in column.info
    )
    rules = [Needed()] if is_needed else [check.Optional()]
    common: dict[str, Any] = {
        "label": field.label, "validators": rules, "description": field.hint,
    }  # fmt: skip
    if field.kind == "bool":
        return _yes_or_no(common)
    if field.kind == "choice":
        return forms.choice_input(common, field.choices, optional=True)
    return forms.plain_input(field, common)


def _yes_or_no(common: dict[str, Any]) -> SelectField:
    """A switch that is off could mean no as well as nothing."""
    said = (("", "–"), ("yes", gettext("Yes")), ("no", gettext("No")))
    choices = [SelectChoice(value, text) for value, text in said]
    return SelectField(**common, choices=choices, coerce={"yes": True, "no": False}.get)
