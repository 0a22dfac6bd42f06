"""Schedules keep their promises whatever the terms, and each method spreads money its own way."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given

from app.core.money import RoundingMode
from app.servicing.daycount import DayCount
from app.servicing.duedates import DueRule, Frequency
from app.servicing.schedule import level_instalment, schedule
from app.servicing.terms import Line, Method, Plan, Terms
from tests.servicing.cases import terms as any_terms

LOAN = Terms(Decimal(12000), Decimal(12), date(2024, 1, 10), count=12)


def _lines(**changes: object) -> list[Line]:
    loan = {name: changes.pop(name) for name in list(changes) if name in Terms.__slots__}
    return schedule(replace(LOAN, plan=replace(LOAN.plan, **changes), **loan))


@given(any_terms())
def test_every_schedule_sums_to_the_principal_and_never_goes_below_zero(terms: Terms) -> None:
    lines = schedule(terms)
    assert sum(line.principal for line in lines) == terms.principal
    assert lines[-1].balance == 0
    assert [line.n for line in lines] == list(range(1, len(lines) + 1))
    days = [terms.disbursed_on, *(line.due_on for line in lines)]
    assert all(earlier < later for earlier, later in pairwise(days))
    balances = [terms.principal, *(line.balance for line in lines)]
    for line, (before, after) in zip(lines, pairwise(balances), strict=True):
        assert before - line.principal == after >= 0
        assert line.principal >= 0
        assert line.interest >= 0
        assert line.total == line.principal + line.interest
        assert line.interest % terms.plan.unit == 0


@given(any_terms())
def test_grace_asks_for_interest_only(terms: Terms) -> None:
    grace = schedule(terms)[: terms.plan.principal_grace]
    assert all(line.principal == 0 and line.balance == terms.principal for line in grace)


def test_an_annuity_has_level_instalments() -> None:
    lines = _lines()
    assert {line.total for line in lines[:-1]} == {Decimal("1066.19")}
    assert lines[0].interest == Decimal("120.00")
    assert abs(lines[-1].total - Decimal("1066.19")) < Decimal("0.12")


def test_equal_principal_has_level_principal_parts() -> None:
    lines = _lines(method=Method.EQUAL_PRINCIPAL)
    assert {line.principal for line in lines} == {Decimal(1000)}
    assert [line.interest for line in lines[:3]] == [Decimal(120), Decimal(110), Decimal(100)]


def test_interest_only_repays_at_the_end() -> None:
    lines = _lines(method=Method.INTEREST_ONLY)
    assert {line.total for line in lines[:-1]} == {Decimal(120)}
    assert lines[-1].total == Decimal(12120)


def test_a_bullet_has_one_line_with_simple_interest_for_the_whole_time() -> None:
    assert _lines(method=Method.BULLET) == [
        Line(1, date(2025, 1, 10), Decimal(12000), Decimal(1440), Decimal(13440), Decimal(0))
    ]


def test_flat_takes_interest_on_the_first_amount_to_the_end() -> None:
    lines = _lines(method=Method.FLAT)
    assert {(line.principal, line.interest) for line in lines} == {(Decimal(1000), Decimal(120))}


def test_flat_interest_sums_to_the_interest_of_the_whole_time_whatever_the_cents() -> None:
    lines = _lines(principal=Decimal("1.00"), annual_rate=Decimal(6), count=360, method=Method.FLAT)
    assert sum(line.interest for line in lines) == Decimal("1.80")


def test_a_broken_first_period_pays_for_its_days_and_instalments_stay_level() -> None:
    lines = _lines(rule=DueRule(due_day=25))
    assert lines[0].due_on == date(2024, 1, 25)
    assert lines[0].interest == Decimal("60.00")
    assert len({line.total for line in lines[:-1]}) == 1


def test_a_broken_last_period_pays_for_its_days() -> None:
    lines = _lines(count=None, matures_on=date(2024, 12, 25), method=Method.INTEREST_ONLY)
    assert [line.due_on for line in lines[-2:]] == [date(2024, 12, 10), date(2024, 12, 25)]
    assert lines[-1].interest == Decimal("60.00")


def test_quarters_on_the_20th_count_the_days_of_a_broken_first_quarter() -> None:
    rule = DueRule(Frequency.QUARTERLY, due_day=20)
    lines = _lines(rule=rule, count=4, method=Method.INTEREST_ONLY, day_count=DayCount.ACT_360)
    assert [(line.due_on, line.interest) for line in lines[:2]] == [
        (date(2024, 3, 20), Decimal("280.00")),
        (date(2024, 6, 20), Decimal("368.00")),
    ]


@pytest.mark.parametrize(
    "unit,mode,first",
    [
        ("1", RoundingMode.HALF_UP, "1066"),
        ("1", RoundingMode.CEILING, "1067"),
        ("10", RoundingMode.HALF_UP, "1070"),
        ("10", RoundingMode.FLOOR, "1060"),
    ],
)
def test_instalments_are_rounded_as_the_product_says(unit: str, mode: RoundingMode, first: str) -> None:
    lines = _lines(instalment_unit=Decimal(unit), instalment_mode=mode)
    assert {line.total for line in lines[:-1]} == {Decimal(first)}


def test_whole_units_round_interest_too() -> None:
    lines = _lines(unit=Decimal(1), principal=Decimal(9999))
    assert all(line.interest % 1 == 0 and line.principal % 1 == 0 for line in lines)


def test_an_instalment_rounded_up_far_ends_the_debt_early_without_going_below_zero() -> None:
    lines = _lines(principal=Decimal(25), annual_rate=Decimal(0), instalment_unit=Decimal(10))
    assert [line.principal for line in lines] == [*[Decimal(0)] * 11, Decimal(25)]
    lines = _lines(principal=Decimal(65), annual_rate=Decimal(0), instalment_unit=Decimal(10))
    assert [line.principal for line in lines[:7]] == [*[Decimal(10)] * 6, Decimal(5)]
    assert {line.total for line in lines[7:]} == {Decimal(0)}


def test_due_dates_may_be_agreed_one_by_one() -> None:
    days = (date(2024, 2, 29), date(2024, 3, 31), date(2024, 6, 30))
    lines = schedule(
        Terms(Decimal(300), Decimal(12), date(2024, 1, 31), due_on=days, plan=Plan(Method.INTEREST_ONLY))
    )
    assert [(line.due_on, line.interest) for line in lines] == [
        (days[0], Decimal(3)),
        (days[1], Decimal(3)),
        (days[2], Decimal(9)),
    ]


def test_the_level_instalment_of_equal_periods_is_the_textbook_annuity() -> None:
    rate = Decimal("1.01")
    textbook = Decimal(100) * (rate - 1) * rate**6 / (rate**6 - 1)
    exact = level_instalment(Decimal(100), Decimal(12), [Fraction(1, 12)] * 6)
    assert abs(exact - textbook) < Decimal("1e-20")


@pytest.mark.parametrize(
    "changes,reason",
    [
        ({"principal": Decimal(0)}, "positive amount in cents, not 0"),
        ({"principal": Decimal("1.001")}, "positive amount in cents"),
        ({"annual_rate": Decimal(-1)}, "cannot be negative: -1"),
        ({"principal_grace": 12}, "grace of 12 leaves none of 12"),
        ({"principal_grace": -1}, "grace cannot be negative"),
        ({"rate_digits": 0}, "at least one digit"),
        ({"unit": Decimal("0.001")}, "whole cents, not 0.001"),
        ({"due_on": (date(2024, 1, 10),)}, "must increase and lie after the disbursement"),
    ],
)
def test_terms_that_contradict_each_other_are_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        _lines(**changes)
