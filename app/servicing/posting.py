"""Posting money received: one payment of one loan. Files of them go through `app.servicing.posting_bulk`.

Everything about a loan's money happens under a lock on its row, so payments that arrive at once wait for one
another and none is lost. A payment is known by its client, source and reference and posted once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import clock, settings
from app.core.errors import OutOfScope, RuleError
from app.core.money import CENT, ZERO
from app.models.journal import Allocation, Component, Repayment, RepaymentKind
from app.models.lending import Bucket, Instalment, Loan, LoanStatus, Product
from app.servicing import dues
from app.servicing.account import Account, Line, Position, Share, Split, order_of

COMPONENTS = {
    dues.Component.PRINCIPAL: Component.PRINCIPAL,
    dues.Component.INTEREST: Component.INTEREST,
    dues.Component.FEE: Component.FEE,
    dues.Component.PENALTY: Component.PENALTY,
    None: Component.OVERPAYMENT,
}


@dataclass
class Open:
    """A loan whose row is locked, its account, and the day as of which its position is kept."""

    loan: Loan
    product: Product
    account: Account
    instalments: dict[int, Instalment]
    as_of: date


def post_repayment(  # noqa: PLR0913 - the facts of a payment
    session: Session, loan_id: int, amount: Decimal, received_on: date, *, source: str, reference: str,
    business_on: date, split: Split | None = None, remark: str | None = None, user_id: int | None = None,
) -> Repayment:  # fmt: skip
    """Post a payment and bring the loan to its new position; a payment posted before is given back unchanged.

    `split` is what the payer's bank states as principal and interest; without it the product's order decides.
    After a write-off the payment is a recovery. `business_on` is the installation's business date.

    Raises OutOfScope for a loan that is not seen, and RuleError for an amount, day or split that cannot be
    and for a reference that names another payment.
    """
    opened = open_loan(session, loan_id, business_on)
    known = _posted_before(session, opened.loan, source, reference, amount, received_on)
    if known is not None:
        return known
    check(amount, received_on, opened.loan.disbursed_on, opened.as_of, split)
    row = Repayment(
        client_id=opened.loan.client_id, loan_id=loan_id, customer_id=opened.loan.customer_id,
        received_on=received_on, amount=amount, currency=opened.loan.currency,
        source=source, reference=reference, remark=remark,
        stated_principal=split and split.principal, stated_interest=split and split.interest,
        kind=kind_of(opened.loan.written_off_on, received_on), posted_by_id=user_id,
    )  # fmt: skip
    shares = opened.account.pay(amount, received_on, split)
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:
        raise RuleError(_("Another payment has the reference %(it)s", it=reference), "reference") from error
    write(session, opened, row, shares)
    return row


@dataclass(frozen=True)
class Owed:
    """What is unpaid of a loan's schedule, principal and interest: up to a day, next after it, and in all."""

    today: Decimal
    coming: Decimal
    in_all: Decimal


def owed(session: Session, loan_id: int, on: date) -> Owed:
    """What is unpaid of a loan as seen on a day."""
    found = select(Instalment).where(Instalment.loan_id == loan_id).order_by(Instalment.number)
    lines = [line for line in lines_of(session.scalars(found).all()) if line.is_open]
    unpaid = [(line.due_on, line.principal_unpaid + line.interest_unpaid) for line in lines]
    return Owed(
        sum((amount for due_on, amount in unpaid if due_on <= on), ZERO),
        next((amount for due_on, amount in unpaid if due_on > on), ZERO),
        sum((amount for _due_on, amount in unpaid), ZERO),
    )


def overpaid(session: Session, loan_id: int) -> Decimal:
    """What was paid beyond all that the loan owed; what was taken back is off."""
    found = select(func.sum(Allocation.amount)).where(
        Allocation.loan_id == loan_id, Allocation.component == Component.OVERPAYMENT
    )
    return session.scalar(found) or ZERO


def open_loan(session: Session, loan_id: int, business_on: date) -> Open:
    """Lock a loan and read its account as of the business date that holds once the lock is ours.

    Raises OutOfScope for a loan that is not seen.
    """
    found = select(Loan).where(Loan.id == loan_id).with_for_update(key_share=True)
    loan = session.scalars(found.execution_options(populate_existing=True)).one_or_none()
    if loan is None:
        raise OutOfScope
    product = session.get_one(Product, loan.product_id)
    rows = session.scalars(
        select(Instalment)
        .where(Instalment.loan_id == loan_id)
        .order_by(Instalment.number)
        .execution_options(populate_existing=True)
    ).all()
    account = Account(lines_of(rows), order_of(product.allocation_order))
    # A night that ended while we waited for the lock has moved the date.
    present = settings.read_date(session, clock.BUSINESS_DATE)
    return Open(
        loan, product, account, {row.id: row for row in rows}, max(business_on, present or business_on)
    )


