"""Arrears: what is late, since when, and what interest has grown. In words: docs/algorithms/arrears.md."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from app.core.money import ZERO
from app.servicing.daycount import year_fraction
from app.servicing.schedule import interest_for, nominal_due_day
from app.servicing.terms import Line, Method, Terms


class Component(StrEnum):
    """What an amount is owed for; the value is what journal rows store."""

    PENALTY = "penalty"
    FEE = "fee"
    INTEREST = "interest"
    PRINCIPAL = "principal"


class DueState(StrEnum):
    """Where an instalment stands on a day."""

    OVERDUE = "overdue"
    DUE = "due"
    ADVANCE = "advance"


@dataclass(frozen=True, slots=True)
class Due:
    """What is still unpaid of an instalment; amounts of zero or more, in the loan's currency."""

    n: int
    due_on: date
    principal: Decimal = ZERO
    interest: Decimal = ZERO
    fee: Decimal = ZERO
    penalty: Decimal = ZERO

    def __post_init__(self) -> None:
        if min(self.principal, self.interest, self.fee, self.penalty) < 0:
            raise ValueError(f"Instalment {self.n} has a negative amount unpaid.")

    @property
    def total(self) -> Decimal:
        """Everything still unpaid of it."""
        return self.principal + self.interest + self.fee + self.penalty

    def unpaid(self, component: Component) -> Decimal:
        """What is still unpaid for one reason."""
        amount: Decimal = getattr(self, component.value)
        return amount

    def state(self, on: date) -> DueState:
        """Overdue from the day after the due date, due on it, in advance before it."""
        if self.due_on < on:
            return DueState.OVERDUE
        return DueState.DUE if self.due_on == on else DueState.ADVANCE


@dataclass(frozen=True, slots=True)
class Bound:
    """The first day past due of a delinquency bucket or asset class, and its code."""

    first_day: int
    code: str


def overdue_since(dues: Iterable[Due], on: date, grace_days: int = 0) -> date | None:
    """The due date of the oldest instalment not fully paid; None if none is late by more than the grace.

    Grace forgives a short delay entirely: once it is passed, the days count from the due date.

    >>> late = Due(1, date(2024, 1, 31), principal=Decimal("100"))
    >>> overdue_since([late], date(2024, 2, 3)), overdue_since([late], date(2024, 2, 3), grace_days=3)
    (datetime.date(2024, 1, 31), None)
    """
    late = [due.due_on for due in dues if due.total > 0 and due.state(on) is DueState.OVERDUE]
    oldest = min(late, default=None)
    return oldest if oldest is not None and (on - oldest).days > grace_days else None


def days_past_due(dues: Iterable[Due], on: date, grace_days: int = 0) -> int:
    """Days since the oldest unpaid due date; 0 if nothing is overdue. The day after the due date is day 1.

    >>> days_past_due([Due(1, date(2024, 1, 31), principal=Decimal("100"))], on=date(2024, 3, 6))
    35
    """
    since = overdue_since(dues, on, grace_days)
    return 0 if since is None else (on - since).days


def overdue_amount(dues: Iterable[Due], on: date) -> Decimal:
    """Everything unpaid whose due date has passed.

    >>> overdue_amount([Due(1, date(2024, 1, 31), Decimal("100"), Decimal("1.50"))], date(2024, 2, 1))
    Decimal('101.50')
    """
    return sum((due.total for due in dues if due.state(on) is DueState.OVERDUE), ZERO)


def bucket(days: int, bounds: Sequence[Bound]) -> str:
    """The code of the bucket that holds so many days past due, from a table of first days.

    >>> bounds = [Bound(0, "current"), Bound(1, "1-30"), Bound(31, "31-60"), Bound(61, "61+")]
    >>> [bucket(days, bounds) for days in (0, 1, 30, 31, 400)]
    ['current', '1-30', '1-30', '31-60', '61+']

    Raises ValueError if the table does not begin at 0 or does not rise.
    """
    first_days = [bound.first_day for bound in bounds]
    if first_days[:1] != [0]:
        raise ValueError("The first bucket must begin at 0 days past due.")
    if any(later <= earlier for earlier, later in pairwise(first_days)):
        raise ValueError(f"The buckets must begin on rising days, not {first_days}.")
    if days < 0:
        raise ValueError(f"Days past due cannot be negative: {days}.")
    return bounds[bisect_right(first_days, days) - 1].code


def accrued_interest(terms: Terms, balance: Decimal, since: date, on: date) -> Decimal:
    """Interest grown on a balance between two days, counted and rounded as the loan's schedule does.

    >>> terms = Terms(Decimal("2400"), Decimal("6.08"), date(2018, 1, 2), count=36)
    >>> accrued_interest(terms, Decimal("2400"), date(2018, 1, 2), date(2018, 6, 2))
    Decimal('60.80')
    """
    fraction = year_fraction(since, on, terms.plan.day_count, nominal_due_day(terms))
    exact = interest_for(balance, terms.annual_rate, fraction, terms.plan.rate_digits)
    return terms.plan.rounded_amount(exact)


def accrued_not_due(terms: Terms, lines: Sequence[Line], on: date) -> Decimal:
    """Interest grown since the last due date of a loan that keeps to its schedule, not due before the next.

    Nothing accrues before the disbursement or after the last due date.

    >>> terms = Terms(Decimal("5000"), Decimal("12"), date(2022, 11, 1), count=18)
    >>> line = Line(1, date(2022, 12, 1), Decimal("255"), Decimal("50"), Decimal("305"), Decimal("4745"))
    >>> accrued_not_due(terms, [line], date(2022, 11, 16))
    Decimal('25.00')
    """
    since, balance = terms.disbursed_on, terms.principal
    for line in lines:
        if line.due_on > on:
            base = terms.principal if terms.plan.method is Method.FLAT else balance
            return accrued_interest(terms, base, since, max(since, on))
        since, balance = line.due_on, line.balance
    return ZERO
