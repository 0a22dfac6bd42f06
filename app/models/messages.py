"""Message templates and messages. A message is its own outbox row: written with its cause, sent later."""

from datetime import date

from flask_babel import gettext, lazy_gettext as _, lazy_pgettext
from flask_babel.speaklater import LazyString
from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import codes
from app.core.entity import Entity, link
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import (
    Choice,
    Code,
    Count,
    CreatedAt,
    Days,
    Flag,
    Instant,
    JsonList,
    Line,
    Name,
    Phone as PhoneNumber,
    Text,
    choice,
    of_person,
)


class Channel(Choice):
    """By which way a message goes."""

    SMS = "sms", _("SMS"), "blue"
    VOICE = "voice", _("Voice"), "purple"
    EMAIL = "email", _("E-mail"), "cyan"


class TemplateKind(Choice):
    """When messages of a template are made."""

    ADVANCE = "advance", _("Advance reminder"), "blue"
    TIMED = "timed", _("Timed collection"), "orange"
    MANUAL = "manual", _("Manual"), "secondary"


def _words() -> str:
    """What the form says of words in braces; those of custom fields all with their labels."""
    usual = gettext(
        "Words in braces are filled in: {customer_name}, {due_date}, {due_amount}, {total_to_pay} …"
    )
    own = ", ".join(f"{{{name}}} ({label})" for name, label in codes.words("own_word").items())
    return f"{usual} {own}".rstrip()


class MessageTemplate(Entity):
    """Fixed text with placeholders, and when the night makes messages of it."""

    __scope__ = Scope.shared("wordings approved for use")
    __table_args__ = (UniqueConstraint("client_id", "name", "language", postgresql_nulls_not_distinct=True),)

    client_id: Mapped[int | None] = link("client")
    name: Mapped[Name]
    channel: Mapped[Channel] = choice(Channel, default=Channel.SMS)
    kind: Mapped[TemplateKind] = choice(TemplateKind)
    language: Mapped[Code] = mapped_column(info={"words": "language"})
    text: Mapped[Text]
    days_before: Mapped[Days | None]
    """Advance reminders: how many days before the due date."""
    send_times: Mapped[Line | None]
    """Times of day, separated by spaces: 09:00 18:30."""
    max_days_overdue: Mapped[Days | None]
    """Timed collection: beyond this many days past due nothing is sent."""
    is_active: Mapped[Flag]

    __screen__ = Screen(
        help=_(
            "Approved wordings and when the night makes messages of them: so many days before a due date, or at set times "
            "while a loan is overdue. Only active templates are used, each in its own language. Words in braces are filled "
            "in for each customer."
        ),
        guide="custom-fields",
        menu=_("Contact"), title=_("Message templates"), icon="message",
        list="name client kind channel language days_before send_times max_days_overdue is_active",
        form={_("Template"): "client name channel language text is_active",
              _("When"): "kind days_before send_times max_days_overdue"},
        search="name text", order="name",
        hints={
            "text": LazyString(_words),
            "days_before": _("Advance reminders: how many days before the due date"),
            "send_times": _("Times of day with a space between: 09:00 18:30"),
            "max_days_overdue": _("Timed collection: beyond this many days past due nothing is sent"),
        },
    )  # fmt: skip


class MessageState(Choice):
    """How far a message has come."""

    QUEUED = "queued", _("Queued"), "blue"
    SENDING = "sending", _("Being sent"), "cyan"
    SENT = "sent", _("Sent"), "teal"
    DELIVERED = "delivered", _("Delivered"), "green"
    FAILED = "failed", lazy_pgettext("message", "Failed"), "red"
    REFUSED = "refused", _("Refused by contact rules"), "orange"
    CANCELLED = "cancelled", _("Cancelled"), "secondary"
    UNKNOWN = "unknown", _("Outcome unknown"), "yellow"
    MISSED = "missed", _("Missed"), "secondary"
    RECEIVED = "received", _("Received"), "purple"


class Message(Entity):
    """One message to or from a customer, with its reason, its text and what became of it."""

    __zone__ = "customer.client.zone"
    __scope__ = Scope.through("customer", "loan")
    __history__ = False
    __told__ = ("state",)
    __table_args__ = (
        Index("uq_message_once", "business_on", "customer_id", "template_id", "slot", "loan_id", unique=True,
              postgresql_nulls_not_distinct=True, postgresql_where=text("slot <> ''")),
        Index("ix_message_unknown", "phone", postgresql_where=text("state = 'unknown'")),
        Index("ix_message_inbound", "phone", "id", postgresql_where=text("is_inbound")),
        Index("ix_message_parts", text("string_to_array(provider_reference, ' ')"), postgresql_using="gin",
              postgresql_where=text("provider_reference IS NOT NULL")),
        Index("ix_message_due", "send_after", "id", postgresql_where=text("state = 'queued'")),
        Index("ix_message_claimed", "claimed_at", postgresql_where=text("state = 'sending'")),
        Index("ix_message_customer", "customer_id", "id"),
    )  # fmt: skip

    customer_id: Mapped[int | None] = link("customer", index=False)
    loan_id: Mapped[int | None] = link("loan")
    template_id: Mapped[int | None] = link("message_template")
    business_on: Mapped[date | None]
    slot: Mapped[Code] = mapped_column(default="", server_default="", info={"is_local": True})
    """Which of the day's sending times, or whatever else a message of that customer and day is made once for;
    empty for a message that may be made any number of times."""
    channel: Mapped[Channel] = choice(Channel, default=Channel.SMS)
    is_inbound: Mapped[Flag]
    phone: Mapped[PhoneNumber | None]
    language: Mapped[Code | None] = mapped_column(info={"words": "language"})
    text: Mapped[Text] = of_person()
    state: Mapped[MessageState] = choice(MessageState, default=MessageState.QUEUED)
    reason: Mapped[Code | None] = mapped_column(info={"words": "contact_reason"})
    """Stable code of a refusal, cancellation or failure; `app.contact` and `app.messaging` name them."""
    send_after: Mapped[Instant | None]
    claimed_at: Mapped[Instant | None]
    attempts: Mapped[Count] = mapped_column(default=0, server_default="0")
    provider: Mapped[Code | None]
    """Set before the message is handed over: without it a message surely has not left."""
    provider_reference: Mapped[Line | None]
    """The provider's ids of the parts, in order, a space between."""
    receipts: Mapped[JsonList]
    sent_at: Mapped[Instant | None]
    delivered_at: Mapped[Instant | None]
    created_at: Mapped[CreatedAt]
    created_by_id: Mapped[int | None] = link("user")

    __screen__ = Screen(
        help=_(
            "Every message to and from customers with what became of it. A message leaves only if the contact rules allow "
            "it then; what they refuse stands here with its reason. Outcome unknown is not sent again by itself: wait for "
            "the provider's receipt."
        ),
        menu=_("Contact"), title=_("Messages"), icon="message", operations="", order="-id",
        list="business_on customer loan state reason channel sent_at text",
        show={_("Message"): "customer loan template business_on slot channel is_inbound phone language text",
              _("Sending"): "state reason send_after attempts provider provider_reference sent_at delivered_at created_by"},
        filters="state reason channel template customer loan business_on is_inbound created_at",
        search="text", charts={"state": "count", "reason": "count"}, labels={"slot": _("Scheduled time (client's clock)")},
    )  # fmt: skip
