"""What part of a year lies between two dates."""

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from app.servicing.daycount import DayCount, actual_days, days_30, year_fraction
from app.servicing.duedates import DueRule, due_dates

DATES = st.dates(date(1990, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    "day_count,expected",
    [
        (DayCount.THIRTY_360, Fraction(30 + 13, 360)),
        (DayCount.ACT_365, Fraction(45, 365)),
        (DayCount.ACT_360, Fraction(45, 360)),
        (DayCount.ACT_ACT, Fraction(14, 365) + Fraction(31, 366)),
    ],
)
def test_each_day_count_has_its_own_year(day_count: DayCount, expected: Fraction) -> None:
    assert year_fraction(date(2023, 12, 17), date(2024, 1, 31), day_count) == expected


@given(DATES, DATES, DATES, st.sampled_from(DayCount), st.none() | st.integers(1, 31))
def test_adjoining_periods_add_up(
    one: date, two: date, three: date, day_count: DayCount, due_day: int | None
) -> None:
    start, middle, end = sorted((one, two, three))
    whole = year_fraction(start, end, day_count, due_day)
    halves = year_fraction(start, middle, day_count, due_day) + year_fraction(middle, end, day_count, due_day)
    assert whole == halves >= 0


@given(DATES, st.integers(1, 31), st.integers(1, 3))
def test_from_due_date_to_due_date_is_whole_months_under_30_360(
    start: date, due_day: int, every: int
) -> None:
    dates = due_dates(DueRule(every=every, due_day=due_day), start, 14)
    assert {days_30(earlier, later, due_day) for earlier, later in pairwise(dates)} == {30 * every}


@given(DATES, st.integers(0, 3000))
def test_actual_days_count_every_day_once(start: date, days: int) -> None:
    assert sum(actual_days(start, start + timedelta(days=days))) == days


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot end on 2024-01-01, before its start on 2024-01-02"):
        year_fraction(date(2024, 1, 2), date(2024, 1, 1), DayCount.ACT_365)
