"""Reversing a payment: a new row takes it back, and what came after it is allocated as if it had not come.

Nothing is overwritten. The reversal carries minus the amount, and as its shares the difference between what
is allocated now and what the remaining payments, posted anew in their order, would have paid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import OutOfScope, RuleError
from app.core.money import ZERO
from app.models.journal import Allocation, Component, Repayment, RepaymentKind
from app.servicing.account import Account, Split
from app.servicing.posting import COMPONENTS, open_loan, write

Cell = tuple[int | None, Component]
Sums = dict[Cell, Decimal]


def reverse(
    session: Session, repayment_id: int, on: date, reason: str, user_id: int | None = None
) -> Repayment:
    """Take a payment back on a day; its loan stands as if it had not come.

    Raises OutOfScope for a payment that is not seen; RuleError for one that is a reversal itself, was
    reversed already, or was received after `on`.
    """
    known = session.get(Repayment, repayment_id)
    if known is None:
        raise OutOfScope
    opened = open_loan(session, known.loan_id, on)
    rows = _rows(session, known.loan_id)
    _check(known, rows, on)
    first = _first_to_replay(known, rows)
    undone = _undo(session, opened.account, known.loan_id, first)
    gone = {row.reverses_id for row in rows} | {known.id}
    paid = _replay(opened.account, [row for row in rows if row.id >= first and row.id not in gone])
    reversal = Repayment(
        client_id=known.client_id, loan_id=known.loan_id, customer_id=known.customer_id, received_on=on,
        amount=-known.amount, currency=known.currency, kind=RepaymentKind.REVERSAL, source="reversal",
        reference=str(known.id), reverses_id=known.id, remark=reason, posted_by_id=user_id,
    )  # fmt: skip
    session.add(reversal)
    session.flush()
    write(session, opened, reversal, ())
    session.add_all(
        Allocation(
            repayment_id=reversal.id, loan_id=known.loan_id, instalment_id=line_id, component=component,
            amount=paid[line_id, component] - undone[line_id, component],
        )
        for line_id, component in sorted({*paid, *undone}, key=str)
        if paid[line_id, component] != undone[line_id, component]
    )  # fmt: skip
    session.flush()
    return reversal


def _check(known: Repayment, rows: Iterable[Repayment], on: date) -> None:
    if known.kind == RepaymentKind.REVERSAL:
        raise RuleError(_("A reversal cannot be reversed; post the payment again"))
    if any(row.reverses_id == known.id for row in rows):
        raise RuleError(_("The payment has been reversed already"))
    if on < known.received_on:
        raise RuleError(
            _("The day is before the payment was received (%(day)s)", day=known.received_on), "on"
        )


def _rows(session: Session, loan_id: int) -> list[Repayment]:
    found = select(Repayment).where(Repayment.loan_id == loan_id).order_by(Repayment.id)
    return list(session.scalars(found.execution_options(populate_existing=True)))


def _first_to_replay(known: Repayment, rows: Iterable[Repayment]) -> int:
    """The payment itself, or the oldest one that was taken back after it: that reversal is made anew too."""
    first = known.id
    for row in sorted(rows, key=lambda row: row.id, reverse=True):
        if row.reverses_id is not None and row.id >= first:
            first = min(first, row.reverses_id)
    return first


def _undo(session: Session, account: Account, loan_id: int, first: int) -> Sums:
    """Take from the account what the rows from `first` on paid; the sums of it."""
    later = select(Allocation).where(Allocation.loan_id == loan_id, Allocation.repayment_id >= first)
    sums = _sums((each.instalment_id, each.component, each.amount) for each in session.scalars(later))
    lines = {line.id: line for line in account.lines}
    for (line_id, component), amount in sums.items():
        if line_id is None:
            continue
        if component == Component.PRINCIPAL:
            lines[line_id].principal_paid -= amount
        else:
            lines[line_id].interest_paid -= amount
    if any(line_id is not None for line_id, _component in sums):
        for line in account.lines:
            if line.principal + line.interest > line.principal_paid + line.interest_paid:
                line.paid_on = None
    account.touched = lines
    return sums


def _replay(account: Account, rows: Iterable[Repayment]) -> Sums:
    """Post payments anew, in the order in which they were posted."""
    shares = [
        share
        for row in rows
        if row.kind != RepaymentKind.REVERSAL
        for share in account.pay(row.amount, row.received_on, _split(row))
    ]
    return _sums(
        (share.line.id if share.line else None, COMPONENTS[share.component], share.amount) for share in shares
    )


def _split(row: Repayment) -> Split | None:
    if row.stated_principal is None or row.stated_interest is None:
        return None
    return Split(row.stated_principal, row.stated_interest)


def _sums(shares: Iterable[tuple[int | None, Component, Decimal]]) -> Sums:
    sums: Sums = defaultdict(lambda: ZERO)
    for line_id, component, amount in shares:
        sums[line_id, component] += amount
    return sums
