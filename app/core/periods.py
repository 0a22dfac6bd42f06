"""Periods that move with the day, as a filter names them: `last-30-days`, `this-month`.

A filter keeps the name and not its days, so that what is kept today means the same next month.
"""

import re
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _, ngettext

Span = tuple[date, date]
PRESETS = (
    "today", "yesterday", "last-7-days", "last-30-days", "next-7-days", "older-than-30-days", "this-week", "last-week", "this-month",
    "last-month", "next-month", "this-quarter", "last-quarter", "this-year", "last-year",
)  # fmt: skip
"""What a menu offers at one click, in its order."""
_SAID: dict[str, Any] = {
    "today": _("today"), "yesterday": _("yesterday"), "tomorrow": _("tomorrow"),
    "last-week": _("last week"), "this-week": _("this week"), "next-week": _("next week"),
    "last-month": _("last month"), "this-month": _("this month"), "next-month": _("next month"),
    "last-quarter": _("last quarter"), "this-quarter": _("this quarter"), "next-quarter": _("next quarter"),
    "last-year": _("last year"), "this-year": _("this year"), "next-year": _("next year"),
}  # fmt: skip
_NEAR = {"yesterday": -1, "today": 0, "tomorrow": 1}
_STEPS = {"last": -1, "this": 0, "next": 1}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAYS = re.compile(r"(last|next|older-than)-([1-9][0-9]{0,3})-days?")


def period(text: str, day: date) -> Span | None:
    """The first and the last day of a period as it is seen from a day; None for a text that names no period.

    Weeks begin on Monday whatever the reader's language: a list shared by two people has the same rows for both.
    The last and the next 30 days are 30 days, the day itself among them; older than 30 days is what lies more
    than 30 days back. The calendar ends what leads out of it.

    >>> monday = date(2018, 6, 25)
    >>> for name in ("yesterday", "last-30-days", "next-7-days", "this-week", "next-month", "last-quarter", "this-year"):
    ...     print(name, *(each.isoformat() for each in period(name, monday)))
    yesterday 2018-06-24 2018-06-24
    last-30-days 2018-05-27 2018-06-25
    next-7-days 2018-06-25 2018-07-01
    this-week 2018-06-25 2018-07-01
    next-month 2018-07-01 2018-07-31
    last-quarter 2018-01-01 2018-03-31
    this-year 2018-01-01 2018-12-31
    >>> period("older-than-30-days", monday)[1], period("last-0-days", monday)
    (datetime.date(2018, 5, 25), None)
    """
    if text in _NEAR:
        return (near := _moved(day, _NEAR[text])), near
    if found := _DAYS.fullmatch(text):
        return _days(found[1], int(found[2]), day)
    if text not in _SAID:
        return None
    step, _dash, unit = text.partition("-")
    if unit == "week":
        first = _moved(day, 7 * _STEPS[step] - day.weekday())
        return first, _moved(day, 7 * _STEPS[step] - day.weekday() + 6)
    return _in_months(_MONTHS[unit], _STEPS[step], day)


def said(text: str) -> str | None:
    """A period in the reader's words; None for a text that names none.

    >>> said("last-30-days"), said("older-than-1-days"), said("2018-06-25")
    ('last 30 days', 'older than 1 day', None)
    """
    found = _DAYS.fullmatch(text)
    if found is None:
        return str(_SAID[text]) if text in _SAID else None
    number = int(found[2])
    if found[1] == "last":
        return ngettext("last %(num)s day", "last %(num)s days", number)
    if found[1] == "next":
        return ngettext("next %(num)s day", "next %(num)s days", number)
    return ngettext("older than %(num)s day", "older than %(num)s days", number)


def _days(which: str, number: int, day: date) -> Span:
    if which == "last":
        return _moved(day, 1 - number), day
    return (day, _moved(day, number - 1)) if which == "next" else (date.min, _moved(day, -number - 1))


def _moved(day: date, days: int) -> date:
    """A day so many days later, as far as the calendar goes."""
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))


def _in_months(size: int, step: int, day: date) -> Span:
    """The stretch of so many months the day lies in, or one before or after it."""
    months = day.year * 12 + day.month - 1
    first = months - months % size + step * size
    return _first_of(first), date.max if first + size > _LAST else _moved(_first_of(first + size), -1)


_LAST = date.max.year * 12 + 11


def _first_of(months: int) -> date:
    """The first day of a month that is counted from the year 0."""
    year, month = divmod(min(max(months, 12), _LAST), 12)
    return date(year, month + 1, 1)
