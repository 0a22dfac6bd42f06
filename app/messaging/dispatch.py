"""Sending: claims queued messages, asks again whether they may leave, hands them over, stores what came of it.

The table of messages is the outbox. What a killed process leaves behind is told by two marks:

* `state` is "sending" since the claim, with `claimed_at`; the claim lapses after `LEASE`;
* `provider` is set, and committed, before a message is handed over.

A lapsed claim without provider surely has not left and is queued again. With it, it may have left: its outcome
is unknown, it is never sent again by itself, and a later receipt for our reference tells the truth.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.orm import Session

from app.core import clock, settings
from app.core.db import unscoped
from app.core.locks import Lock
from app.core.org import JobRun
from app.core.retry import patiently
from app.messaging import calling, channels
from app.messaging.channels import Channel, ChannelError, Outcome, Receipt, UnknownOutcome
from app.messaging.reasons import Reason
from app.messaging.receive import receive
from app.messaging.recheck import recheck
from app.models.customers import Customer
from app.models.messages import Channel as Way, Message, MessageState, MessageTemplate, TemplateKind

log = logging.getLogger("loandesk.sending")
LEASE = timedelta(minutes=10)
BATCH = 500
"""So many messages are claimed at once."""
CHUNK = 50
"""So many are marked as handed over by one commit, and so many outcomes are stored by one.

