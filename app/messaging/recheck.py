"""What has changed since a message was queued: everything that decided then is asked again before it leaves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, select
from sqlalchemy.orm import Session

from app.contact.gate import Decision, Facts, Refusal, decide
from app.contact.packs import Rules, Way
from app.contact.phones import zones_to_respect
from app.messaging import calling, own_words, wording
from app.messaging.facts import (
    CUSTOMER,
    GONE,
    INSTALMENT,
    LOAN,
    SPANS,
    Known,
    columns,
    counts,
    days_since_conversation,
    joined,
)
from app.messaging.reasons import Reason
from app.models.lending import Client, LoanStatus
from app.models.messages import Message, MessageState, MessageTemplate, TemplateKind

LATER = timedelta(minutes=15)
"""A message that is only too early or too late by the clock is tried again after this long."""
_BY_CLOCK = {Refusal.OUTSIDE_HOURS, Refusal.HOLIDAY, Refusal.WEEKEND}
_NOT_NEEDED = {Refusal.SETTLED, Refusal.PAID_SINCE}


@dataclass
class _Counted:
    """Contacts of a client's customers so far, to which every message that may leave adds one."""

    rules: Rules
    sums: dict[int, dict[str, int]] = field(default_factory=dict)
    spoken: dict[int, int] = field(default_factory=dict)

    def of(self, customer_id: int) -> dict[str, Any]:
        return {
            **{name: self.sums.get(customer_id, {}).get(name, 0) for name in SPANS},
            "days_since_conversation": self.spoken.get(customer_id),
        }

    def add(self, customer_id: int) -> None:
        sums = self.sums.setdefault(customer_id, dict.fromkeys(SPANS, 0))
        for name in SPANS:
            sums[name] += 1


def recheck(session: Session, messages: Sequence[Message], at: datetime) -> list[Message]:
    """Decide on claimed messages anew; those that may leave are given back with their text written anew.

    `at` is the business date with the real time of day. The others are cancelled (nothing is owed any more),
    refused, put off (the hour is wrong now), or missed (their day is over).
    """
    known = _known(session, messages, at.date())
    groups: dict[tuple[int | None, str], list[Message]] = defaultdict(list)
    for message in messages:
        mine = known.get(message.id)
        groups[mine.row.client_id if mine else None, str(message.channel)].append(message)
    ready = []
    for (client_id, channel), some in groups.items():
        counted = _counted(session, client_id, Way(channel), some, at.date())
        ready += [each for each in some if _may_leave(each, known.get(each.id), counted, at)]
    return sorted(ready, key=lambda message: message.id)


def _may_leave(message: Message, known: Known | None, counted: _Counted, at: datetime) -> bool:
    if message.business_on is not None and message.business_on < at.date():
        _stop(message, MessageState.MISSED, Reason.DAY_OVER)
        return False
    way, number = Way(str(message.channel)), message.phone
    if known is None:
        facts = Facts(way=way, number=number, zones=zones_to_respect(None, number))
    else:
        about = counted.of(known.row.customer_id)
        facts = known.facts(way, number, has_paid_since=_has_paid(message.template, known), **about)
    decision = decide(facts, counted.rules, at)
    if not decision.is_allowed:
        _refuse(message, decision, at)
        return False
    if known is not None:
        counted.add(known.row.customer_id)
        return _write(message, known)
    return True


def _refuse(message: Message, decision: Decision, at: datetime) -> None:
    reason = decision.reason
    if reason in _BY_CLOCK:
        message.state, message.reason, message.claimed_at = MessageState.QUEUED, decision.reason_code, None
        message.send_after = at + LATER
    else:
        state = MessageState.CANCELLED if reason in _NOT_NEEDED else MessageState.REFUSED
        _stop(message, state, decision.reason_code)


def _stop(message: Message, state: MessageState, reason: str | None) -> None:
    message.state, message.reason, message.claimed_at = state, reason and str(reason), None


def _has_paid(template: MessageTemplate | None, known: Known) -> bool:
    """Whether what an automatic message asks for has been paid."""
    if template is None or known.row.loan_id is None:
        return False
    if template.kind == TemplateKind.TIMED:
        return known.row.overdue_since is None or known.row.status not in (
            LoanStatus.GRACE,
            LoanStatus.OVERDUE,
        )
    return template.kind == TemplateKind.ADVANCE and (
        known.row.instalment_id is None or known.row.paid_on is not None
    )


def _write(message: Message, known: Known) -> bool:
    """Write the text of an automatic message anew: amounts may have changed since the night."""
    template = message.template
    if template is None or template.kind == TemplateKind.MANUAL:
        return True
    try:
        if wording.missing(template.text, known.values, known.words):
            _stop(message, MessageState.REFUSED, Reason.MISSING_VALUE)
            return False
        message.text = wording.render(template.text, known.values, template.language, known.words)
    except wording.TemplateError:
        _stop(message, MessageState.REFUSED, Reason.BAD_TEMPLATE)
        return False
    return True


def _known(session: Session, messages: Iterable[Message], day: date) -> dict[int, Known]:
    """By message, what is known of whom it is about; a number that was typed in is about nobody."""
    due_on = case(
        (MessageTemplate.kind == TemplateKind.ADVANCE, Message.business_on + MessageTemplate.days_before),
        else_=LOAN.overdue_since,
    )
    words = own_words.of_texts(session, [each.template.text for each in messages if each.template])
    found = joined(
        select(Message.id.label("message_id"), *columns(day, words))
        .select_from(Message)
        .join(CUSTOMER, CUSTOMER.id == Message.customer_id)
        .outerjoin(LOAN, LOAN.id == Message.loan_id)
        .outerjoin(MessageTemplate, MessageTemplate.id == Message.template_id)
        .outerjoin(INSTALMENT, and_(INSTALMENT.loan_id == LOAN.id, INSTALMENT.due_on == due_on))
    ).where(Message.id.in_([message.id for message in messages]))
    return {row.message_id: Known(row, words) for row in session.execute(found)}


def _counted(
    session: Session, client_id: int | None, way: Way, messages: Sequence[Message], day: date
) -> _Counted:
    rules = calling.rules_of(session, session.get(Client, client_id) if client_id else None)
    people = [message.customer_id for message in messages if message.customer_id]
    own = [message.id for message in messages]
    return _Counted(
        rules,
        counts(session, rules, way, people, day, GONE, but=own),
        days_since_conversation(session, rules, way, people, day),
    )
