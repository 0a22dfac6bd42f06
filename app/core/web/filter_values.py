"""What people type into filters as values of columns. Every refusal names what was typed."""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import get_locale, gettext

from app.core import clock, registry
from app.core.errors import RuleError
from app.core.history_triggers import history_columns
from app.core.labels import column_label
from app.core.periods import Span, period
from app.core.web.cells import zone
from app.core.web.fields import FieldInfo, as_id

MOST_DIGITS = 16
SHOWN = 40
"""Letters of a number that is too long which its refusal repeats."""
_YES, _NO = ("1", "yes", "true"), ("0", "no", "false")


def number(raw: str) -> Decimal:
    """A number as people of any of our languages type it: 1 234,56 or 1,234.56.

    A lone comma before three digits is what it is in the reader's language: 1,500 is 1500 in English and
    Chinese, where a form shows it so, and 1.5 in Ukrainian and Russian. A lone point is always decimal.

    >>> number("1 234,56"), number("1,234.56"), number("-7"), number("1,500"), number("1,5")
    (Decimal('1234.56'), Decimal('1234.56'), Decimal('-7'), Decimal('1500'), Decimal('1.5'))
    """
    plain = re.sub(r"[\s\u00a0\u202f']", "", raw)
    if "," in plain and "." in plain:
        thousands = "," if plain.rfind(".") > plain.rfind(",") else "."
        plain = plain.replace(thousands, "")
    elif plain.count(",") > 1 or (_GROUPED.fullmatch(plain) and _groups_by_comma()):
        plain = plain.replace(",", "")
    try:
        value = Decimal(plain.replace(",", "."))
    except InvalidOperation as error:
        raise RuleError(gettext("%(value)s is not a number", value=raw)) from error
    if not value.is_finite():
        raise RuleError(gettext("%(value)s is not a number", value=raw))
    if abs(value) >= Decimal(10) ** MOST_DIGITS:
        said = raw if len(raw) <= SHOWN else f"{raw[:SHOWN]}…"
        raise RuleError(gettext("%(value)s is too long: at most %(n)s digits before the decimal point", value=said, n=MOST_DIGITS))  # fmt: skip
    return value


_GROUPED = re.compile(r"-?[1-9]\d{0,2},\d{3}")


def _groups_by_comma() -> bool:
    """Whether the reader's language separates thousands by a comma."""
    locale = get_locale()
    return locale is None or locale.number_symbols["latn"]["group"] == ","


def days(field: FieldInfo, raw: str, on: date) -> Span:
    """The first and the last day that a filter is about: one day, or a period that moves with it.

    Days count from the business date; instants are the computer's, so theirs count from its day.
    """
    here = clock.now().astimezone(ZoneInfo(zone())).date() if field.kind == "datetime" else on
    found = period(raw.strip().lower(), here)
    if found is not None:
        return found
    try:
        day = date.fromisoformat(raw)
    except ValueError as error:
        sentence = gettext(
            "%(value)s is neither a date (year-month-day) nor a period such as last-30-days", value=raw
        )
        raise RuleError(sentence) from error
    return day, day


def midnight(field: FieldInfo, day: date) -> datetime:
    """The instant at which a day begins in the installation's zone, in which the lists show instants."""
    begins = datetime.combine(max(day, _FIRST), time.min, ZoneInfo(zone()))
    return begins if field.column.type.timezone else begins.astimezone(UTC).replace(tzinfo=None)


def after(field: FieldInfo, day: date) -> datetime:
    """The instant at which a day has ended."""
    return midnight(field, min(day, _LAST) + timedelta(days=1))


_FIRST, _LAST = date.min + timedelta(days=1), date.max - timedelta(days=1)
"""Days whose midnight is in the calendar in every zone."""


def is_yes(raw: str) -> bool:
    """What a filter of yes or no asks for."""
    if raw.lower() not in (*_YES, *_NO):
        raise RuleError(gettext("%(value)s is neither yes nor no", value=raw))
    return raw.lower() in _YES


def field_names(raw: str) -> list[str]:
    """The columns that a person or program means who names a field: by its name, by what any screen calls it, or by a part of that."""
    wanted, found, near = raw.strip().lower(), set(), set()
    for entity in registry.entities():
        for name in history_columns(entity) if entity.__history__ else ():
            short = name.removesuffix("_id")
            label = column_label(entity, short).lower()
            if wanted in (name, short, label):
                found.add(name)
            elif wanted in label:
                near.add(name)
    if not found | near:
        raise RuleError(gettext("There is no field %(name)s", name=raw))
    return sorted(found or near)


def typed(field: FieldInfo, raw: str) -> Any:
    """The value of a filter in the column's type."""
    kind = field.kind
    if kind in ("money", "rate"):
        return number(raw)
    if kind in ("link", "links"):
        return _link(field, raw)
    if kind in ("number", "days", "id"):
        return _within(field, number(raw))
    if kind == "bool":
        return is_yes(raw)
    return _choice(field, raw) if kind == "choice" else raw


def _link(field: FieldInfo, raw: str) -> int:
    found = as_id(field.target, raw)
    if found is None:
        raise RuleError(gettext("%(value)s is not a number", value=raw))
    return found


def _within(field: FieldInfo, value: Decimal) -> Decimal | int:
    """A number that the column's type can be compared with; days are whole."""
    if value == value.to_integral_value():
        return min(max(int(value), -(2**31) + 1), 2**31 - 1)
    if field.kind == "days":
        raise RuleError(gettext("%(value)s is not a whole number", value=value))
    return value


def _choice(field: FieldInfo, raw: str) -> Any:
    try:
        return field.choices(raw)
    except ValueError as error:
        raise RuleError(gettext("There is no %(value)s to choose", value=raw)) from error
