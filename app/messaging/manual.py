"""Messages that somebody sends by hand, to a customer or about a loan: through the same gate as those of the night."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.contact.gate import decide
from app.contact.packs import Rules, Way
from app.contact.phones import may_take_texts
from app.core.errors import RuleError
from app.messaging import calling, own_words, wording
from app.messaging.facts import GONE, Known, counts, days_since_conversation, of_customers
from app.messaging.families import families
from app.messaging.reasons import Reason
from app.messaging.segments import segments
from app.models.lending import Client
from app.models.messages import Channel, Message, MessageState, MessageTemplate, TemplateKind

COUNTED = (*GONE, MessageState.QUEUED)
"""What has been sent to a person today, or will be."""


@dataclass(frozen=True)
class Wanted:
    """What is to be said: a template, which each customer gets in his language, or a text as it stands."""

    template: MessageTemplate | None = None
    text: str | None = None

    def __post_init__(self) -> None:
        if (self.template is None) == (not self.text):
            raise RuleError(_("Choose a template or write a text, one of them"), "text")
        if self.template is None:
            return
        if self.template.kind != TemplateKind.MANUAL or not self.template.is_active:
            raise RuleError(_("This template is not one that is sent by hand"), "message_template_id")
        if self.template.channel == Channel.EMAIL:
            raise RuleError(
                _("E-mail is not sent yet; choose a template of SMS or voice"), "message_template_id"
            )

    @property
    def channel(self) -> Channel:
        """By which way it goes."""
        return self.template.channel if self.template else Channel.SMS


def send(
    session: Session, wanted: Wanted, day: date, user_id: int | None, *, customer_id: int | None = None,
    loan_id: int | None = None,
) -> Message:  # fmt: skip
    """Queue a message to a customer or about a loan, or store it as refused with its reason.

    `day` is the business date. Raises RuleError where there is nothing that could be stored: a person out of
    sight, a number that takes no texts, a text that is too long, a template of another client.
    """
    words = own_words.of_texts(session, _texts(session, wanted))
    found = of_customers(
        session, day, [customer_id] if customer_id else [], [loan_id] if loan_id else [], words
    )
    if not found:
        raise RuleError(_("Too little of this customer is in your sight to write to him"))
    known = found[0]
    client = session.get_one(Client, known.row.client_id)
    template = _in_his_language(session, wanted, client, known)
    message = Message(
        customer_id=known.row.customer_id, loan_id=known.row.loan_id, template_id=template and template.id,
        business_on=day, channel=wanted.channel, phone=known.row.own_number, created_by_id=user_id,
        language=template.language if template else known.row.language, text=_text(wanted, template, known),
    )  # fmt: skip
    reason = _reason(session, message, known, template, calling.rules_of(session, client))
    message.state = MessageState.REFUSED if reason else MessageState.QUEUED
    message.reason = reason
    message.send_after = None if reason else calling.moment(session, day)
    session.add(message)
    session.flush()
    return message


def _texts(session: Session, wanted: Wanted) -> list[str]:
    """The texts of which he may get one: those of the template's name in all languages."""
    if wanted.template is None:
        return []
    named = select(MessageTemplate.text).where(MessageTemplate.name == wanted.template.name)
    return list(session.scalars(named))


def _in_his_language(
    session: Session, wanted: Wanted, client: Client, known: Known
) -> MessageTemplate | None:
    if wanted.template is None:
        return None
    for family in families(session, client, [TemplateKind.MANUAL]):
        if (family.name, family.channel) == (wanted.template.name, str(wanted.template.channel)):
            return family.for_language(known.row.language)
    raise RuleError(_("This template is another client's"), "message_template_id")


def _text(wanted: Wanted, template: MessageTemplate | None, known: Known) -> str:
    """What the customer reads."""
    try:
        text = (
            wording.render(template.text, known.values, template.language, known.words)
            if template
            else wanted.text or ""
        )
    except wording.TemplateError as error:
        raise RuleError(
            " ".join(str(each.sentence) for each in error.problems), "message_template_id"
        ) from error
    if wanted.channel != Channel.SMS:
        return text
    if known.row.own_number and not may_take_texts(known.row.own_number):
        raise RuleError(_("The customer's number is of a kind that takes no short messages"))
    try:
        segments(text)
    except ValueError as error:
        raise RuleError(_("The text is too long for one SMS of any number of parts"), "text") from error
    return text


def _reason(
    session: Session, message: Message, known: Known, template: MessageTemplate | None, rules: Rules
) -> str | None:
    """Why it may not leave now; None where it may."""
    if template and wording.missing(template.text, known.values, known.words):
        return str(Reason.MISSING_VALUE.value)
    way, day, who = Way(str(message.channel)), message.business_on, [known.row.customer_id]
    if day is None:
        raise ValueError("A message by hand is of a business date")
    about: dict[str, Any] = counts(session, rules, way, who, day, COUNTED).get(known.row.customer_id, {})
    spoken = days_since_conversation(session, rules, way, who, day).get(known.row.customer_id)
    facts = known.facts(way, message.phone, **about, days_since_conversation=spoken)
    return decide(facts, rules, calling.moment(session, day)).reason_code
