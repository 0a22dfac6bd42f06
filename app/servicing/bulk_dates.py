"""Due dates and day counts of many loans at once: `duedates` and `daycount` on arrays, one row a period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flask_babel import lazy_gettext as _

from app.servicing.bulk_loans import Dates, Loans, Whole, refuse
from app.servicing.daycount import DayCount
from app.servicing.duedates import LONGEST_MONTH, DueRule, Frequency

YEAR_PARTS = {
    DayCount.THIRTY_360: 360,
    DayCount.ACT_360: 360,
    DayCount.ACT_365: 365,
    DayCount.ACT_ACT: 365 * 366,
}
"""Into how many parts a day count cuts the year; fractions of a year are whole numbers of these."""

_DAY = np.timedelta64(1, "D")
_IN_ANY_MONTH = 28  # days that no month lacks


@dataclass(frozen=True, slots=True)
class Calendar:
    """When instalments fall due, a column a loan.

    due_on has a row a period; a loan's rows from `count` on mean nothing. anchor is the due day of the month.
    """

    start: Dates
    due_on: Dates
    count: Whole
    anchor: Whole | None

    def pick(self, which: Whole) -> Calendar:
        """Some of the loans, in the order asked for."""
        anchor = None if self.anchor is None else self.anchor[which]
        return Calendar(self.start[which], self.due_on[:, which], self.count[which], anchor)

    def last(self) -> Calendar:
        """Only the last due date of every loan."""
        last = self.due_on[self.count - 1, np.arange(len(self.count))]
        return Calendar(self.start, last[None, :], np.ones_like(self.count), self.anchor)


def calendar(rule: DueRule, loans: Loans) -> Calendar:
    """Due dates by the rule, as `duedates.due_dates` gives them for each loan.

    Raises BadLoans for those that have no due date, or more instalments than fit before their maturity.
    """
    start = loans.disbursed_on.astype("datetime64[D]")
    day = _due_days(rule, loans)
    named = _named_first(rule, loans)
    first = np.where(np.isnat(named), _first_dates(rule, start, day), named)
    refuse(first <= start, _("has its first due date before its disbursement"))
    anchor = None
    if rule.months:
        anchor = day if day is not None else np.where(np.isnat(named), _day(start), _day(first))
    matures_on = None if loans.matures_on is None else loans.matures_on.astype("datetime64[D]")
    if loans.count is not None:
        count = loans.count.astype(np.int64)
    elif matures_on is not None:
        count = _dates_before(rule, first, anchor, matures_on) + 1
    else:
        raise ValueError(_("A schedule needs at least one instalment or a maturity date."))
    refuse(count < 1, _("needs at least one instalment"))
    due_on = _rule_dates(rule, first, anchor, int(count.max(initial=1)))
    if matures_on is not None:
        _set_last(due_on, start, count, matures_on)
    return Calendar(start, due_on, count, anchor)


def year_parts(dates: Calendar, day_count: DayCount) -> Whole:
    """Parts of a year (see YEAR_PARTS) in every period: the shape of `due_on`; beyond `count` meaningless."""
    if day_count is DayCount.THIRTY_360:
        marks = [_days_30(row, dates.anchor) for row in (dates.start, *dates.due_on)]
    elif day_count is DayCount.ACT_ACT:
        marks = [_actual_parts(row) for row in (dates.start, *dates.due_on)]
    else:
        marks = [row.astype(np.int64) for row in (dates.start, *dates.due_on)]
    stacked = np.stack(marks)
    return stacked[1:] - stacked[:-1]


def _due_days(rule: DueRule, loans: Loans) -> Whole | None:
    if loans.due_day is None:
        return None if rule.due_day is None else np.full(len(loans.disbursed_on), rule.due_day, np.int64)
    refuse((loans.due_day < 1) | (loans.due_day > LONGEST_MONTH), _("has a due day that is not 1 to 31"))
    if not rule.months:
        raise ValueError(_("A due day of the month means nothing where periods are counted in days."))
    return loans.due_day.astype(np.int64)


def _named_first(rule: DueRule, loans: Loans) -> Dates:
    if loans.first_due_on is not None:
        return loans.first_due_on.astype("datetime64[D]")
    return np.full(len(loans.disbursed_on), rule.first_due_on, "datetime64[D]")


def _first_dates(rule: DueRule, start: Dates, due_day: Whole | None) -> Dates:
    earliest = start + np.timedelta64(rule.min_first_days, "D")
    if due_day is not None:
        return _fixed_day_from(rule, earliest, due_day)
    step = 1
    first = _periods_later(rule, start, step)
    while (is_early := first < earliest).any():
        step += 1
        first[is_early] = _periods_later(rule, start, step)[is_early]
    return first


def _periods_later(rule: DueRule, start: Dates, periods: int) -> Dates:
    if rule.months:
        return _in_month(_month(start) + periods * rule.months, _day(start))
    return start + periods * rule.days * _DAY


def _fixed_day_from(rule: DueRule, earliest: Dates, due_day: Whole) -> Dates:
    month = _month(earliest)
    stride = 1
    if rule.frequency is Frequency.QUARTERLY:
        stride = 3
        month = month + (2 - month.astype(np.int64) % 3)  # months since January 1970: 2 ends a quarter
    first = _in_month(month, due_day)
    return np.where(first >= earliest, first, _in_month(month + stride, due_day))


def _dates_before(rule: DueRule, first: Dates, anchor: Whole | None, end: Dates) -> Whole:
    """How many dates of the rule lie before the given date."""
    if anchor is None:
        days: Whole = (end - first).astype(np.int64)
        return np.maximum(-(-days // rule.days), 0)
    whole: Whole = (_month(end) - _month(first)).astype(np.int64) // rule.months
    nearest = np.where(whole > 0, _in_month(_month(first) + whole * rule.months, anchor), first)
    return np.maximum(whole + (nearest < end), 0)


def _set_last(due_on: Dates, start: Dates, count: Whole, matures_on: Dates) -> None:
    last, loan = count - 1, np.arange(len(start))
    before = np.where(last > 0, due_on[np.maximum(last - 1, 0), loan], start)
    refuse(before >= matures_on, _("matures before its last instalment but one"))
    due_on[last, loan] = matures_on


def _rule_dates(rule: DueRule, first: Dates, anchor: Whole | None, periods: int) -> Dates:
    dates = np.empty((periods, len(first)), "datetime64[D]")
    dates[0] = first
    month = _month(first)
    for period in range(1, periods):
        if anchor is None:
            dates[period] = first + period * rule.days * _DAY
        else:
            dates[period] = _in_month(month + period * rule.months, anchor)
    return dates


def _month(days: Dates) -> Dates:
    return days.astype("datetime64[M]")


def _day(days: Dates) -> Whole:
    return (days - _month(days)).astype(np.int64) + 1


def _in_month(month: Dates, day: Whole) -> Dates:
    """The day of the month, or the month's last day where the month is shorter."""
    days: Dates = np.add(month.astype("datetime64[D]"), (day - 1) * _DAY)
    if day.max(initial=0) <= _IN_ANY_MONTH:
        return days
    return np.minimum(days, (month + 1).astype("datetime64[D]") - _DAY)


def _days_30(days: Dates, anchor: Whole | None) -> Whole:
    """Days since January 1970 where every month has 30, a clamped due date counting as the due day."""
    month = _month(days)
    day: Whole = (days - month).astype(np.int64) + 1
    if anchor is not None and anchor.max(initial=0) > _IN_ANY_MONTH:
        is_last = (month + 1).astype("datetime64[D]") - _DAY == days
        day = np.where(is_last & (anchor > day), anchor, day)
    return month.astype(np.int64) * 30 + np.minimum(day, 30)


def _actual_parts(days: Dates) -> Whole:
    """Parts of 1/(365 x 366) year since 1970, where each day weighs as its own year says."""
    year = days.astype("datetime64[Y]")
    began = year.astype("datetime64[D]")
    length = ((year + 1).astype("datetime64[D]") - began).astype(np.int64)
    elapsed = (days - began).astype(np.int64) + 1
    weight = np.where(length == 366, 365, 366)
    parts: Whole = year.astype(np.int64) * YEAR_PARTS[DayCount.ACT_ACT] + elapsed * weight
    return parts
