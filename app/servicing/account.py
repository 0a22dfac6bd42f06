"""A loan's account while money is posted to it: what is paid of each instalment, and where the loan stands.

Pure: it takes amounts and days and answers with what is to be written. In words: docs/algorithms/allocation.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _

from app.core.money import CENT, ZERO
from app.servicing.dues import Component, Due, DueState
from app.servicing.waterfall import STANDARD, Direction, Order, Part, Surplus, allocate


@dataclass(slots=True)
class Line:
    """One instalment as it is paid. `id` is what the journal calls it; `number` counts within the loan.

    Closed (`paid_on` is set) once all of it is paid, or once the loan is paid off before it fell due: its
    interest is then owed no more.
    """

    id: int
    number: int
    due_on: date
    principal: Decimal
    interest: Decimal
    principal_paid: Decimal = ZERO
    interest_paid: Decimal = ZERO
    paid_on: date | None = None

    @property
    def principal_unpaid(self) -> Decimal:
        """Principal still owed of it."""
        return self.principal - self.principal_paid

    @property
    def interest_unpaid(self) -> Decimal:
        """Interest still owed of it."""
        return ZERO if self.paid_on else self.interest - self.interest_paid

    @property
    def is_open(self) -> bool:
        """Whether something of it is still owed."""
        return self.paid_on is None and self.principal_unpaid + self.interest_unpaid > 0


@dataclass(frozen=True, slots=True)
class Split:
    """What a lender's file states that a payment paid; both zero or more."""

    principal: Decimal
    interest: Decimal


@dataclass(frozen=True, slots=True)
class Share:
    """A share of a payment. Without a line, and without a component, it is kept as overpayment."""

    line: Line | None
    component: Component | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Position:
    """Where a loan stands on a day."""

    principal_outstanding: Decimal
    overdue_principal: Decimal
    overdue_interest: Decimal
    overdue_since: date | None
    next_due_on: date | None
    settled_on: date | None


