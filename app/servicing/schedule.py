"""Repayment schedules: pure, exact, one loan at a time. The rules in words: docs/algorithms/schedule.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate, pairwise

from app.core.money import CENT, ZERO, RoundingMode, rounded
from app.servicing.daycount import DayCount, year_fraction
from app.servicing.duedates import LONGEST_MONTH, DueRule, clamped, due_dates

WORKING_DIGITS = 60
_GUARD = Decimal(1).scaleb(-30)


class Method(StrEnum):
    """How principal and interest are spread over the instalments; the value is what a product stores."""

    ANNUITY = "annuity"
    EQUAL_PRINCIPAL = "equal_principal"
    INTEREST_ONLY = "interest_only"
    BULLET = "bullet"
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything a schedule depends on.

    principal: the amount disbursed, positive, a multiple of a cent.
    annual_rate: percent a year, zero or more: 14.07 means 14.07 %.
    count, matures_on, due_on: the number of instalments, the maturity (always the last due date), or both; or
        the due dates themselves, which then win over `rule`.
    principal_grace: so many first instalments carry interest only.
    unit, mode: to what and how every amount is rounded.
    instalment_unit, instalment_mode: the same for the level instalment (annuity, flat) or the level principal
        part (equal principal); None means unit and mode.
    is_levelled: move the level instalment of an annuity by a share of what the last one differs, where that
        difference is more than half a unit per instalment and becomes smaller so.
    """

    principal: Decimal
    annual_rate: Decimal
    disbursed_on: date
    count: int | None = None
    matures_on: date | None = None
    due_on: tuple[date, ...] = ()
    method: Method = Method.ANNUITY
    rule: DueRule = field(default_factory=DueRule)
    day_count: DayCount = DayCount.THIRTY_360
    principal_grace: int = 0
    unit: Decimal = CENT
    mode: RoundingMode = RoundingMode.HALF_UP
    instalment_unit: Decimal | None = None
    instalment_mode: RoundingMode | None = None
    is_levelled: bool = False

    def __post_init__(self) -> None:
        if self.principal <= 0 or self.principal != rounded(self.principal):
            raise ValueError(f"The principal must be a positive amount in cents, not {self.principal}.")
        if self.annual_rate < 0:
            raise ValueError(f"The annual rate cannot be negative: {self.annual_rate}.")
        if self.principal_grace < 0:
            raise ValueError(f"The grace cannot be negative: {self.principal_grace}.")
        if any(later <= earlier for earlier, later in pairwise((self.disbursed_on, *self.due_on))):
            raise ValueError("Due dates must increase and lie after the disbursement.")


@dataclass(frozen=True, slots=True)
class Line:
    """One instalment: what falls due when, and the principal left after it."""

    n: int
    due_on: date
    principal: Decimal
    interest: Decimal
    total: Decimal
    balance: Decimal


def schedule(terms: Terms) -> list[Line]:
    """The schedule of a loan, one line per instalment.

    Principal parts sum to the principal exactly, the last line takes the remainder; no amount and no balance
    is ever negative; a BULLET has one line.

    >>> terms = Terms(Decimal("100"), Decimal("7"), date(2024, 1, 1), count=2)
    >>> [(line.due_on.isoformat(), str(line.principal), str(line.interest)) for line in schedule(terms)]
    [('2024-02-01', '49.86', '0.58'), ('2024-03-01', '50.14', '0.29')]

    Raises ValueError if the terms contradict each other.
    """
    dates = terms.due_on or tuple(due_dates(terms.rule, terms.disbursed_on, terms.count, terms.matures_on))
    if terms.method is Method.BULLET:
        dates = dates[-1:]
    if terms.principal_grace >= len(dates):
        raise ValueError(f"A grace of {terms.principal_grace} leaves no instalment of {len(dates)} for principal.")
    fractions = period_fractions(terms, dates)
    if terms.method is Method.FLAT:
        return _flat_lines(terms, dates, fractions)
    level = _level(terms, fractions)
    lines = _declining_lines(terms, dates, fractions, level)
    if terms.is_levelled and terms.method is Method.ANNUITY:
        return _levelled(terms, fractions, lines, level)
    return lines


def period_fractions(terms: Terms, dates: Sequence[date]) -> list[Fraction]:
    """The part of a year in each period, from the disbursement to the last due date."""
    day = _nominal_due_day(dates) if terms.due_on else terms.rule.anchor(terms.disbursed_on)
    return [
        year_fraction(start, end, terms.day_count, day) for start, end in pairwise((terms.disbursed_on, *dates))
    ]


