"""What part of a year lies between two dates, as an exact fraction."""

from __future__ import annotations

from calendar import isleap, monthrange
from datetime import date
from enum import StrEnum
from fractions import Fraction

_FULL_MONTH = 30
_YEAR_360 = 360
_YEAR = 365
_LEAP_YEAR = 366


class DayCount(StrEnum):
    """How days become parts of a year; the value is what a product stores."""

    THIRTY_360 = "30/360"
    ACT_365 = "act/365"
    ACT_360 = "act/360"
    ACT_ACT = "act/act"


def year_fraction(start: date, end: date, day_count: DayCount, due_day: int | None = None) -> Fraction:
    """The part of a year from `start` to `end`, exact.

    due_day matters to 30/360 only: see `days_30`. Adjoining periods add up to the whole.

    >>> year_fraction(date(2025, 1, 31), date(2025, 2, 28), DayCount.THIRTY_360, due_day=31)
    Fraction(1, 12)
    >>> year_fraction(date(2023, 12, 12), date(2024, 1, 12), DayCount.ACT_ACT)
    Fraction(1889, 22265)

    Raises ValueError if `end` is before `start`.
    """
    if end < start:
        raise ValueError(f"A period cannot end on {end}, before its start on {start}.")
    match day_count:
        case DayCount.THIRTY_360:
            return Fraction(days_30(start, end, due_day), _YEAR_360)
        case DayCount.ACT_365:
            return Fraction((end - start).days, _YEAR)
        case DayCount.ACT_360:
            return Fraction((end - start).days, _YEAR_360)
        case DayCount.ACT_ACT:
            common, leap = actual_days(start, end)
            return Fraction(common, _YEAR) + Fraction(leap, _LEAP_YEAR)


def days_30(start: date, end: date, due_day: int | None = None) -> int:
    """Days between two dates where every month has 30 (30E/360).

    A date on which instalments of the given due day fall counts as that day even if the month is too short
    for it, so that the period from one due date to the next is a full month whatever its length.

    >>> start, end = date(2025, 1, 30), date(2025, 2, 28)
    >>> days_30(start, end), days_30(start, end, due_day=30)
    (28, 30)
    """
    months = (end.year - start.year) * 12 + end.month - start.month
    return months * _FULL_MONTH + _nominal_day(end, due_day) - _nominal_day(start, due_day)


def actual_days(start: date, end: date) -> tuple[int, int]:
    """Days that fall into common years and into leap years.

    Interest is for the days after `start` up to and including `end`, so 31 December belongs to the old year.

    >>> actual_days(date(2023, 12, 12), date(2024, 1, 12))
    (19, 12)
    """
    common = leap = 0
    for year in range(start.year, end.year + 1):
        first, last = max(start, date(year - 1, 12, 31)), min(end, date(year, 12, 31))
        if isleap(year):
            leap += (last - first).days
        else:
            common += (last - first).days
    return common, leap


def _nominal_day(day: date, due_day: int | None) -> int:
    is_short_month_due_date = due_day is not None and due_day > day.day == monthrange(day.year, day.month)[1]
    return min(due_day if is_short_month_due_date and due_day else day.day, _FULL_MONTH)
