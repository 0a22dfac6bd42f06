"""Arrears: days past due, buckets and accrued interest."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from app.servicing.daycount import DayCount
from app.servicing.dues import (
    Bound,
    Due,
    accrued_interest,
    accrued_not_due,
    bucket,
    days_past_due,
    overdue_amount,
    overdue_since,
)
from app.servicing.schedule import schedule
from app.servicing.terms import Method, Plan, Terms
from tests.servicing.cases import terms as any_terms

PAID = Due(1, date(2024, 1, 31))
LATE = Due(2, date(2024, 2, 29), principal=Decimal(100))
CENT_LATE = Due(3, date(2024, 3, 31), penalty=Decimal("0.01"))
NEXT = Due(4, date(2024, 4, 30), interest=Decimal(5))
DUES = [NEXT, CENT_LATE, LATE, PAID]


def test_days_count_from_the_oldest_instalment_not_fully_paid() -> None:
    assert overdue_since(DUES, date(2024, 4, 10)) == date(2024, 2, 29)
    assert days_past_due(DUES, date(2024, 4, 10)) == 41
    assert overdue_since([NEXT, CENT_LATE, PAID], date(2024, 4, 10)) == date(2024, 3, 31)


def test_an_instalment_is_not_late_on_its_due_date() -> None:
    assert days_past_due(DUES, date(2024, 2, 29)) == 0
    assert days_past_due(DUES, date(2024, 3, 1)) == 1


def test_grace_forgives_entirely_or_not_at_all() -> None:
    assert days_past_due(DUES, date(2024, 3, 5), grace_days=5) == 0
    assert days_past_due(DUES, date(2024, 3, 6), grace_days=5) == 6


def test_nothing_owed_is_nothing_late() -> None:
    assert overdue_since([], date(2024, 4, 10)) is None
    assert days_past_due([PAID], date(2024, 4, 10)) == 0
    assert overdue_amount([PAID, NEXT], date(2024, 4, 10)) == 0


def test_the_overdue_amount_is_all_that_is_unpaid_of_past_due_dates() -> None:
    assert overdue_amount(DUES, date(2024, 4, 30)) == Decimal("100.01")
    assert overdue_amount(DUES, date(2024, 5, 1)) == Decimal("105.01")


def test_a_negative_unpaid_amount_is_refused() -> None:
    with pytest.raises(ValueError, match="Instalment 7 has a negative amount unpaid"):
        Due(7, date(2024, 1, 1), interest=Decimal(-1))


BOUNDS = [Bound(0, "current"), Bound(1, "M1"), Bound(31, "M2"), Bound(61, "M3"), Bound(91, "M4+")]


@given(st.integers(0, 5000))
def test_a_bucket_holds_the_days_from_its_first_to_the_next_first(days: int) -> None:
    position = [bound.code for bound in BOUNDS].index(bucket(days, BOUNDS))
    assert BOUNDS[position].first_day <= days
    assert position + 1 == len(BOUNDS) or days < BOUNDS[position + 1].first_day


@pytest.mark.parametrize(
    "bounds,days,reason",
    [
        ([], 0, "must begin at 0"),
        ([Bound(1, "late")], 0, "must begin at 0"),
        ([Bound(0, "a"), Bound(30, "b"), Bound(30, "c")], 0, r"rising days, not \[0, 30, 30\]"),
        (BOUNDS, -1, "cannot be negative: -1"),
    ],
)
def test_a_table_of_buckets_that_leaves_gaps_is_refused(bounds: list[Bound], days: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        bucket(days, bounds)


def test_interest_accrues_by_the_day_and_day_count_of_the_loan() -> None:
    plan = Plan(day_count=DayCount.ACT_365)
    terms = Terms(Decimal(36500), Decimal(10), date(2024, 1, 31), count=12, plan=plan)
    assert accrued_interest(terms, Decimal(36500), date(2024, 1, 31), date(2024, 2, 7)) == Decimal("70.00")
    assert accrued_interest(terms, Decimal(36500), date(2024, 1, 31), date(2024, 1, 31)) == 0


def test_a_short_month_accrues_a_whole_month_by_its_due_date_under_30_360() -> None:
    terms = Terms(Decimal(1200), Decimal(10), date(2025, 1, 31), count=12)
    assert accrued_interest(terms, Decimal(1200), date(2025, 1, 31), date(2025, 2, 28)) == Decimal("10.00")


def test_interest_not_due_starts_anew_after_each_due_date() -> None:
    terms = Terms(Decimal(1200), Decimal(10), date(2025, 1, 1), count=2, plan=Plan(Method.EQUAL_PRINCIPAL))
    lines = schedule(terms)
    grown = [
        accrued_not_due(terms, lines, date(2025, *day)) for day in ((1, 1), (1, 30), (2, 1), (2, 16), (3, 1))
    ]
    assert grown == [Decimal(0), Decimal("9.67"), Decimal(0), Decimal("2.50"), Decimal(0)]
    assert accrued_not_due(terms, lines, date(2024, 12, 1)) == 0


@given(any_terms(), st.data())
def test_accrued_interest_never_passes_what_will_fall_due(terms: Terms, data: st.DataObject) -> None:
    lines = schedule(terms)
    line = data.draw(st.sampled_from(lines))
    start = terms.disbursed_on if line.n == 1 else lines[line.n - 2].due_on
    on = start + timedelta(days=data.draw(st.integers(0, (line.due_on - start).days - 1)))
    unit = terms.plan.unit if terms.plan.method is Method.FLAT else 0
    assert 0 <= accrued_not_due(terms, lines, on) <= line.interest + unit
