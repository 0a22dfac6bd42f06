"""Allocation of a payment to what is owed. In words: docs/algorithms/allocation.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from flask_babel import lazy_gettext as _

from app.core.money import CENT, ZERO
from app.servicing.dues import Component, Due, DueState

Step = tuple[DueState, Component]
Word = TypeVar("Word", bound=StrEnum)


class Direction(StrEnum):
    """Which way the steps are walked; the value is what a product stores."""

    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"


class Surplus(StrEnum):
    """Where money goes that no step takes; the value is what a product stores."""

    CREDIT = "credit"
    PRINCIPAL = "principal"


def _word(words: type[Word], text: str) -> Word:
    try:
        return words(text.strip().lower())
    except ValueError:
        known = ", ".join(words)
        raise ValueError(
            _("“%(word)s” in the allocation order is none of: %(known)s.", word=text.strip(), known=known)
        ) from None


@dataclass(frozen=True, slots=True)
class Order:
    """A product's allocation order.

    steps: what is paid first, as pairs of due state and component; what no step names is not paid.
    direction: HORIZONTAL finishes one instalment before the next, oldest first, within a due state; VERTICAL
        finishes one step for all instalments before the next step.
    surplus: what is left over is kept as CREDIT, or reduces the PRINCIPAL still owed; the rest is credit.
    """

    steps: tuple[Step, ...]
    direction: Direction = Direction.HORIZONTAL
    surplus: Surplus = Surplus.CREDIT

    def __post_init__(self) -> None:
        if len(set(self.steps)) != len(self.steps):
            raise ValueError(_("An allocation order names a step twice."))

    @classmethod
    def parse(
        cls, text: str, direction: Direction = Direction.HORIZONTAL, surplus: Surplus = Surplus.CREDIT
    ) -> Order:
        """The order a product's text describes: due states, each with its components.

        >>> Order.parse("overdue: interest principal; due: interest").steps[2]
        (<DueState.DUE: 'due'>, <Component.INTEREST: 'interest'>)

        Raises ValueError naming the word that is no due state or component.
        """
        steps: list[Step] = []
        for group in filter(str.strip, text.split(";")):
            state, _colon, components = group.partition(":")
            steps += [(_word(DueState, state), _word(Component, each)) for each in components.split()]
        return cls(tuple(steps), direction, surplus)

    def __str__(self) -> str:
        """The text that `parse` reads, one group a run of steps of the same due state."""
        groups: list[tuple[DueState, list[str]]] = []
        for state, component in self.steps:
            if not groups or groups[-1][0] is not state:
                groups.append((state, []))
            groups[-1][1].append(component.value)
        return "; ".join(f"{state.value}: {' '.join(components)}" for state, components in groups)


STANDARD = Order.parse(
    "overdue: penalty fee interest principal; due: penalty fee interest principal; "
    "advance: interest principal"
)
"""Penalty, fee, interest, principal, the oldest instalment first, also in advance: who pays some days early is not late
when the day comes. The rest is credit."""


@dataclass(frozen=True, slots=True)
class Part:
    """A share of a payment, always positive.

    n is the instalment it pays; None for principal paid off ahead of its instalments and for credit.
    component is what it pays; None for money kept as unallocated credit.
    """

    n: int | None
    component: Component | None
    amount: Decimal


def allocate(amount: Decimal, dues: Sequence[Due], order: Order, on: date) -> list[Part]:
    """Split a payment made on a day over what is unpaid; the parts sum to the payment, to the cent.

    No part is larger than what is unpaid for its reason. The order of `dues` does not matter.

    >>> today = date(2024, 3, 1)
    >>> dues = [Due(2, today, Decimal("80"), Decimal("3")), Due(1, date(2024, 2, 1), interest=Decimal("4"))]
    >>> parts = allocate(Decimal("90"), dues, STANDARD, today)
    >>> [(part.n, str(part.component), str(part.amount)) for part in parts]
    [(1, 'interest', '4'), (2, 'interest', '3'), (2, 'principal', '80'), (None, 'None', '3.00')]

    Raises ValueError for an amount that is not positive or has fractions of a cent.
    """
    if amount <= 0 or amount % CENT:
        raise ValueError(_("A payment must be a positive amount in cents, not %(amount)s.", amount=amount))
    parts: list[Part] = []
    left = amount
    for due, component in _walk(sorted(dues, key=lambda due: (due.due_on, due.n)), order, on):
        taken = min(left, due.unpaid(component))
        if taken > 0:
            parts.append(Part(due.n, component, taken))
            left -= taken
    if left > 0:
        parts += _surplus_parts(left, dues, parts, order.surplus)
    return parts


def _walk(dues: Sequence[Due], order: Order, on: date) -> Iterator[tuple[Due, Component]]:
    """What is paid, in the order in which it is."""
    if order.direction is Direction.VERTICAL:
        for state, component in order.steps:
            yield from ((due, component) for due in dues if due.state(on) is state)
        return
    for state in dict.fromkeys(state for state, _component in order.steps):
        components = [component for at, component in order.steps if at is state]
        for due in dues:
            if due.state(on) is state:
                yield from ((due, component) for component in components)


def _surplus_parts(left: Decimal, dues: Iterable[Due], parts: Iterable[Part], surplus: Surplus) -> list[Part]:
    ahead = ZERO
    if surplus is Surplus.PRINCIPAL:
        paid = sum((part.amount for part in parts if part.component is Component.PRINCIPAL), ZERO)
        ahead = min(left, sum((due.principal for due in dues), ZERO) - paid)
    kept = [Part(None, Component.PRINCIPAL, ahead), Part(None, None, left - ahead)]
    return [part for part in kept if part.amount > 0]
