"""Repayment schedules: pure, exact, one loan at a time. The rules in words: docs/algorithms/schedule.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import accumulate, pairwise

from flask_babel import lazy_gettext as _

from app.core.money import ZERO
from app.servicing.daycount import year_fraction
from app.servicing.duedates import LONGEST_MONTH, clamped, due_dates
from app.servicing.terms import Line, Method, Plan, Terms

_WORKING_DIGITS = 60
_GUARD = Decimal(1).scaleb(-30)


def schedule(terms: Terms) -> list[Line]:
    """The schedule of a loan, one line per instalment.

    Principal parts sum to the principal exactly, the last line takes the remainder; no amount and no balance
    is ever negative; a BULLET has one line.

    >>> terms = Terms(Decimal("100"), Decimal("7"), date(2024, 1, 1), count=2)
    >>> [(line.due_on.isoformat(), str(line.principal), str(line.interest)) for line in schedule(terms)]
    [('2024-02-01', '49.86', '0.58'), ('2024-03-01', '50.14', '0.29')]

    Raises ValueError if the terms contradict each other.
    """
    dates = schedule_dates(terms)
    grace = terms.plan.principal_grace
    if grace >= len(dates):
        raise ValueError(
            _(
                "A grace of %(grace)s leaves none of %(n)s instalments for principal.",
                grace=grace,
                n=len(dates),
            )
        )
    fractions = period_fractions(terms, dates)
    if terms.plan.method is Method.FLAT:
        return _flat_lines(terms, dates, fractions)
    level = _level(terms, fractions)
    lines = _declining_lines(terms, dates, fractions, level)
    if terms.plan.is_levelled and terms.plan.method is Method.ANNUITY:
        return _levelled(terms, fractions, lines, level)
    return lines


def schedule_dates(terms: Terms) -> tuple[date, ...]:
    """The due dates of a loan, agreed one by one or named by its rule; a BULLET has only the last."""
    dates = terms.due_on or tuple(due_dates(terms.rule, terms.disbursed_on, terms.count, terms.matures_on))
    return dates[-1:] if terms.plan.method is Method.BULLET else dates


def period_fractions(terms: Terms, dates: Sequence[date]) -> list[Fraction]:
    """The part of a year in each period, from the disbursement to the last due date."""
    day = nominal_due_day(terms)
    periods = pairwise((terms.disbursed_on, *dates))
    return [year_fraction(start, end, terms.plan.day_count, day) for start, end in periods]


def nominal_due_day(terms: Terms) -> int | None:
    """The due day that 30/360 counts months by; None if instalments follow no day of the month."""
    if not terms.due_on:
        return terms.rule.anchor(terms.disbursed_on)
    for day in (max(each.day for each in terms.due_on), LONGEST_MONTH):
        if all(each == clamped(each.year, each.month, day) for each in terms.due_on):
            return day
    return None


def level_instalment(principal: Decimal, annual_rate: Decimal, fractions: Sequence[Fraction]) -> Decimal:
    """The payment that repays a principal in equal instalments, unrounded.

    With growth g_k = 1 + rate x fraction_k it is P x g_1...g_n / (1 + g_n + g_n g_(n-1) + ... + g_n...g_2),
    which for equal periods is the annuity formula of any textbook.

    >>> level_instalment(Decimal(100), Decimal(12), [Fraction(1, 12)] * 6).quantize(Decimal("0.000001"))
    Decimal('17.254837')
    """
    with localcontext(prec=_WORKING_DIGITS):
        growth, worth = Decimal(1), Decimal(0)
        for fraction in fractions:
            step = 1 + annual_rate * fraction.numerator / (100 * fraction.denominator)
            growth, worth = growth * step, worth * step + 1
        # thirty decimals hide the working error, so that an exact half or an exact cent is seen as one
        return (principal * growth / worth).quantize(_GUARD)


def interest_for(
    balance: Decimal, annual_rate: Decimal, fraction: Fraction, rate_digits: int | None = None
) -> Decimal:
    """Simple interest on a balance for a part of a year, unrounded.

    With rate_digits, the rate of the period and its product with the balance carry so many digits.

    >>> interest_for(Decimal("3000"), Decimal("19.03"), Fraction(1, 12))
    Decimal('47.575')
    >>> interest_for(Decimal("3000"), Decimal("19.03"), Fraction(1, 12), rate_digits=6)
    Decimal('47.5749')
    """
    with localcontext(prec=rate_digits or _WORKING_DIGITS):
        if rate_digits:
            return balance * (annual_rate * fraction.numerator / (100 * fraction.denominator))
        return balance * annual_rate * fraction.numerator / (100 * fraction.denominator)


def _declining_lines(
    terms: Terms, dates: Sequence[date], fractions: Sequence[Fraction], level: Decimal
) -> list[Line]:
    """Interest on what is still owed: annuity, equal principal, interest only, bullet."""
    lines, balance = [], terms.principal + ZERO
    for n, (due_on, fraction) in enumerate(zip(dates, fractions, strict=True), start=1):
        interest = _interest(terms, balance, fraction)
        wanted = level - interest if terms.plan.method is Method.ANNUITY else level
        principal = _principal_part(n, len(dates), wanted, balance, terms.plan)
        balance -= principal
        lines.append(Line(n, due_on, principal, interest, principal + interest, balance))
    return lines


def _levelled(terms: Terms, fractions: Sequence[Fraction], lines: list[Line], level: Decimal) -> list[Line]:
    """The same lines with a better level instalment, where one exists.

    The threshold and the single attempt are those of Apache Fineract's progressive schedule.
    """
    paying = len(lines) - terms.plan.principal_grace
    difference = lines[-1].total - level
    if paying == 1 or abs(difference) <= terms.plan.unit * (paying // 2):
        return lines
    better = terms.plan.rounded_instalment(level + difference / paying)
    attempt = _declining_lines(terms, [line.due_on for line in lines], fractions, better)
    return attempt if abs(attempt[-1].total - better) < abs(difference) else lines


def _level(terms: Terms, fractions: Sequence[Fraction]) -> Decimal:
    """The rounded level instalment of an annuity, or the level principal part of the other methods."""
    paying = fractions[terms.plan.principal_grace :]
    match terms.plan.method:
        case Method.ANNUITY:
            exact = level_instalment(terms.principal, terms.annual_rate, paying)
        case Method.EQUAL_PRINCIPAL:
            exact = terms.principal / len(paying)
        case _:
            return ZERO
    return terms.plan.rounded_instalment(exact)


def _flat_lines(terms: Terms, dates: Sequence[date], fractions: Sequence[Fraction]) -> list[Line]:
    """Interest on the amount first lent, for the whole time, paid in level instalments."""
    owed = [_interest(terms, terms.principal, elapsed) for elapsed in accumulate(fractions)]
    interests = [later - earlier for earlier, later in pairwise((ZERO, *owed))]
    grace = terms.plan.principal_grace
    level = terms.plan.rounded_instalment(
        (terms.principal + sum(interests[grace:], ZERO)) / (len(dates) - grace)
    )
    lines, balance = [], terms.principal + ZERO
    for n, (due_on, interest) in enumerate(zip(dates, interests, strict=True), start=1):
        principal = _principal_part(n, len(dates), level - interest, balance, terms.plan)
        balance -= principal
        lines.append(Line(n, due_on, principal, interest, principal + interest, balance))
    return lines


def _principal_part(n: int, count: int, wanted: Decimal, balance: Decimal, plan: Plan) -> Decimal:
    """The principal of a line: nothing in grace, the rest in the last line, never more than is still owed."""
    if n == count:
        return balance
    if n <= plan.principal_grace:
        return ZERO
    return min(max(wanted, ZERO), balance)


def _interest(terms: Terms, balance: Decimal, fraction: Fraction) -> Decimal:
    exact = interest_for(balance, terms.annual_rate, fraction, terms.plan.rate_digits)
    return terms.plan.rounded_amount(exact)