@dataclass(slots=True)
class Account:
    """The instalments of one loan in the order of their numbers, and how its payments are allocated."""

    lines: list[Line]
    order: Order = STANDARD
    touched: dict[int, Line] = field(default_factory=dict)
    """Lines that changed, by id."""

    def pay(self, amount: Decimal, on: date, split: Split | None = None) -> list[Share]:
        """Post a payment; the shares sum to it, to the cent.

        A stated split is followed, oldest instalment first; what the loan does not owe is overpayment.
        Without one the product's order decides. Raises ValueError for amounts that are not positive or whole
        cents, or a split that does not sum to the amount.
        """
        if amount <= 0 or amount % CENT:
            raise ValueError(
                _("A payment must be a positive amount in cents, not %(amount)s.", amount=amount)
            )
        shares = self._as_stated(amount, split) if split else self._by_order(amount, on)
        for share in shares:
            self._apply(share, on)
        self._close(on)
        return shares

    def take(self, shares: Iterable[Share], on: date) -> None:
        """Post shares that are known already: an opening position."""
        for share in shares:
            self._apply(share, on)
        self._close(on)

    def position(self, on: date) -> Position:
        """Where the loan stands at the beginning of a day: what was due before it is overdue."""
        late = [line for line in self.lines if line.is_open and line.due_on < on]
        ahead = [line.due_on for line in self.lines if line.is_open and line.due_on >= on]
        owed = sum((line.principal_unpaid for line in self.lines), ZERO)
        is_settled = not late and not ahead and not owed
        return Position(
            principal_outstanding=owed,
            overdue_principal=sum((line.principal_unpaid for line in late), ZERO),
            overdue_interest=sum((line.interest_unpaid for line in late), ZERO),
            overdue_since=min((line.due_on for line in late), default=None),
            next_due_on=min(ahead, default=None),
            settled_on=max((line.paid_on for line in self.lines if line.paid_on), default=None)
            if is_settled
            else None,
        )

    def _as_stated(self, amount: Decimal, split: Split) -> list[Share]:
        if min(split.principal, split.interest) < 0 or split.principal + split.interest != amount:
            raise ValueError(
                _(
                    "Principal %(principal)s and interest %(interest)s do not sum to %(amount)s.",
                    principal=split.principal,
                    interest=split.interest,
                    amount=amount,
                )
            )
        shares = [
            *self._filled(Component.INTEREST, split.interest, self.lines),
            *self._filled(Component.PRINCIPAL, split.principal, self.lines),
        ]
        return [*shares, *_kept(amount - sum((share.amount for share in shares), ZERO))]

    def _by_order(self, amount: Decimal, on: date) -> list[Share]:
        dues = [
            Due(line.number, line.due_on, line.principal_unpaid, line.interest_unpaid)
            for line in self.lines
            if line.is_open
        ]
        by_number = {line.number: line for line in self.lines}
        shares: list[Share] = []
        for part in allocate(amount, dues, self.order, on):
            if part.n is None:
                shares += self._surplus(part, shares)
            else:
                shares.append(Share(by_number[part.n], part.component, part.amount))
        return shares

    def _surplus(self, part: Part, before: Sequence[Share]) -> Iterator[Share]:
        """Principal paid ahead shortens the loan from its end, so the next instalments stay as agreed."""
        if part.component is None:
            yield from _kept(part.amount)
            return
        left = part.amount
        taken = {
            share.line.id: share.amount
            for share in before
            if share.line and share.component is Component.PRINCIPAL
        }
        for line in reversed(self.lines):
            share = min(left, line.principal_unpaid - taken.get(line.id, ZERO))
            if share > 0:
                yield Share(line, Component.PRINCIPAL, share)
                left -= share

    def _filled(self, component: Component, amount: Decimal, lines: Iterable[Line]) -> Iterator[Share]:
        left, is_principal = amount, component is Component.PRINCIPAL
        for line in lines:
            if left <= 0:
                return
            share = min(left, line.principal_unpaid if is_principal else line.interest_unpaid)
            if share > 0:
                yield Share(line, component, share)
                left -= share

    def _apply(self, share: Share, on: date) -> None:
        line = share.line
        if line is None:
            return
        if share.component is Component.PRINCIPAL:
            line.principal_paid += share.amount
        else:
            line.interest_paid += share.amount
        self.touched[line.id] = line
        if line.paid_on is None and not line.is_open:
            line.paid_on = on

    def _close(self, on: date) -> None:
        """Paid off: no principal is owed and no interest that fell due; later interest is owed no more."""
        owing = []
        for line in reversed(self.lines):  # the last instalment mostly owes principal, so this ends at once
            if line.paid_on is None:
                if line.principal_unpaid or (line.due_on <= on and line.interest_unpaid):
                    return
                owing.append(line)
        for line in owing:
            line.paid_on = on
            self.touched[line.id] = line


def _kept(amount: Decimal) -> list[Share]:
    return [Share(None, None, amount)] if amount > 0 else []


def order_of(text: str) -> Order:
    """The allocation order that a product's text describes; an empty text is the standard one.

    The words `vertical` and `surplus principal` may stand in front of the groups, each ended by a semicolon.
    Raises ValueError naming the word that is not known.

    >>> order_of("vertical; surplus principal; due: interest principal").surplus.value
    'principal'
    """
    groups = [group.strip() for group in text.split(";") if group.strip()]
    direction, surplus = Direction.HORIZONTAL, Surplus.CREDIT
    while groups and groups[0].lower() in {"vertical", "surplus principal"}:
        if groups.pop(0).lower() == "vertical":
            direction = Direction.VERTICAL
        else:
            surplus = Surplus.PRINCIPAL
    if not groups:
        # what is to reduce the principal cannot pay later instalments first
        steps = [s for s in STANDARD.steps if surplus is Surplus.CREDIT or s[0] is not DueState.ADVANCE]
        return Order(tuple(steps), direction, surplus)
    return Order.parse("; ".join(groups), direction, surplus)