def lines_of(instalments: Iterable[Instalment]) -> list[Line]:
    """The instalments as an account keeps them."""
    return [
        Line(
            each.id, each.number, each.due_on, each.principal, each.interest,
            each.principal_paid, each.interest_paid, each.paid_on,
        )
        for each in instalments
    ]  # fmt: skip


def write(session: Session, opened: Open, row: Repayment, shares: Sequence[Share]) -> None:
    """Store the shares of a payment, what they paid, and the loan's position."""
    session.add_all(
        Allocation(
            repayment_id=row.id, loan_id=row.loan_id, instalment_id=share.line and share.line.id,
            component=COMPONENTS[share.component], amount=share.amount,
        )
        for share in shares
    )  # fmt: skip
    for line in opened.account.touched.values():
        instalment = opened.instalments[line.id]
        instalment.principal_paid, instalment.interest_paid = line.principal_paid, line.interest_paid
        instalment.paid_on = line.paid_on
    _keep(session, opened)
    session.flush()


def _keep(session: Session, opened: Open) -> None:
    """Put the account's position on the loan."""
    loan, position = opened.loan, opened.account.position(opened.as_of)
    days = (opened.as_of - position.overdue_since).days if position.overdue_since else 0
    loan.principal_outstanding = position.principal_outstanding
    loan.overdue_principal, loan.overdue_interest = position.overdue_principal, position.overdue_interest
    loan.overdue_since, loan.next_due_on = position.overdue_since, position.next_due_on
    loan.settled_on = position.settled_on
    loan.status = status_of(
        position, days, opened.product.grace_days, is_written_off=bool(loan.written_off_on)
    )
    within = select(Bucket.id).where(Bucket.from_days <= days).order_by(Bucket.from_days.desc()).limit(1)
    loan.bucket_id = None if position.settled_on else session.scalar(within)


def status_of(position: Position, days: int, grace_days: int, *, is_written_off: bool) -> LoanStatus:
    """The status of a loan that is so many days past due."""
    if is_written_off:
        return LoanStatus.WRITTEN_OFF
    if position.settled_on:
        return LoanStatus.SETTLED
    if days <= 0:
        return LoanStatus.CURRENT
    return LoanStatus.GRACE if days <= grace_days else LoanStatus.OVERDUE


def kind_of(written_off_on: date | None, received_on: date) -> RepaymentKind:
    """What comes in for a loan that was written off is recovery."""
    is_recovery = written_off_on is not None and received_on >= written_off_on
    return RepaymentKind.RECOVERY if is_recovery else RepaymentKind.REPAYMENT


def check(
    amount: Decimal, received_on: date, disbursed_on: date, business_on: date, split: Split | None = None
) -> None:
    """Raise RuleError, naming the field, for a payment that cannot be."""
    if amount <= 0:
        raise RuleError(_("The amount must be more than zero"), "amount")
    if amount % CENT:
        raise RuleError(_("The amount has fractions of a cent"), "amount")
    if received_on < disbursed_on:
        raise RuleError(
            _("The day is before the loan was paid out (%(day)s)", day=disbursed_on), "received_on"
        )
    if received_on > business_on:
        raise RuleError(_("The day is after the business date (%(day)s)", day=business_on), "received_on")
    if split is not None and split.principal > amount:
        raise RuleError(
            _(
                "The principal, %(part)s, is more than the amount, %(amount)s",
                part=split.principal,
                amount=amount,
            ),
            "principal",
        )
    if split is not None and min(split.principal, split.interest) < 0:
        raise RuleError(_("Principal and interest cannot be negative"), "principal")
    if split is not None and split.principal + split.interest != amount:
        raise RuleError(_("Principal and interest do not sum to the amount"), "principal")


def _posted_before(
    session: Session, loan: Loan, source: str, reference: str, amount: Decimal, received_on: date
) -> Repayment | None:
    same = select(Repayment).where(
        Repayment.client_id == loan.client_id, Repayment.source == source, Repayment.reference == reference
    )
    known = session.scalars(same).one_or_none()
    if known is not None and (known.loan_id, known.amount, known.received_on) != (
        loan.id,
        amount,
        received_on,
    ):
        raise RuleError(_("Another payment has the reference %(it)s", it=reference), "reference")
    return known
