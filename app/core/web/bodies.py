"""What a program says in JSON, as a form would send it: the same fields then check both."""

from typing import Any

from flask import request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from app.core.errors import RuleError
from app.core.web.fields import FieldInfo


def body() -> dict[str, Any]:
    """The object that was sent. Raises RuleError for anything else."""
    try:
        found = request.get_json(silent=True)
    except RecursionError:
        found = None
    if not isinstance(found, dict):
        raise RuleError(gettext("The body must be a JSON object"))
    return found


def row(fields: list[FieldInfo], said: dict[str, Any]) -> MultiDict[str, str]:
    """The values of a row; a link may be its id or {"id": …}. Raises RuleError naming the field."""
    found = {
        field.column.key: _typed(field, said.get(field.name, said.get(field.column.key))) for field in fields
    }
    return MultiDict({key: text for key, text in found.items() if text is not None})


def arguments(said: dict[str, Any]) -> MultiDict[str, str]:
    """The arguments of an operation. Raises RuleError naming the one that is no plain value."""
    found = {name: _text(name, value) for name, value in said.items()}
    return MultiDict({name: text for name, text in found.items() if text is not None})


def _typed(field: FieldInfo, value: Any) -> str | None:
    key = field.column.key
    if field.kind == "link" and isinstance(value, dict):
        value = value.get("id")
    if field.kind == "codes" and isinstance(value, list):
        return " ".join(_text(key, one) or "" for one in value)
    if value is not None and isinstance(value, bool) != (field.kind == "bool"):
        raise RuleError(gettext("This sort of value does not belong here"), key)
    return _text(key, value)


def _text(key: str, value: Any) -> str | None:
    """A plain value as typed; None for what would be left empty."""
    if value is None or value is False:
        return None
    if not isinstance(value, (str, int, float)):
        raise RuleError(gettext("This sort of value does not belong here"), key)
    text = "y" if value is True else str(value)
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise RuleError(gettext("It has characters that cannot be stored"), key)
    return text
