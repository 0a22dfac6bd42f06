"""What providers tell afterwards: delivery reports, and messages that people send to us."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Text, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import unscoped
from app.core.retry import patiently
from app.messaging.channels import Channel, DeliveryReport, DeliveryState, Inbound, overall
from app.messaging.channels.base import Event
from app.messaging.channels.smpp_job import short_reference
from app.messaging.reasons import Reason
from app.messaging.segments import segments
from app.models.customers import Phone
from app.models.messages import Message, MessageState

log = logging.getLogger("loandesk.sending")
REPEATED = timedelta(minutes=2)
"""The same words from the same number within this time are one message that was delivered to us twice."""
WHOLE = timedelta(hours=12)
"""Parts of one long message arrive within this time."""


def receive(channel: Channel, wait: float = 0.0) -> int:
    """Store what the channel has, waiting so many seconds for it; it is acknowledged once it is stored."""
    stored = 0
    for batch in channel.events(wait):
        patiently(_store, channel.name, batch)
        stored += len(batch)
    return stored


def _store(provider: str, events: Sequence[Event]) -> None:
    with unscoped("store what a provider tells") as session:
        store(session, provider, events)


def store(session: Session, provider: str, events: Sequence[Event]) -> None:
    """Store reports and inbound messages; the same again changes nothing."""
    for event in events:
        if isinstance(event, DeliveryReport):
            _store_report(session, provider, event)
        else:
            _store_inbound(session, provider, event)


def _store_report(session: Session, provider: str, report: DeliveryReport) -> None:
    message = _by_id(session, provider, report.provider_id) or _by_reference(session, provider, report)
    if message is None:
        log.warning("a delivery report of %s names no message of ours: %s", provider, report.provider_id)
        return
    told = {"id": report.provider_id, "state": report.state.value, "code": report.code, "error": report.error}
    if not any({name: each.get(name) for name in told} == told for each in message.receipts):
        message.receipts = [*message.receipts, {**told, "at": clock.now().isoformat()}]
    states = {each["id"]: DeliveryState(each["state"]) for each in message.receipts if "state" in each}
    parts = max(segments(message.text).count, len((message.provider_reference or "").split()))
    state = overall([*states.values(), *[DeliveryState.PENDING] * max(0, parts - len(states))])
    _conclude(message, state)
    session.flush()


def _conclude(message: Message, state: DeliveryState) -> None:
    """Any report proves that the provider has the message; the last word of each part decides."""
    message.claimed_at = None
    message.sent_at = message.sent_at or clock.now()
    if state is DeliveryState.DELIVERED:
        message.state, message.reason = MessageState.DELIVERED, None
        message.delivered_at = message.delivered_at or clock.now()
    elif state is DeliveryState.FAILED:
        message.state, message.reason = MessageState.FAILED, Reason.UNDELIVERED.value
    else:
        message.state, message.reason = MessageState.SENT, None


def _by_id(session: Session, provider: str, provider_id: str) -> Message | None:
    ids = func.string_to_array(Message.provider_reference, literal_column("' '"), type_=ARRAY(Text))
    found = (
        select(Message)
        .where(
            ids.contains(literal([provider_id], ARRAY(Text))),
            Message.provider_reference.is_not(None),
            Message.provider == provider,
        )
        .order_by(Message.id.desc())
        .limit(1)
    )
    return session.scalars(found.with_for_update()).first()


def _by_reference(session: Session, provider: str, report: DeliveryReport) -> Message | None:
    """The message whose outcome was not known, by its number and the short reference that the report returns."""
    if report.short_reference is None:
        return None
    waiting = select(Message).where(
        Message.phone == f"+{report.number.lstrip('+')}",
        Message.state.in_([MessageState.UNKNOWN, MessageState.SENDING]),
        Message.provider == provider,
    )
    for message in session.scalars(waiting.order_by(Message.id).with_for_update()):
        parts = range(segments(message.text).count)
        if report.short_reference in {short_reference(str(message.id), part) for part in parts}:
            known = (message.provider_reference or "").split()
            if report.provider_id not in known:
                message.provider_reference = " ".join([*known, report.provider_id])
            return message
    return None


def _store_inbound(session: Session, provider: str, inbound: Inbound) -> None:
    number = f"+{inbound.number.lstrip('+')}"
    before = _part_of(session, number, inbound) if inbound.parts > 1 else _repeated(session, number, inbound)
    if before is not None:
        if inbound.parts > 1:
            _add_part(before, inbound)
        return
    customer_id, loan_id = _writer(session, number)
    message = Message(
        customer_id=customer_id, loan_id=loan_id, is_inbound=True, phone=number, text=inbound.text,
        state=MessageState.RECEIVED, provider=provider, business_on=clock.business_date(session),
    )  # fmt: skip
    if inbound.parts > 1:
        message.slot = _slot(inbound)
        message.receipts = []
        _add_part(message, inbound)
    session.add(message)
    session.flush()


def _slot(inbound: Inbound) -> str:
    return f"in {inbound.number.lstrip('+')} {inbound.group}"


def _part_of(session: Session, number: str, inbound: Inbound) -> Message | None:
    same = select(Message).where(
        Message.is_inbound, Message.phone == number, Message.slot == _slot(inbound),
        Message.created_at > clock.now() - WHOLE,
    )  # fmt: skip
    return session.scalars(same.order_by(Message.id.desc()).limit(1).with_for_update()).first()


def _add_part(message: Message, inbound: Inbound) -> None:
    others = [each for each in message.receipts if each["part"] != inbound.part]
    parts = sorted(
        [*others, {"part": inbound.part, "text": inbound.text}], key=lambda each: int(each["part"])
    )
    message.receipts = parts
    message.text = "".join(each["text"] for each in parts)


def _repeated(session: Session, number: str, inbound: Inbound) -> Message | None:
    same = select(Message).where(
        Message.is_inbound, Message.phone == number, Message.text == inbound.text,
        Message.created_at > clock.now() - REPEATED,
    )  # fmt: skip
    return session.scalars(same.limit(1)).first()


def _writer(session: Session, number: str) -> tuple[int | None, int | None]:
    """(customer, loan) to whom a number belongs; of several who share it, whom we wrote to last."""
    owned = (
        select(Phone.customer_id).where(Phone.number == number).order_by(Phone.is_primary.desc(), Phone.id)
    )
    owners = session.scalars(owned).all()
    written = select(Message.customer_id, Message.loan_id).where(
        Message.customer_id.in_(owners), Message.phone == number, ~Message.is_inbound
    )
    last = session.execute(written.order_by(Message.id.desc()).limit(1)).first() if owners else None
    if last is not None:
        return last.customer_id, last.loan_id
    return (owners[0] if owners else None), None