A killed process leaves twice as many unknown at the most: those of which the outcomes were not stored, and those
that it had marked next.
"""
MOST_ATTEMPTS = 5
FIRST_PAUSE = timedelta(minutes=2)
"""Before the second attempt; doubled before each further one."""


@dataclass(frozen=True)
class Claimed:
    """A message that may leave; `claimed_at` proves that it is still ours."""

    id: int
    phone: str
    text: str
    claimed_at: datetime


def serve(channel: Channel, seconds: float, way: Way = Way.SMS) -> int:
    """Send what is due and receive what comes, for so many seconds; a provider that tells nothing, once.

    Only one process at a time serves a way of sending; others return at once. Returns how many were sent.
    """
    until, sent = time.monotonic() + seconds, 0
    with unscoped("be the only sender") as session:
        if not session.scalar(select(func.pg_try_advisory_xact_lock(Lock.JOB, func.hashtext(f"send {way}")))):
            return 0
        while True:
            sent += send_due(channel, way)
            if type(channel).events is Channel.events or time.monotonic() >= until:
                return sent
            receive(channel, wait=min(1.0, max(0.0, until - time.monotonic())))


def send_due(channel: Channel, way: Way = Way.SMS, lease: timedelta = LEASE) -> int:
    """Send every message of a way that is due now. Returns how many were handed to the provider."""
    release(lease)
    sent = 0
    while True:
        found, ready = claim(way)
        sent += _hand_over(channel, ready)
        if not found:
            return sent


def release(lease: timedelta = LEASE) -> int:
    """Free what a dead process had claimed: queued again if it surely had not left, else unknown."""
    handed_over = Message.provider.is_not(None)
    with unscoped("release claims of dead senders") as session:
        freed = (
            update(Message)
            .where(Message.state == MessageState.SENDING, Message.claimed_at < clock.now() - lease)
            .values(
                state=case((handed_over, MessageState.UNKNOWN.value), else_=MessageState.QUEUED.value),
                reason=case((handed_over, Reason.SENDER_LOST.value), else_=None),
                claimed_at=None,
            )
            .returning(Message.id)
        )
        return len(session.scalars(freed).all())


def claim(way: Way, limit: int = BATCH) -> tuple[int, list[Claimed]]:
    """Take due messages for this process: (how many were looked at, those that may leave now)."""
    with unscoped("claim messages that are due") as session:
        if not settings.read_flag(session, "send_messages"):
            return 0, []
        at = calling.moment(session, clock.business_date(session))
        found = list(session.scalars(_due(session, way, at, limit)))
        claimed_at = clock.now()
        for message in found:
            message.state, message.reason, message.claimed_at = MessageState.SENDING, None, claimed_at
        ready = recheck(session, found, at)
        return len(found), [Claimed(each.id, each.phone or "", each.text, claimed_at) for each in ready]


def _due(session: Session, way: Way, at: datetime, limit: int) -> Any:
    due = (
        select(Message)
        .where(Message.state == MessageState.QUEUED, Message.channel == way, Message.send_after <= at)
        .order_by(Message.send_after, Message.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Message)
    )
    if not settings.read_flag(session, "dun_only_after_repayments"):
        return due
    posted = select(JobRun.step).where(JobRun.job == "repayments", JobRun.business_on == at.date())
    clients = [int(step) for step in session.scalars(posted)]
    dunning = select(MessageTemplate.id).where(MessageTemplate.kind == TemplateKind.TIMED)
    of_them = select(Customer.id).where(Customer.client_id.in_(clients), Customer.id == Message.customer_id)
    may = or_(Message.template_id.is_(None), Message.template_id.not_in(dunning), of_them.exists())
    return due.where(may)


def _hand_over(channel: Channel, claimed: Sequence[Claimed]) -> int:
    """Give messages to the channel and store each outcome; what raises leaves the rest to `release`."""
    outcomes: list[tuple[int, Outcome]] = []
    sent = 0
    try:
        for message, outcome in channel.send_many(_marked(channel.name, claimed)):
            outcomes.append((int(message.reference), outcome))
            sent += isinstance(outcome, Receipt)
            if len(outcomes) >= CHUNK:
                patiently(_store, outcomes)
                outcomes = []
                receive(channel)
    finally:
        patiently(_store, outcomes)
    return sent


def _marked(provider: str, claimed: Sequence[Claimed]) -> Iterator[channels.Message]:
    """The messages, each marked as handed over before it is; those that are ours no more are left out."""
    for start in range(0, len(claimed), CHUNK):
        some = {each.id: each for each in claimed[start : start + CHUNK]}
        for number in patiently(_mark, provider, list(some), claimed[start].claimed_at):
            yield channels.Message(str(number), some[number].phone, some[number].text)


def _mark(provider: str, ids: Sequence[int], claimed_at: datetime) -> list[int]:
    """Mark those that are still ours as handed over; marked twice, it is one attempt."""
    attempts = case((Message.provider.is_(None), Message.attempts + 1), else_=Message.attempts)
    ours = (Message.state == MessageState.SENDING, Message.claimed_at == claimed_at)
    marked = update(Message).where(Message.id.in_(ids), *ours).values(provider=provider, attempts=attempts)
    with unscoped("mark messages as handed over") as session:
        return sorted(session.scalars(marked.returning(Message.id)))


def _store(outcomes: Sequence[tuple[int, Outcome]]) -> None:
    """Put the outcomes on their messages; the same again changes nothing."""
    if not outcomes:
        return
    with unscoped("store what came of messages") as session:
        at = calling.moment(session, clock.business_date(session))
        ids = sorted(number for number, _outcome in outcomes)
        locked = select(Message).where(Message.id.in_(ids)).order_by(Message.id).with_for_update()
        found = {message.id: message for message in session.scalars(locked)}
        for number, outcome in outcomes:
            if number in found:
                _settle(found[number], outcome, at)


def _settle(message: Message, outcome: Outcome, at: datetime) -> None:
    """Put the outcome on the message. A delivery report may have been quicker: its word stands."""
    ids = outcome.provider_ids
    message.provider_reference = joined_ids(ids) or message.provider_reference
    if message.state not in (MessageState.SENDING, MessageState.UNKNOWN):
        return
    message.claimed_at = None
    if isinstance(outcome, Receipt):
        message.state, message.reason, message.sent_at = MessageState.SENT, None, clock.now()
        return
    if message.reason != Reason.NO_ANSWER.value:
        # else it is stored already, and its commit was lost
        told = {"at": clock.now().isoformat(), "error": outcome.reason}
        message.receipts = [*message.receipts, told]
    if isinstance(outcome, UnknownOutcome):
        message.state, message.reason, message.sent_at = (
            MessageState.UNKNOWN,
            Reason.NO_ANSWER.value,
            clock.now(),
        )
    else:
        _fail(message, outcome, at)


def _fail(message: Message, error: ChannelError, at: datetime) -> None:
    if error.is_permanent:
        message.state, message.reason = MessageState.FAILED, Reason.PROVIDER_REFUSED.value
    elif message.attempts >= MOST_ATTEMPTS:
        message.state, message.reason = MessageState.FAILED, Reason.PROVIDER_FAILED.value
    else:
        message.state, message.provider = MessageState.QUEUED, None
        message.send_after = at + FIRST_PAUSE * 2 ** (message.attempts - 1)


def joined_ids(ids: Sequence[str]) -> str | None:
    """The provider's ids as they are stored: as many whole ones as the column holds."""
    kept = ""
    for each in ids:
        if len(kept) + len(each) >= 500:
            break
        kept = f"{kept} {each}".strip()
    return kept or None