def level_instalment(principal: Decimal, annual_rate: Decimal, fractions: Sequence[Fraction]) -> Decimal:
    """The payment that repays a principal in equal instalments, unrounded.

    With growth g_k = 1 + rate x fraction_k it is P x g_1...g_n / (1 + g_n + g_n g_(n-1) + ... + g_n...g_2),
    which for equal periods is the annuity formula of any textbook.

    >>> rounded(level_instalment(Decimal(100), Decimal(12), [Fraction(1, 12)] * 6))
    Decimal('17.25')
    """
    with localcontext(prec=WORKING_DIGITS):
        growth, worth = Decimal(1), Decimal(0)
        for fraction in fractions:
            step = 1 + annual_rate * fraction.numerator / (100 * fraction.denominator)
            growth, worth = growth * step, worth * step + 1
        # thirty decimals hide the working error, so that an exact half or an exact cent is seen as one
        return (principal * growth / worth).quantize(_GUARD)


def interest_for(balance: Decimal, annual_rate: Decimal, fraction: Fraction) -> Decimal:
    """Simple interest on a balance for a part of a year, unrounded.

    >>> interest_for(Decimal("5000"), Decimal("12"), Fraction(1, 12))
    Decimal('50')
    """
    with localcontext(prec=WORKING_DIGITS):
        return balance * annual_rate * fraction.numerator / (100 * fraction.denominator)


def _declining_lines(
    terms: Terms, dates: Sequence[date], fractions: Sequence[Fraction], level: Decimal
) -> list[Line]:
    """Interest on what is still owed: annuity, equal principal, interest only, bullet."""
    lines, balance = [], terms.principal
    for n, (due_on, fraction) in enumerate(zip(dates, fractions, strict=True), start=1):
        interest = rounded(interest_for(balance, terms.annual_rate, fraction), terms.unit, terms.mode)
        if n == len(dates):
            principal = balance
        elif n <= terms.principal_grace:
            principal = ZERO
        else:
            wanted = level - interest if terms.method is Method.ANNUITY else level
            principal = min(max(wanted, ZERO), balance)
        balance -= principal
        lines.append(Line(n, due_on, principal, interest, principal + interest, balance))
    return lines


def _levelled(
    terms: Terms, fractions: Sequence[Fraction], lines: list[Line], level: Decimal
) -> list[Line]:
    """The same lines with a better level instalment, where one exists.

    The threshold and the single attempt are those of Apache Fineract's progressive schedule.
    """
    paying = len(lines) - terms.principal_grace
    difference = lines[-1].total - level
    if paying == 1 or abs(difference) <= terms.unit * (paying // 2):
        return lines
    better = _rounded_instalment(level + difference / paying, terms)
    attempt = _declining_lines(terms, [line.due_on for line in lines], fractions, better)
    return attempt if abs(attempt[-1].total - better) < abs(difference) else lines


def _level(terms: Terms, fractions: Sequence[Fraction]) -> Decimal:
    """The rounded level instalment of an annuity, or the level principal part of the other methods."""
    paying = fractions[terms.principal_grace :]
    match terms.method:
        case Method.ANNUITY:
            exact = level_instalment(terms.principal, terms.annual_rate, paying)
        case Method.EQUAL_PRINCIPAL:
            exact = terms.principal / len(paying)
        case _:
            return ZERO
    return _rounded_instalment(exact, terms)


def _flat_lines(terms: Terms, dates: Sequence[date], fractions: Sequence[Fraction]) -> list[Line]:
    """Interest on the amount first lent, for the whole time, paid in level instalments."""
    owed = [
        rounded(interest_for(terms.principal, terms.annual_rate, elapsed), terms.unit, terms.mode)
        for elapsed in accumulate(fractions)
    ]
    interests = [later - earlier for earlier, later in pairwise((ZERO, *owed))]
    grace = terms.principal_grace
    level = _rounded_instalment((terms.principal + sum(interests[grace:])) / (len(dates) - grace), terms)
    lines, balance = [], terms.principal
    for n, (due_on, interest) in enumerate(zip(dates, interests, strict=True), start=1):
        wanted = ZERO if n <= grace else max(level - interest, ZERO)
        principal = balance if n == len(dates) else min(wanted, balance)
        balance -= principal
        lines.append(Line(n, due_on, principal, interest, principal + interest, balance))
    return lines


def _rounded_instalment(exact: Decimal, terms: Terms) -> Decimal:
    return rounded(exact, terms.instalment_unit or terms.unit, terms.instalment_mode or terms.mode)


def _nominal_due_day(dates: Sequence[date]) -> int | None:
    """The due day that a list of due dates follows, clamped in short months; None if they follow none."""
    day = max(each.day for each in dates)
    if all(each == clamped(each.year, each.month, day) for each in dates):
        return day
    return LONGEST_MONTH if all(each == clamped(each.year, each.month, LONGEST_MONTH) for each in dates) else None
