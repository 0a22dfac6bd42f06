"""When instalments fall due."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from app.servicing.duedates import DueRule, Frequency, due_dates, months_later

START = date(2025, 1, 10)


def _dates(rule: DueRule, start: date = START, count: int = 3) -> list[str]:
    return [day.isoformat() for day in due_dates(rule, start, count)]


def test_without_a_due_day_instalments_follow_the_day_of_disbursement() -> None:
    assert _dates(DueRule()) == ["2025-02-10", "2025-03-10", "2025-04-10"]
    assert _dates(DueRule(every=2)) == ["2025-03-10", "2025-05-10", "2025-07-10"]
    assert _dates(DueRule(Frequency.QUARTERLY)) == ["2025-04-10", "2025-07-10", "2025-10-10"]
    assert _dates(DueRule(Frequency.WEEKLY, every=2)) == ["2025-01-24", "2025-02-07", "2025-02-21"]
    assert _dates(DueRule(Frequency.DAYS, every=15)) == ["2025-01-25", "2025-02-09", "2025-02-24"]


def test_a_month_end_comes_back_after_a_short_month() -> None:
    expected = ["2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]
    assert _dates(DueRule(), date(2024, 1, 31), 4) == expected
    assert _dates(DueRule(due_day=31), date(2024, 2, 1), 4) == expected


def test_a_fixed_due_day_makes_the_first_period_broken() -> None:
    assert _dates(DueRule(due_day=20)) == ["2025-01-20", "2025-02-20", "2025-03-20"]
    assert _dates(DueRule(due_day=10)) == ["2025-02-10", "2025-03-10", "2025-04-10"]
    assert _dates(DueRule(due_day=5)) == ["2025-02-05", "2025-03-05", "2025-04-05"]


def test_a_first_period_may_not_be_too_short() -> None:
    assert _dates(DueRule(due_day=20, min_first_days=15))[0] == "2025-02-20"
    assert _dates(DueRule(due_day=20, min_first_days=10))[0] == "2025-01-20"
    assert _dates(DueRule(min_first_days=40))[0] == "2025-03-10"


def test_quarterly_with_a_due_day_falls_into_the_last_month_of_the_quarter() -> None:
    rule = DueRule(Frequency.QUARTERLY, due_day=20)
    assert _dates(rule) == ["2025-03-20", "2025-06-20", "2025-09-20"]
    assert _dates(rule, date(2025, 3, 20), 2) == ["2025-06-20", "2025-09-20"]
    assert _dates(rule, date(2025, 11, 30), 2) == ["2025-12-20", "2026-03-20"]
    assert _dates(rule, date(2025, 12, 25), 1) == ["2026-03-20"]


def test_the_first_due_date_may_be_named() -> None:
    assert _dates(DueRule(first_due_on=date(2025, 3, 5))) == ["2025-03-05", "2025-04-05", "2025-05-05"]
    assert _dates(DueRule(due_day=31, first_due_on=date(2025, 2, 28)))[1:] == ["2025-03-31", "2025-04-30"]


def test_the_maturity_is_always_the_last_due_date() -> None:
    rule = DueRule(due_day=20)
    assert due_dates(rule, START, matures_on=date(2025, 3, 10))[-2:] == [date(2025, 2, 20), date(2025, 3, 10)]
    assert due_dates(rule, START, matures_on=date(2025, 2, 20))[-1] == date(2025, 2, 20)
    assert due_dates(rule, START, matures_on=date(2025, 1, 15)) == [date(2025, 1, 15)]
    assert due_dates(rule, START, 2, date(2025, 6, 1)) == [date(2025, 1, 20), date(2025, 6, 1)]


@pytest.mark.parametrize(
    "arguments,reason",
    [
        ({}, "at least one instalment or a maturity"),
        ({"count": 0}, "at least one instalment"),
        ({"matures_on": START}, "not after its disbursement on 2025-01-10"),
        ({"count": 5, "matures_on": date(2025, 3, 1)}, "5 instalments do not fit before the maturity"),
    ],
)
def test_contradictions_are_refused(arguments: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        due_dates(DueRule(due_day=20), START, **arguments)


@pytest.mark.parametrize(
    "arguments,reason",
    [
        ({"every": 0}, "every 0 periods"),
        ({"due_day": 32}, "1 to 31, not 32"),
        ({"frequency": Frequency.WEEKLY, "due_day": 5}, "means nothing where periods"),
        ({"min_first_days": 0}, "at least one day"),
    ],
)
def test_rules_that_mean_nothing_are_refused(arguments: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        DueRule(**arguments)


def test_a_first_due_date_before_the_disbursement_is_refused() -> None:
    with pytest.raises(ValueError, match="2025-01-10 is not after the disbursement"):
        due_dates(DueRule(first_due_on=START), START, 1)


@given(
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    st.sampled_from([Frequency.MONTHLY, Frequency.QUARTERLY]),
    st.integers(1, 6),
    st.none() | st.integers(1, 31),
    st.integers(1, 45),
)
def test_dates_rise_and_keep_their_day(
    start: date, frequency: Frequency, every: int, due_day: int | None, min_first_days: int
) -> None:
    rule = DueRule(frequency, every, due_day, min_first_days=min_first_days)
    dates = due_dates(rule, start, 12)
    assert dates[0] >= start + timedelta(days=min_first_days)
    assert all(earlier < later for earlier, later in pairwise(dates))
    day = due_day or start.day
    assert all(each.day == day or (each.day < day and (each + timedelta(days=1)).day == 1) for each in dates)
    assert all(later == months_later(earlier, rule.months, day) for earlier, later in pairwise(dates))
