"""What people do with loans, payments and products by hand: the verbs of the screens and of the REST API."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import format_decimal, gettext, lazy_gettext as _, lazy_pgettext
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from app.core import form_rules
from app.core.db import because
from app.core.errors import RuleError
from app.core.operation import operation
from app.core.types import Code, Line, Money, Name
from app.models.journal import Allocation, Component, Repayment, RepaymentKind
from app.models.lending import Loan, LoanStatus, Product, ProductStatus
from app.servicing import posting, reversal, write_offs

BY_HAND = "manual"
"""Source of payments that people type, on a screen or through the REST API."""
_REVERSIBLE = (RepaymentKind.REPAYMENT, RepaymentKind.RECOVERY)


@operation(
    Loan, _("Post repayment"), roles=("Clerk",), icon="coins", is_bulk=False, is_primary=True,
    labels={"is_checked": _("The amount is right, although it is more than the next instalment")},
)  # fmt: skip
def post_repayment(  # noqa: PLR0913 - the facts of a payment
    session: Session, loan: Loan, *, amount: Money, received_on: date, reference: Code,
    remark: Line | None = None, is_checked: bool = False, business_on: date, user_id: int,
) -> object:  # fmt: skip
    """Post money received; a reference that was posted before for the same payment changes nothing.

    More than what is due and the next instalment is only taken where `is_checked` says that this is meant.
    """
    same = (
        Repayment.client_id == loan.client_id,
        Repayment.source == BY_HAND,
        Repayment.reference == reference,
    )
    was_known = session.scalar(select(Repayment.id).where(*same)) is not None
    owed = posting.owed(session, loan.id, business_on)
    row = posting.post_repayment(
        session, loan.id, amount, received_on, source=BY_HAND, reference=reference, remark=remark,
        business_on=business_on, user_id=user_id,
    )  # fmt: skip
    if was_known:
        return gettext("This repayment was posted before; nothing was posted again")
    too_much = amount - owed.today - owed.coming
    # an instalment paid some days early is no mistake
    if too_much > 0 and not is_checked:
        sentence = _(
            "Nothing was posted yet. Due up to today: %(today)s %(currency)s, the next instalment: %(coming)s %(currency)s. "
            "Still to pay on this loan: %(in_all)s %(currency)s. This payment is %(too_much)s %(currency)s more: it would "
            "pay later instalments or be kept as an overpayment. Check the amount; if it is right, tick this.",
            today=_amount(owed.today), coming=_amount(owed.coming), in_all=_amount(owed.in_all),
            too_much=_amount(too_much), currency=loan.currency,
        )  # fmt: skip
        raise RuleError(sentence, "is_checked")
    return gettext("Posted: %(parts)s", parts=_parts(session, row))


def _amount(value: Decimal) -> str:
    return str(format_decimal(value, "#,##0.00"))


def _parts(session: Session, row: Repayment) -> str:
    """What a payment paid, in words: principal 900.00, interest 100.00."""
    sums: dict[Component, Any] = {}
    for each in session.scalars(select(Allocation).where(Allocation.repayment_id == row.id)):
        sums[each.component] = sums.get(each.component, 0) + each.amount
    return ", ".join(
        f"{component.label} {_amount(amount)} {row.currency}" for component, amount in sums.items()
    )


@operation(
    Loan, lazy_pgettext("operation", "Write off"), icon="ban", is_danger=True, labels={"written_off_on": _("On")},
    intro=_("The outstanding principal leaves the books. The customer still owes it; what comes in is recovery."),
    is_offered=lambda loan: loan.written_off_on is None and loan.principal_outstanding > 0,
)  # fmt: skip
def write_off(
    session: Session, loan: Loan, *, reason: Line, written_off_on: date, business_on: date, user_id: int
) -> object:
    """Take what is outstanding off the books."""
    row = write_offs.write_off(session, loan.id, written_off_on, reason, business_on, user_id)
    return gettext(
        "Written off: %(amount)s %(currency)s", amount=_amount(row.principal), currency=loan.currency
    )


@operation(
    Loan, _("Stop dunning"), roles=("Manager", "Officer"), icon="message-off",
    is_offered=lambda loan: not loan.is_dunning_stopped and loan.status != LoanStatus.SETTLED,
)  # fmt: skip
def stop_dunning(session: Session, loan: Loan, *, reason: Line) -> object:
    """Let nobody be reminded of this loan until dunning is resumed; the reason stands in its history."""
    if loan.is_dunning_stopped:
        raise RuleError(_("Dunning is stopped already"))
    because(session, reason)
    loan.is_dunning_stopped = True
    return gettext("Dunning is stopped")


@operation(
    Loan, _("Resume dunning"), roles=("Manager", "Officer"), icon="message",
    is_offered=lambda loan: loan.is_dunning_stopped,
)  # fmt: skip
def resume_dunning(session: Session, loan: Loan, *, reason: Line) -> object:
    """Let reminders go out again."""
    if not loan.is_dunning_stopped:
        raise RuleError(_("Dunning is not stopped"))
    because(session, reason)
    loan.is_dunning_stopped = False
    return gettext("Reminders go out again")


@operation(
    Repayment, _("Reverse"), roles=("Manager",), icon="arrow-back-up", is_danger=True,
    intro=_("A row that takes the payment back is posted; the loan stands as if it had not come."),
    is_offered=lambda row: row.kind in _REVERSIBLE,
)  # fmt: skip
def reverse_repayment(
    session: Session, row: Repayment, *, reason: Line, business_on: date, user_id: int
) -> object:
    """Take a payment back on the business date."""
    if row.kind == RepaymentKind.OPENING:
        raise RuleError(_("An opening position comes from the lender's file and cannot be reversed"))
    made = reversal.reverse(session, row.id, business_on, reason, user_id)
    return gettext("Reversed: %(amount)s %(currency)s", amount=_amount(-made.amount), currency=made.currency)


@operation(Product, _("Copy"), icon="copy", is_bulk=False)
def copy_product(session: Session, product: Product, *, code: Code, name: Name) -> object:
    """Make a planned product with the same terms, to be changed before it is sold."""
    left_out = {"id", "code", "name", "status"}
    kept = {each.key: getattr(product, each.key) for each in inspect(Product).column_attrs if each.key not in left_out}  # fmt: skip
    made = Product(**kept, code=code, name=name, status=ProductStatus.PLANNED)
    taken = select(Product.id).where(
        Product.code == code, Product.client_id.is_not_distinct_from(product.client_id)
    )
    if session.scalar(taken) is not None:
        raise RuleError(_("There is a product with this code already"), "code")
    warnings = form_rules.prepare(session, made, None)
    session.add(made)
    session.flush()
    return " ".join([gettext("Copied to %(name)s, which is planned", name=name), *warnings])
