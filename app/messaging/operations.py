"""What people do with messages by hand: the verbs of the screens and of the REST API."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, codes
from app.core.errors import RuleError
from app.core.operation import Refused, operation
from app.core.personal import name_of
from app.core.types import Text
from app.messaging import calling, manual
from app.models.customers import Customer
from app.models.lending import Loan
from app.models.messages import Message, MessageState, MessageTemplate

SENDERS = ("Manager", "Officer", "Agent")
_INTRO = _(
    "Each customer gets it on his primary number, a template in his own language. Whoever may not be contacted now "
    "is left out, with the reason."
)
BY_HAND = "cancelled_by_hand"
codes.add("contact_reason", {BY_HAND: _("Cancelled by a person")})


@operation(Customer, _("Send message"), roles=SENDERS, icon="send", intro=_INTRO)
def message_customer(
    session: Session, customer: Customer, *, message_template_id: int | None = None, text: Text | None = None,
    business_on: date, user_id: int,
) -> object:  # fmt: skip
    """Write to a customer, about none of his loans."""
    wanted = _wanted(session, message_template_id, text)
    return _said(manual.send(session, wanted, business_on, user_id, customer_id=customer.id))


@operation(Loan, _("Send message"), roles=SENDERS, icon="send", intro=_INTRO)
def message_borrower(
    session: Session, loan: Loan, *, message_template_id: int | None = None, text: Text | None = None,
    business_on: date, user_id: int,
) -> object:  # fmt: skip
    """Write to the borrower about a loan."""
    wanted = _wanted(session, message_template_id, text)
    return _said(manual.send(session, wanted, business_on, user_id, loan_id=loan.id))


def _wanted(session: Session, template_id: int | None, text: str | None) -> manual.Wanted:
    return manual.Wanted(session.get_one(MessageTemplate, template_id) if template_id else None, text)


def _said(message: Message) -> object:
    """What came of it, in words."""
    if message.state == MessageState.REFUSED:
        return Refused(codes.say("contact_reason", message.reason or ""))
    return gettext("Queued to %(number)s", number=name_of(message.phone or "", "phone"))


@operation(
    Message, _("Cancel"), roles=("Manager", "Officer"), icon="ban",
    is_offered=lambda message: message.state == MessageState.QUEUED,
)  # fmt: skip
def cancel_message(session: Session, message: Message, *, user_id: int) -> object:
    """Take a message out of the queue before it is handed to the provider."""
    _lock(session, message)
    if message.state != MessageState.QUEUED:
        raise RuleError(
            _("Only a queued message can be cancelled; this one is: %(state)s", state=message.state.label)
        )
    message.state, message.reason = MessageState.CANCELLED, BY_HAND
    _note(message, "cancelled", user_id)
    return gettext("The message is cancelled")


@operation(
    Message, _("Send again"), roles=("Manager",), icon="repeat",
    is_offered=lambda message: message.state == MessageState.FAILED,
)  # fmt: skip
def retry_message(session: Session, message: Message, *, business_on: date, user_id: int) -> object:
    """Queue a failed message for now. The rules of contact are asked again before it leaves.

    One whose outcome is unknown is not sent again: the customer may have it.
    """
    _lock(session, message)
    if message.state == MessageState.UNKNOWN:
        raise RuleError(_("It is not known whether the customer has it; it is not sent a second time"))
    if message.state != MessageState.FAILED:
        raise RuleError(
            _("Only a failed message can be sent again; this one is: %(state)s", state=message.state.label)
        )
    message.state, message.reason, message.attempts = MessageState.QUEUED, None, 0
    message.provider = message.provider_reference = message.sent_at = None
    # the day's own message may be made beside it: this one is no longer that of a day and time
    message.slot, message.business_on = "", business_on
    message.send_after = calling.moment(session, business_on)
    # reports of the first attempt say nothing of the second
    before, message.receipts = message.receipts, []
    _note(message, "queued again", user_id, before=before)
    return gettext("The message is queued again")


def _lock(session: Session, message: Message) -> None:
    """Read the row anew and hold it: the sender may have taken it meanwhile."""
    mine = select(Message).where(Message.id == message.id).with_for_update(of=Message)
    session.scalars(mine.execution_options(populate_existing=True)).one()


def _note(message: Message, what: str, user_id: int, **more: object) -> None:
    """Keep among the receipts what a person did, and who."""
    told = {"at": clock.now().isoformat(), "did": what, "user_id": user_id, **more}
    message.receipts = [*message.receipts, told]
