"""When instalments fall due: by the month, the quarter, the week or every so many days."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import count as count_from, islice, takewhile

from flask_babel import lazy_gettext as _

_DAYS_PER_WEEK = 7
_MONTHS_PER_QUARTER = 3
LONGEST_MONTH = 31


class Frequency(StrEnum):
    """How often instalments fall due; the value is what a product stores."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    WEEKLY = "weekly"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class DueRule:
    """The rule that says on which days instalments fall due.

    frequency and every: every so many months, quarters, weeks or days.
    due_day: the day of the month (1 to 31) on which instalments fall due whatever the day of disbursement;
        None means the day of disbursement itself. With QUARTERLY a due_day means that day of the last month
        of the calendar quarter. A day the month lacks becomes its last day; the next month is not affected.
    first_due_on: the first due date, where the agreement names one.
    min_first_days: a first due date nearer to the disbursement than this is skipped.
    """

    frequency: Frequency = Frequency.MONTHLY
    every: int = 1
    due_day: int | None = None
    first_due_on: date | None = None
    min_first_days: int = 1

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(_("Instalments cannot fall due every %(n)s periods.", n=self.every))
        if self.due_day is not None and not 1 <= self.due_day <= LONGEST_MONTH:
            raise ValueError(_("The due day must be 1 to 31, not %(day)s.", day=self.due_day))
        if self.due_day is not None and not self.months:
            raise ValueError(_("A due day of the month means nothing where periods are counted in days."))
        if self.min_first_days < 1:
            raise ValueError(_("The first period lasts at least one day."))

    @property
    def months(self) -> int:
        """Months in a whole period; 0 where a period is counted in days."""
        return {
            Frequency.MONTHLY: self.every,
            Frequency.QUARTERLY: self.every * _MONTHS_PER_QUARTER,
        }.get(self.frequency, 0)

    @property
    def days(self) -> int:
        """Days in a whole period; 0 where a period is counted in months."""
        return {
            Frequency.WEEKLY: self.every * _DAYS_PER_WEEK,
            Frequency.DAYS: self.every,
        }.get(self.frequency, 0)

    def anchor(self, disbursed_on: date) -> int | None:
        """The day of the month on which instalments fall due; None where periods are counted in days."""
        return (self.due_day or (self.first_due_on or disbursed_on).day) if self.months else None


def clamped(year: int, month: int, day: int) -> date:
    """The day of the month, or the month's last day where the month is shorter.

    >>> clamped(2025, 2, 31)
    datetime.date(2025, 2, 28)
    """
    return date(year, month, min(day, monthrange(year, month)[1]))


def months_later(start: date, months: int, day: int | None = None) -> date:
    """The same day, or the given one, so many months after the month of `start`.

    >>> months_later(date(2025, 1, 31), 1), months_later(date(2025, 1, 31), 2)
    (datetime.date(2025, 2, 28), datetime.date(2025, 3, 31))
    """
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return clamped(year, month + 1, day or start.day)


def due_dates(
    rule: DueRule, disbursed_on: date, count: int | None = None, matures_on: date | None = None
) -> list[date]:
    """The due dates of a loan, strictly increasing, all after the disbursement.

    Give the number of instalments, or the maturity, or both. The maturity is always the last due date, even
    where the rule would name another day: the last period is then shorter or longer than the others.

    >>> due_dates(DueRule(due_day=31), date(2025, 1, 10), count=3)
    [datetime.date(2025, 1, 31), datetime.date(2025, 2, 28), datetime.date(2025, 3, 31)]

    Raises ValueError if neither is given or the two cannot both hold.
    """
    if matures_on is None:
        if count is None or count < 1:
            raise ValueError(_("A schedule needs at least one instalment or a maturity date."))
        return list(islice(_rule_dates(rule, disbursed_on), count))
    if matures_on <= disbursed_on:
        raise ValueError(
            _("The loan matures on %(end)s, not after its disbursement on %(start)s.", end=matures_on, start=disbursed_on)
        )  # fmt: skip
    if count is None:
        return [*takewhile(lambda day: day < matures_on, _rule_dates(rule, disbursed_on)), matures_on]
    dates = [*islice(_rule_dates(rule, disbursed_on), count - 1), matures_on]
    if count > 1 and dates[-2] >= matures_on:
        raise ValueError(
            _("%(n)s instalments do not fit before the maturity on %(end)s.", n=count, end=matures_on)
        )
    return dates


def _rule_dates(rule: DueRule, disbursed_on: date) -> Iterator[date]:
    """Every date the rule names, without end, from the first that is far enough from the disbursement."""
    first = rule.first_due_on or _first_date(rule, disbursed_on)
    if first <= disbursed_on:
        raise ValueError(
            _("The first due date %(day)s is not after the disbursement on %(start)s.", day=first, start=disbursed_on)
        )  # fmt: skip
    anchor = rule.anchor(disbursed_on)
    for step in count_from():
        if step == 0:
            yield first
        elif rule.months:
            yield months_later(first, step * rule.months, anchor)
        else:
            yield first + timedelta(days=step * rule.days)


def _first_date(rule: DueRule, disbursed_on: date) -> date:
    earliest = disbursed_on + timedelta(days=rule.min_first_days)
    if rule.due_day is None:
        step = 1
        while (day := _whole_periods_later(rule, disbursed_on, step)) < earliest:
            step += 1
        return day
    return _fixed_day_from(rule, earliest)


def _whole_periods_later(rule: DueRule, start: date, periods: int) -> date:
    if rule.months:
        return months_later(start, periods * rule.months)
    return start + timedelta(days=periods * rule.days)


def _fixed_day_from(rule: DueRule, earliest: date) -> date:
    """The first due day of a month, or of a quarter's last month, on or after the given date."""
    to_month = -earliest.month % _MONTHS_PER_QUARTER if rule.frequency is Frequency.QUARTERLY else 0
    stride = _MONTHS_PER_QUARTER if rule.frequency is Frequency.QUARTERLY else 1
    day = months_later(earliest, to_month, rule.due_day)
    return day if day >= earliest else months_later(earliest, to_month + stride, rule.due_day)
