"""Schedules computed on arrays are to the cent, date and balance those of one loan at a time."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from app.core.money import RoundingMode, cents
from app.servicing import schedule_bulk as bulk
from app.servicing.bulk_loans import BadLoans, Lines, Loans
from app.servicing.bulk_round import decided, product_quotient, quotient
from app.servicing.daycount import DayCount
from app.servicing.duedates import DueRule, Frequency
from app.servicing.schedule import schedule
from app.servicing.schedule_bulk import schedule_bulk
from app.servicing.terms import Method, Plan
from tests.servicing.cases import plans, rules

Row = tuple[int, int, date, int, int, int]


def _rows(lines: Lines) -> list[Row]:
    columns = (lines.loan, lines.n, lines.due_on, lines.principal, lines.interest, lines.balance)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _one_by_one(loans: Loans, plan: Plan, rule: DueRule) -> list[Row]:
    return [
        (loan, line.n, line.due_on, cents(line.principal), cents(line.interest), cents(line.balance))
        for loan in range(len(loans))
        for line in schedule(loans.terms(loan, plan, rule))
    ]


def _days(days: list[date]) -> np.ndarray:
    return np.array(days, "M8[D]")


@st.composite
def books(draw: st.DrawFn) -> tuple[Loans, Plan, DueRule]:
    plan, rule, size = draw(plans()), draw(rules()), draw(st.integers(1, 6))

    def column(each: st.SearchStrategy[int]) -> np.ndarray:
        return np.array(draw(st.lists(each, min_size=size, max_size=size)), np.int64)

    start = _days(draw(st.lists(st.dates(date(2000, 1, 1), date(2040, 1, 1)), min_size=size, max_size=size)))
    percent = draw(st.sampled_from([1, 10_000, 500_000]))
    return (
        Loans(
            column(st.one_of(st.integers(1, 10**6), st.integers(1, 10**12))),
            column(st.integers(0, 60_000_000 // percent)) * percent,
            start,
            column(st.integers(plan.principal_grace + 1, 30)),
            due_day=column(st.integers(1, 31)) if rule.months and draw(st.booleans()) else None,
        ),
        plan,
        rule,
    )


@settings(max_examples=250, deadline=None)
@given(books())
def test_any_book_equals_its_loans_one_by_one(book: tuple[Loans, Plan, DueRule]) -> None:
    assert _rows(schedule_bulk(*book)) == _one_by_one(*book)


@settings(max_examples=100, deadline=None)
@given(books(), st.integers(0, 2000), st.integers(40, 120), st.data())
def test_maturities_and_named_first_dates_fall_the_same(
    book: tuple[Loans, Plan, DueRule], days: int, first: int, data: st.DataObject
) -> None:
    loans, plan, rule = book
    plan = replace(plan, principal_grace=0)
    named = loans.disbursed_on + np.timedelta64(first, "D")
    named[:: data.draw(st.integers(1, 3))] = np.datetime64("NaT")
    loans = replace(
        loans,
        count=None,
        matures_on=loans.disbursed_on + np.timedelta64(days + 1, "D"),
        first_due_on=named,
    )
    assert _rows(schedule_bulk(loans, plan, rule)) == _one_by_one(loans, plan, rule)


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("day_count", DayCount)
def test_ten_thousand_loans_sum_to_their_principal(method: Method, day_count: DayCount) -> None:
    chance = np.random.default_rng(20180625)
    loans = Loans(
        chance.integers(1, 10**9, 10_000),
        chance.integers(0, 60_000_000, 10_000),
        np.datetime64("2018-01-01") + chance.integers(0, 365, 10_000).astype("m8[D]"),
        chance.integers(1, 61, 10_000),
    )
    lines = schedule_bulk(loans, Plan(method, day_count), DueRule())
    assert (np.bincount(lines.loan, lines.principal).astype(np.int64) == loans.principal).all()
    assert min(lines.balance.min(), lines.principal.min(), lines.interest.min()) == 0
    sample = chance.integers(0, 10_000, 25)
    some = loans.pick(sample)
    assert _rows(schedule_bulk(some, Plan(method, day_count), DueRule())) == _one_by_one(
        some, Plan(method, day_count), DueRule()
    )


def test_an_exact_half_of_a_cent_goes_where_the_digits_of_the_rate_send_it() -> None:
    loans = Loans(np.array([300_000]), np.array([19_030_000]), _days([date(2018, 1, 28)]), np.array([36]))
    exact = schedule_bulk(loans, Plan(Method.INTEREST_ONLY), DueRule())
    kept = schedule_bulk(loans, Plan(Method.INTEREST_ONLY, rate_digits=28), DueRule())
    assert set(exact.interest.tolist()) == {4758}
    assert set(kept.interest.tolist()) == {4757}


def test_an_instalment_of_exactly_a_cent_is_not_pushed_up_by_an_estimate() -> None:
    loans = Loans(
        np.array([1200, 1212]), np.array([12_000_000, 0]), _days([date(2024, 1, 1)] * 2), np.array([1, 12])
    )
    plan = Plan(instalment_mode=RoundingMode.CEILING, mode=RoundingMode.CEILING)
    assert _rows(schedule_bulk(loans, plan, DueRule())) == _one_by_one(loans, plan, DueRule())


def test_amounts_too_large_for_the_fast_way_are_still_exact() -> None:
    loans = Loans(
        np.array([99_999_999_999_999_99, 10_000_00]),
        np.array([9_482_173, 9_482_173]),
        _days([date(2023, 12, 12), date(2023, 12, 12)]),
        np.array([24, 24]),
    )
    for method in Method:
        plan = Plan(method, DayCount.ACT_ACT)
        assert _rows(schedule_bulk(loans, plan, DueRule())) == _one_by_one(loans, plan, DueRule())


def test_a_book_in_chunks_keeps_the_positions_of_its_loans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 2)
    loans = Loans(
        np.array([1000, 2000, 3000, 4000, 5000]),
        np.full(5, 12_000_000),
        _days([date(2024, 1, 31) + timedelta(days=each) for each in range(5)]),
        np.array([3, 1, 4, 1, 5]),
    )
    lines = schedule_bulk(loans, Plan(), DueRule())
    assert lines.loan.tolist() == [0] * 3 + [1] + [2] * 4 + [3] + [4] * 5
    assert _rows(lines) == _one_by_one(loans, Plan(), DueRule())


def test_loans_that_contradict_themselves_are_named_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 2)
    start = _days([date(2024, 1, 31)] * 5)
    loans = Loans(
        np.full(5, 1000), np.full(5, 0), start, matures_on=start + np.array([9, 9, 9, 0, 9], "m8[D]")
    )
    with pytest.raises(BadLoans, match="Loan 3 matures before") as error:
        schedule_bulk(loans, Plan(), DueRule())
    assert error.value.positions == [3]
    with pytest.raises(BadLoans, match="Loan 0, 2 has no positive principal"):
        replace(loans, principal=np.array([0, 1, -1, 1, 1]))
    with pytest.raises(BadLoans, match="after the grace"):
        schedule_bulk(loans.pick(slice(3)), Plan(principal_grace=1), DueRule())
    with pytest.raises(ValueError, match="means nothing where periods"):
        schedule_bulk(replace(loans, due_day=np.full(5, 3)), Plan(), DueRule(Frequency.WEEKLY))
    with pytest.raises(ValueError, match="at least one instalment or a maturity"):
        schedule_bulk(replace(loans, matures_on=None), Plan(), DueRule())


def test_an_empty_book_has_no_lines() -> None:
    none = np.array([], np.int64)
    assert len(schedule_bulk(Loans(none, none, _days([]), none), Plan(), DueRule())) == 0


@given(st.integers(0, 10**15), st.integers(1, 30_000), st.integers(1, 1000), st.sampled_from(RoundingMode))
def test_whole_number_division_rounds_as_money_does(
    numerator: int, denominator: int, unit: int, mode: RoundingMode
) -> None:
    result = int(quotient(np.array([numerator]), denominator, unit).rounded(mode)[0])
    # the same as a product too large for int64, by parts
    doubled = [np.array([number]) for number in (numerator * 2**10, 2**20)]
    assert product_quotient(*doubled, denominator * 2**30, unit).rounded(mode)[0] == result
    below = numerator // (denominator * unit) * unit
    twice_rest = 2 * (numerator - below * denominator) - denominator * unit
    expected = {
        RoundingMode.FLOOR: False,
        RoundingMode.DOWN: False,
        RoundingMode.UP: below * denominator != numerator,
        RoundingMode.CEILING: below * denominator != numerator,
        RoundingMode.HALF_UP: twice_rest >= 0,
        RoundingMode.HALF_DOWN: twice_rest > 0,
        RoundingMode.HALF_EVEN: twice_rest > 0 or (twice_rest == 0 and below // unit % 2 == 1),
    }[mode]
    assert result == below + unit * expected


@given(st.decimals("0", "100000", places=4), st.sampled_from([1, 5, 100]), st.sampled_from(RoundingMode))
def test_an_estimate_is_either_right_or_in_doubt(value: Decimal, unit: int, mode: RoundingMode) -> None:
    estimate, doubt = decided(np.array([value], "f8"), unit, mode, np.array([1e-9]))
    exact = quotient(np.array([int(value * 10_000)]), 10_000, unit).rounded(mode)
    assert doubt[0] or estimate[0] == exact[0]
