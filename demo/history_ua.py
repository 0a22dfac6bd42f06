"""What happened to the loans of the Ukrainian book: how each borrower paid, and how the loan stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from app.core.money import ZERO
from app.servicing.terms import Line

AS_OF = date(2018, 6, 25)
WRITTEN_OFF_ON = date(2018, 6, 20)
GRACE_DAYS = 15

SETTLED, NORMAL, GRACE, OVERDUE, WRITTEN_OFF = (
    "Погашений",
    "Поточний",
    "Пільговий строк",
    "Прострочений",
    "Списаний",
)


@dataclass(frozen=True)
class Payment:
    """Money that came in on a day and what it paid."""

    paid_on: date
    principal: Decimal
    interest: Decimal


@dataclass(frozen=True)
class Standing:
    """How a loan stands on AS_OF, in the columns of the book."""

    balance: Decimal
    interest_paid_to: date
    overdue_since: date | None
    status: str


@dataclass(frozen=True)
class Habit:
    """How a borrower pays.

    missed: so many of the instalments due by AS_OF he has not paid.
    late: he pays the others up to so many days after the due day.
    part: the share of the oldest missed instalment that he did pay.
    prepays: he pays everything off together with the last instalment due.
    """

    missed: int = 0
    late: int = 0
    part: Decimal = ZERO
    prepays: bool = False


def habit(chance: Random) -> Habit:
    """Four in five pay on the day; the others late, in part, or not any more; a few pay off early."""
    draw = chance.random()
    if draw < 0.78:
        return Habit()
    if draw < 0.87:
        return Habit(late=9)
    if draw < 0.91:
        return Habit(prepays=True)
    part = chance.choice((ZERO, ZERO, Decimal("0.3"), Decimal("0.6")))
    return Habit(missed=chance.choice((1, 1, 1, 2, 2, 3, 5, 8)), late=6, part=part)


def payments(lines: Sequence[Line], habit: Habit, chance: Random) -> list[Payment]:
    """The payments of a loan before AS_OF, in the order they came."""
    due = [line for line in lines if line.due_on < AS_OF]
    paid = due[: max(len(due) - habit.missed, 0)]
    made, last = [], date.min
    for line in paid:
        last = max(last, line.due_on + timedelta(days=chance.randint(0, habit.late)))
        if last >= AS_OF:
            return made
        made.append(Payment(last, line.principal, line.interest))
    if habit.prepays and paid and paid[-1].balance:
        made.append(Payment(last, paid[-1].balance, ZERO))
    if habit.part and len(paid) < len(due):
        made += _part_of(due[len(paid)], habit.part)
    return made


def _part_of(line: Line, share: Decimal) -> list[Payment]:
    """A part of an instalment in tens of hryvnias, paid three days late: interest first, then principal."""
    paid_on, amount = line.due_on + timedelta(days=3), line.total * share // 10 * 10
    interest = min(amount, line.interest)
    return [Payment(paid_on, amount - interest, interest)] if amount and paid_on < AS_OF else []


def standing(
    lines: Sequence[Line], disbursed_on: date, made: Sequence[Payment], *, is_written_off: bool
) -> Standing:
    """How a loan stands on AS_OF, as it follows from its schedule and its payments alone."""
    principal, interest = (sum((getattr(p, part) for p in made), ZERO) for part in ("principal", "interest"))
    overdue_since, paid_to, asked_principal, asked_interest = None, disbursed_on, ZERO, ZERO
    for line in lines:
        asked_principal += line.principal
        asked_interest += line.interest
        if interest >= asked_interest:
            paid_to = line.due_on
        if (
            overdue_since is None
            and line.due_on < AS_OF
            and _is_open(principal, interest, asked_principal, asked_interest)
        ):
            overdue_since = line.due_on
    balance = lines[0].balance + lines[0].principal - principal
    if balance == 0:
        return Standing(balance, made[-1].paid_on, None, SETTLED)
    return Standing(
        balance, paid_to, overdue_since, WRITTEN_OFF if is_written_off else _status(overdue_since)
    )


def _is_open(
    principal: Decimal, interest: Decimal, asked_principal: Decimal, asked_interest: Decimal
) -> bool:
    return principal < asked_principal or interest < asked_interest


def _status(overdue_since: date | None) -> str:
    if overdue_since is None:
        return NORMAL
    return GRACE if (AS_OF - overdue_since).days <= GRACE_DAYS else OVERDUE
