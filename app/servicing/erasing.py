"""Erasing a customer's personal values: the verb, and what must be over before it may be done."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import erasure
from app.core.db import because
from app.core.errors import RuleError
from app.core.operation import operation
from app.core.types import Line
from app.models.customers import Customer, CustomerStatus
from app.models.lending import Loan, LoanStatus
from app.models.messages import Message, MessageState

UNDER_WAY = (MessageState.QUEUED, MessageState.SENDING)


@operation(
    Customer, _("Erase personal values"), icon="trash", is_bulk=False, is_danger=True, is_seldom=True,
    house="a person's values are erased wherever they stand, also beyond the sight of whoever asks",
    intro=_(
        "This cannot be undone. Name, numbers, day of birth, remarks, contact notes and texts of messages are emptied; telephones, "
        "addresses and linked people are deleted; what the history keeps of them can be read by nobody any more. Comments, "
        "tasks and files stay: delete those first that name the person."
    ),
)  # fmt: skip
def erase_customer(house: Session, customer: Customer, *, reason: Line) -> object:
    """Empty what is personal of a customer with whom all business is done, and destroy the key of his history."""
    erasure.hold(house, customer)
    owed = select(Loan.number).where(Loan.customer_id == customer.id, Loan.status != LoanStatus.SETTLED)
    if number := house.scalar(owed.order_by(Loan.id).limit(1)):
        raise RuleError(_("The customer has a loan that is not settled: %(number)s", number=number))
    waiting = select(Message.id).where(Message.customer_id == customer.id, Message.state.in_(UNDER_WAY))
    if house.scalar(waiting.limit(1)) is not None:
        raise RuleError(_("Messages to the customer are waiting to be sent; cancel them first"))
    because(house, reason)
    # nobody is there any more whom one could write to
    customer.status, customer.is_do_not_contact = CustomerStatus.INACTIVE, True
    house.flush()
    erasure.erase(house, customer)
    return gettext("The personal values are erased")
