"""The journal of money: payments, what each paid, write-offs. Rows are added, never changed; a reversal is a row."""

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core import codes
from app.core.entity import Entity, link
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import Choice, Code, CreatedAt, Currency, Line, Money, choice


class RepaymentKind(Choice):
    """What sort of posting it is."""

    REPAYMENT = "repayment", _("Repayment"), "green"
    OPENING = "opening", _("Opening position"), "secondary"
    RECOVERY = "recovery", _("Recovery after write-off"), "teal"
    REVERSAL = "reversal", _("Reversal"), "red"


codes.add(
    "repayment_source",
    {
        "manual": _("By hand"), "file": _("From a file"), "opening": _("Opening position"), "reversal": _("Reversal"),
    },
)  # fmt: skip


class Repayment(Entity):
    """Money received for a loan on one day. Posted once: source and reference identify it."""

    __called__ = "reference"
    __scope__ = Scope.through("loan")
    __history__ = False
    __told__ = ()
    __table_args__ = (
        UniqueConstraint("client_id", "source", "reference"),
        Index("ix_repayment_loan", "loan_id", "received_on"),
        Index("ix_repayment_received", "received_on"),
    )

    client_id: Mapped[int] = link("client", index=False)
    loan_id: Mapped[int] = link("loan", index=False)
    customer_id: Mapped[int] = link("customer")
    received_on: Mapped[date]
    amount: Mapped[Money]
    currency: Mapped[Currency]
    stated_principal: Mapped[Money | None]
    """What the lender's file states of the amount as principal; empty: the product's order allocated it."""
    stated_interest: Mapped[Money | None]
    kind: Mapped[RepaymentKind] = choice(RepaymentKind, default=RepaymentKind.REPAYMENT)
    source: Mapped[Code] = mapped_column(info={"said": "repayment_source"})
    reference: Mapped[Code]
    reverses_id: Mapped[int | None] = link("repayment")
    remark: Mapped[Line | None]
    posted_at: Mapped[CreatedAt]
    posted_by_id: Mapped[int | None] = link("user")

    __screen__ = Screen(
        help=_(
            "The journal of money received. A repayment is posted once, by its source and reference, and never changed; "
            "what was wrong is taken back by a reversal, which is a row of its own. Each payment is allocated to "
            "instalments in the order that the product says."
        ),
        menu=_("Portfolio"), title=_("Repayments"), icon="coins", position=26, operations="", order="-id",
        list="received_on loan customer amount currency kind source reference",
        show={_("Repayment"): "received_on loan customer amount currency kind source reference stated_principal stated_interest "
                            "reverses remark posted_at posted_by"},
        tabs="allocation", search="reference loan.number", filters="received_on loan customer client amount kind source",
        charts={"kind": "count sum(amount)"},
    )  # fmt: skip


class Component(Choice):
    """What a part of a payment pays."""

    PRINCIPAL = "principal", _("Principal"), "blue"
    INTEREST = "interest", _("Interest"), "cyan"
    PENALTY = "penalty", _("Penalty"), "red"
    FEE = "fee", _("Fee"), "orange"
    OVERPAYMENT = "overpayment", _("Overpayment"), "secondary"


class Allocation(Entity):
    """The part of a repayment that paid one component of one instalment."""

    __scope__ = Scope.through("loan")
    __history__ = False
    __table_args__ = (Index("ix_allocation_loan", "loan_id", "repayment_id"),)

    repayment_id: Mapped[int] = link("repayment")
    loan_id: Mapped[int] = link("loan", index=False)
    instalment_id: Mapped[int | None] = link("instalment")
    component: Mapped[Component] = choice(Component)
    amount: Mapped[Money]

    __screen__ = Screen(
        title=_("Allocations"), icon="scale", list="repayment loan instalment component amount", operations="",
        filters="component amount loan repayment",
    )  # fmt: skip


class WriteOff(Entity):
    """A loan's principal taken off the books on a day. The customer still owes it; what comes in is recovery."""

    __scope__ = Scope.through("loan")
    __history__ = False
    __told__ = ()
    __table_args__ = (UniqueConstraint("loan_id", "written_off_on"),)

    loan_id: Mapped[int] = link("loan", index=False)
    written_off_on: Mapped[date]
    principal: Mapped[Money]
    reason: Mapped[Line]
    posted_at: Mapped[CreatedAt] = mapped_column()
    posted_by_id: Mapped[int | None] = link("user")

    __screen__ = Screen(
        help=_(
            "Loans whose principal was taken off the books. The customer still owes it: money that comes in later is posted"
            " as recovery. A write-off cannot be edited; it stays in the history of the loan."
        ),
        menu=_("Portfolio"), title=_("Write-offs"), icon="ban", position=27, operations="",
        list="written_off_on loan principal reason posted_by", search="reason", order="-id",
    )  # fmt: skip
