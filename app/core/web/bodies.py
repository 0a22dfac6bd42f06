"""What a program says in JSON, as a form would send it: the same fields then check both."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from app.core.db import web_session
from app.core.errors import RuleError
from app.core.web import forms
from app.core.web.cells import zone
from app.core.web.fields import FieldInfo, typed_fields
from app.core.web.file_input import REMOVED
from app.core.web.principal import current

LONGEST_INT = 1000
"""Digits of whole numbers that are read as such; Python refuses those of more than 4300."""


class Unreadable(RuleError):
    """A request that is not written as requests are, whatever it asks for; answered with 400."""


class Wrong(RuleError):
    """What was said cannot be stored; `errors` holds the reasons by column."""

    def __init__(self, message: Any, errors: Mapping[str, Sequence[Any]]) -> None:
        super().__init__(message)
        self.errors = errors


def body() -> dict[str, Any]:
    """The object that was sent, or the parts of a form with a file. Raises Unreadable for anything else."""
    if request.mimetype == "multipart/form-data":
        return {**request.form, **request.files}
    try:
        # a number keeps every digit that was written: a float would round long amounts
        said = request.get_data() if request.is_json else b"null"
        found = json.loads(said, parse_float=Decimal, parse_int=_whole, parse_constant=_no_number)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unreadable(gettext("The body must be a JSON object"))
    return found


def _no_number(word: str) -> Any:
    """NaN and Infinity are no JSON, though Python reads them. Raises ValueError."""
    raise ValueError(word)


def _whole(digits: str) -> int | Decimal:
    """A whole number; one that Python would not read as such stays what it is, for its field to say how long it may be."""
    return int(digits) if len(digits) < LONGEST_INT else Decimal(digits)


def values(
    entity: Any,
    stored: Any,
    said: dict[str, Any],
    made: forms.Made | None = None,
    open_fields: Sequence[FieldInfo] | None = None,
) -> dict[str, Any]:
    """What is said of a row by column, checked as the form would: of all fields for a new one, else of those said.

    A role that sees a value masked cannot write over it: who says many rows asks for the `open_fields` once.
    Raises RuleError naming what is wrong.
    """
    fields = list(open_to_reader(entity) if open_fields is None else open_fields)
    unknown = sorted(set(said) - {f.name for f in fields} - {f.column.key for f in fields})
    if unknown:
        raise RuleError(gettext("Unknown fields: %(names)s", names=", ".join(unknown)))
    if stored is not None:
        fields = [field for field in fields if field.name in said or field.column.key in said]
        fields = _without_fixed(fields, stored, said)
        _refuse_emptied(fields, said)
    form = forms.entity_form(fields, web_session(), stored, posted=row(fields, said), made=made)
    found = forms.values(checked(form), fields)
    if stored is None:
        found |= {f.column.key: f.custom.default for f in fields if f.custom and _is_left_out(f, said)}
    return found


def open_to_reader(entity: Any) -> list[FieldInfo]:
    """The fields that the reader may write."""
    return [field for field in typed_fields(entity) if field.is_open_to(current())]


def _is_left_out(field: FieldInfo, said: dict[str, Any]) -> bool:
    """Whether nothing is said of a field that has a default."""
    return field.column.default is not None and field.name not in said


def _without_fixed(fields: list[FieldInfo], stored: Any, said: dict[str, Any]) -> list[FieldInfo]:
    """The fields that can be changed. Raises RuleError for another value of one that cannot."""
    values_said = {
        field: said.get(field.name, said.get(field.column.key)) for field in fields if field.is_fixed
    }
    other = [field.name for field, value in values_said.items() if str(value) != str(field.value(stored))]
    if other:
        names = ", ".join(other)
        raise RuleError(gettext("Said when a record is added and never changed: %(names)s", names=names))
    return [field for field in fields if not field.is_fixed]


def _refuse_emptied(fields: list[FieldInfo], said: dict[str, Any]) -> None:
    """A form leaves what is emptied to its default; a program that says null of a stored value means no value."""
    wrong = {
        field.column.key: [gettext("Needed")]
        for field in fields
        if said.get(field.name, said.get(field.column.key)) is None
        and not (field.column.nullable or field.custom or field.kind in ("bool", "file"))
    }
    if wrong:
        raise Wrong(gettext("Some values are not right"), wrong)


def checked(form: Any) -> Any:
    """The form, if what it was filled with may be stored. Raises Wrong."""
    if not form.validate():
        raise Wrong(gettext("Some values are not right"), form.errors)
    return form


def row(fields: list[FieldInfo], said: dict[str, Any]) -> MultiDict[str, Any]:
    """The values of a row; a link may be its id or {"id": …}. Raises RuleError naming the field."""
    found = {}
    for field in fields:
        name = next((one for one in (field.name, field.column.key) if one in said), None)
        if name is not None:
            found[field.column.key] = _emptied(field) if said[name] is None else _typed(field, said[name])
    return MultiDict({key: text for key, text in found.items() if text is not None})


def _emptied(field: FieldInfo) -> str | None:
    """What a form sends of a field that was emptied: a box that is not ticked and no new file are not sent at all."""
    if field.kind == "file" and field.custom:
        return REMOVED
    return None if field.kind in ("bool", "file") else ""


def arguments(said: dict[str, Any]) -> MultiDict[str, str]:
    """The arguments of an operation. Raises RuleError naming the one that is no plain value."""
    found = {name: _text(name, value) for name, value in said.items()}
    return MultiDict({name: text for name, text in found.items() if text is not None})


def _typed(field: FieldInfo, value: Any) -> Any:
    key = field.column.key
    if field.kind == "link" and isinstance(value, dict):
        value = value.get("id")
    if field.kind == "file" and (hasattr(value, "stream") or not field.custom):
        return value
    if field.kind == "codes" and isinstance(value, list):
        return " ".join(_text(key, one) or "" for one in value)
    if value is not None and isinstance(value, bool) != (field.kind == "bool"):
        raise RuleError(gettext("This sort of value does not belong here"), key)
    return _text(key, value)


def _text(key: str, value: Any) -> str | None:
    """A plain value as typed; None for what would be left empty."""
    if value is None or value is False:
        return None
    if not isinstance(value, (str, int, float, Decimal)):
        raise RuleError(gettext("This sort of value does not belong here"), key)
    text = "y" if value is True else str(value)
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise RuleError(gettext("It has characters that cannot be stored"), key)
    return text


def as_said(value: Any) -> Any:
    """A stored value as a program would say it."""
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone())).replace(tzinfo=None).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, (bool, int, list)):
        return value
    return format(value, "f") if isinstance(value, Decimal) else str(value)
