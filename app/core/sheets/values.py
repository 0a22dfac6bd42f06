"""From what stands in a cell to a value of a type, or a Fault that says why not. One function a type."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.sheets.errors import SheetError
from app.core.sheets.numbers import AmbiguousNumberError, parse_decimal

CENT = Decimal("0.01")
HUNDRED = Decimal(100)
TOO_LARGE = Decimal(10) ** 18
"""No number of ours reaches it; larger ones would cost more than they are worth."""
PHONE_LENGTHS = range(5, 19)
NOT_PHONE = re.compile(r"[^0-9+]+")
PHONE_FILLERS = re.compile(r"[\s()./·-]+")
YES = frozenset({"1", "yes", "y", "true", "+", "是", "有", "да", "так"})
NO = frozenset({"0", "no", "n", "false", "-", "否", "无", "無", "нет", "ні"})


@dataclass(frozen=True)
class Fault:
    """Why a cell gives no value; a lazily translated sentence."""

    reason: Any


@dataclass(frozen=True)
class Manner:
    """How a field's cells are written: the decimal mark ("" = told by the text) and the forms of dates."""

    decimal_mark: str = ""
    date_formats: tuple[str, ...] = ()


def as_text(value: Any) -> str:
    """The text of any cell, as a person would type it.

    >>> as_text(13800138000), as_text(Decimal("12.50")), as_text(date(2018, 3, 2)), as_text(True)
    ('13800138000', '12.50', '2018-03-02', 'TRUE')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, SheetError):
        return value.detail
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def text(value: Any, _manner: Manner) -> Any:
    """Any cell as text."""
    return as_text(value)


def code(value: Any, _manner: Manner) -> Any:
    """A number of a contract, a card, an ID: in plain characters, without spaces at its ends."""
    return unicodedata.normalize("NFKC", as_text(value)).strip()


def decimal(value: Any, manner: Manner) -> Any:
    """A number, however it is written."""
    if isinstance(value, bool | date):
        return Fault(_("is not a number"))
    try:
        number = parse_decimal(value, manner.decimal_mark) if isinstance(value, str) else Decimal(value)
        return number if -TOO_LARGE < number < TOO_LARGE else Fault(_("is too large"))
    except AmbiguousNumberError:
        return Fault(
            _("can be read as thousands or as decimals; say in the layout which mark is the decimal one")
        )
    except ValueError:
        return Fault(_("is not a number"))


def integer(value: Any, manner: Manner) -> Any:
    """A whole number."""
    number = decimal(value, manner)
    if isinstance(number, Fault):
        return number
    return int(number) if number == number.to_integral_value() else Fault(_("is not a whole number"))


def money(value: Any, manner: Manner) -> Any:
    """An amount to the cent; more decimals are a fault, for rounding them silently would change the sum."""
    number = decimal(value, manner)
    if isinstance(number, Fault):
        return number
    cents = number.quantize(CENT)
    return cents if cents == number else Fault(_("has more than two decimals"))


def rate(value: Any, manner: Manner) -> Any:
    """Percent: 14.07 and `14.07%` are the same."""
    if isinstance(value, str):
        value = unicodedata.normalize("NFKC", value).strip().removesuffix("%")
    return decimal(value, manner)


def day(value: Any, manner: Manner) -> Any:
    """A date; of a date with time, its day."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, bool | Decimal):
        return Fault(_("is not a date"))
    written = unicodedata.normalize("NFKC", str(value)).strip()
    for form in manner.date_formats:
        try:
            return datetime.strptime(written, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return Fault(_("is not a date"))


def truth(value: Any, _manner: Manner) -> Any:
    """Yes or no, in five languages."""
    if isinstance(value, bool):
        return value
    word = unicodedata.normalize("NFKC", as_text(value)).strip().casefold()
    if word in YES or word in NO:
        return word in YES
    return Fault(_("is neither yes nor no"))


def phone(value: Any, _manner: Manner) -> Any:
    """Digits, with a plus before them if there was one. What network it belongs to is asked later."""
    digits = PHONE_FILLERS.sub("", unicodedata.normalize("NFKC", as_text(value)))
    if NOT_PHONE.search(digits) or len(digits.lstrip("+")) not in PHONE_LENGTHS or "+" in digits[1:]:
        return Fault(_("is not a telephone number"))
    return digits


TYPES: dict[str, Callable[[Any, Manner], Any]] = {
    "text": text, "code": code, "integer": integer, "decimal": decimal, "money": money, "rate": rate,
    "date": day, "bool": truth, "phone": phone,
}  # fmt: skip

BEFORE: dict[str, Callable[[str], str]] = {
    "nfkc": lambda v: unicodedata.normalize("NFKC", v),
    "upper": str.upper,
    "lower": str.lower,
    "squeeze": lambda v: " ".join(v.split()),
    "remove_spaces": lambda v: "".join(v.split()),
    "digits": lambda v: "".join(char for char in v if char.isdecimal()),
}
"""Transforms of the text in a cell, before it is read as a value."""

AFTER: dict[str, Callable[[Any], Any]] = {
    "fraction_to_percent": lambda v: v * HUNDRED,
    "negate": lambda v: -v,
    "absolute": abs,
    "zero_is_empty": lambda v: v or None,
}
"""Transforms of the number read."""
