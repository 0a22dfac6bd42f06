"""Cells of an uploaded file as JSON keeps them, with their types: a date stays a date and a number its digits."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.core.sheets.errors import Reason, SheetError
from app.core.sheets.values import as_text


def kept(value: Any) -> Any:
    """A cell as JSON.

    >>> kept(Decimal("12.50")), kept(date(2018, 6, 25)), kept("12"), kept(None)
    ({'n': '12.50'}, {'d': '2018-06-25'}, '12', None)
    """
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, SheetError):
        return {"e": value.reason.value, "detail": value.detail, "original": value.original}
    return {"d" if isinstance(value, date) else "n": as_text(value)}


def read(stored: Any) -> Any:
    """The cell that `kept` kept.

    >>> read({"n": "12.50"}), read({"n": "7"}), read({"d": "2018-06-25 10:00:00"}), read("x")
    (Decimal('12.50'), 7, datetime.datetime(2018, 6, 25, 10, 0), 'x')
    """
    if not isinstance(stored, dict):
        return stored
    if "n" in stored:
        value = Decimal(stored["n"])
        return int(value) if "." not in stored["n"] else value
    if "d" in stored:
        text = stored["d"]
        return datetime.fromisoformat(text) if " " in text else date.fromisoformat(text)
    return SheetError(Reason(stored["e"]), detail=stored["detail"], original=stored["original"])


def shown(stored: Any) -> str:
    """The cell as a person mends it."""
    value = read(stored)
    if isinstance(value, SheetError):
        return value.original or ""
    return "" if value is None else as_text(value)
