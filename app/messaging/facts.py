"""What is known of the people messages are about, for the gate and for the words of a template.

The same question for a message that is about to leave and for one that somebody writes by hand; asked through
the entities, so that a user's session sees his own rows only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Date, Select, and_, case, func, literal, literal_column, select
from sqlalchemy.orm import Session, aliased

from app.contact.gate import Facts
from app.contact.packs import Rules, Way
from app.contact.phones import zones_to_respect
from app.core.org import Branch, User
from app.messaging.own_words import CUSTOMER, LOAN
from app.messaging.placeholders import PLACEHOLDERS
from app.messaging.wording import Words
from app.models.customers import ContactNote, ContactWay, Phone, PhoneState
from app.models.lending import Client, Instalment, LoanStatus
from app.models.messages import Message, MessageState

# The short names are those that placeholders read from.
INSTALMENT, PHONE = aliased(Instalment, name="i"), aliased(Phone, name="p")
BRANCH, OFFICER, CLIENT = aliased(Branch, name="b"), aliased(User, name="o"), aliased(Client, name="k")

GONE = (MessageState.SENDING, MessageState.SENT, MessageState.DELIVERED, MessageState.UNKNOWN)
"""States of messages that have reached the person or may have."""
SPANS = {"contacts_day": 1, "contacts_week": 7, "contacts_month": 30}


@dataclass(frozen=True)
class Known:
    """One person, as a row of `known` tells of him."""

    row: Any
    words: Words = field(default_factory=lambda: PLACEHOLDERS)

    def facts(self, way: Way, number: str | None, *, has_paid_since: bool = False, **counted: Any) -> Facts:
        """What the gate asks. A number that is not the customer's own is taken as it is."""
        row = self.row
        is_own = number == row.own_number
        return Facts(
            way=way,
            number=number,
            zones=zones_to_respect(row.zone, number),
            is_settled=row.status == LoanStatus.SETTLED,
            has_paid_since=has_paid_since,
            is_suspended=bool(row.is_dunning_stopped),
            is_do_not_contact=bool(row.is_do_not_contact),
            is_vulnerable=bool(row.is_vulnerable),
            is_third_party=is_own and row.holder is not None,
            is_number_blocked=is_own and row.phone_state in (PhoneState.DEAD, PhoneState.BLOCKED),
            **counted,
        )

    @property
    def values(self) -> dict[str, Any]:
        """What each placeholder means for him."""
        return {name: getattr(self.row, name) for name in self.words}


def columns(day: date, words: Words = PLACEHOLDERS) -> list[Any]:
    """Everything the gate and the placeholders ask, with what is owed on the day."""
    late = func.coalesce(LOAN.overdue_principal, 0) + func.coalesce(LOAN.overdue_interest, 0)
    ahead = case(
        (
            INSTALMENT.due_on >= day,
            INSTALMENT.principal + INSTALMENT.interest - INSTALMENT.principal_paid - INSTALMENT.interest_paid,
        ),
        else_=literal(0),
    )
    owed = {
        "d.overdue_amount": late,
        "d.days_past_due": case(
            (LOAN.id.is_not(None), func.coalesce(literal(day, Date) - LOAN.overdue_since, 0))
        ),
        "d.total_to_pay": late + func.coalesce(ahead, 0),
        "r.business_on": literal(day, Date),
    }
    said = [owed.get(each.sql, literal_column(each.sql)).label(name) for name, each in words.items()]
    return [
        CUSTOMER.id.label("customer_id"), CUSTOMER.client_id, CUSTOMER.zone, CUSTOMER.language, CUSTOMER.is_do_not_contact, CUSTOMER.is_vulnerable,
        LOAN.id.label("loan_id"), LOAN.status, LOAN.is_dunning_stopped, LOAN.overdue_since,
        INSTALMENT.id.label("instalment_id"), INSTALMENT.paid_on,
        PHONE.number.label("own_number"), PHONE.state.label("phone_state"), PHONE.holder, *said,
    ]  # fmt: skip


def joined(statement: Select[Any]) -> Select[Any]:
    """The statement, which has CUSTOMER and LOAN (outer joined), with the rest of the aliases."""
    return (
        statement.join(CLIENT, CLIENT.id == CUSTOMER.client_id)
        .outerjoin(PHONE, and_(PHONE.customer_id == CUSTOMER.id, PHONE.is_primary))
        .outerjoin(BRANCH, BRANCH.id == func.coalesce(LOAN.branch_id, CUSTOMER.branch_id))
        .outerjoin(OFFICER, OFFICER.id == func.coalesce(LOAN.officer_id, CUSTOMER.manager_id))
    )


def of_customers(
    session: Session, day: date, customer_ids: Sequence[int] = (), loan_ids: Sequence[int] = (),
    words: Words = PLACEHOLDERS,
) -> list[Known]:  # fmt: skip
    """Customers, and loans with their customers; those the session does not see are missing.

    A loan is told of by its oldest overdue instalment, else the next to fall due. A customer who is named
    himself is told of without a loan.
    """
    about = and_(
        INSTALMENT.loan_id == LOAN.id,
        INSTALMENT.due_on == func.coalesce(LOAN.overdue_since, LOAN.next_due_on),
        INSTALMENT.paid_on.is_(None),
    )
    people = joined(
        select(*columns(day, words))
        .select_from(CUSTOMER)
        .outerjoin(LOAN, literal_column("false"))
        .outerjoin(INSTALMENT, about)
    ).where(CUSTOMER.id.in_(customer_ids))
    loans = joined(
        select(*columns(day, words))
        .select_from(LOAN)
        .join(CUSTOMER, CUSTOMER.id == LOAN.customer_id)
        .outerjoin(INSTALMENT, about)
    ).where(LOAN.id.in_(loan_ids))
    asked = [statement for statement, ids in ((people, customer_ids), (loans, loan_ids)) if ids]
    return [Known(row, words) for statement in asked for row in session.execute(statement)]


def counts(
    session: Session, rules: Rules, way: Way, customer_ids: Sequence[int], day: date,
    states: Sequence[MessageState], but: Sequence[int] = (),
) -> dict[int, dict[str, int]]:  # fmt: skip
    """By customer, how often he was contacted in the spans that the rules limit; empty where they limit none.

    Messages in one of the states count, but for those whose ids are in `but`.
    """
    cap = rules.pack.cap(way)
    if not cap.ways:
        return {}
    sums = [
        func.count().filter(Message.business_on > day - timedelta(days=days)).label(name)
        for name, days in SPANS.items()
    ]
    found = (
        select(Message.customer_id, *sums)
        .where(
            Message.customer_id.in_(customer_ids),
            Message.business_on <= day,
            Message.business_on > day - timedelta(days=max(SPANS.values())),
            Message.channel.in_([each.value for each in cap.ways]),
            Message.state.in_(states),
            Message.id.not_in(but),
            ~Message.is_inbound,
        )
        .group_by(Message.customer_id)
    )
    return {row.customer_id: {name: getattr(row, name) for name in SPANS} for row in session.execute(found)}


def days_since_conversation(
    session: Session, rules: Rules, way: Way, customer_ids: Sequence[int], day: date
) -> dict[int, int]:
    """By customer, the days since somebody spoke to him; empty where the rules do not ask."""
    if way not in rules.pack.after_conversation:
        return {}
    found = (
        select(ContactNote.customer_id, func.max(ContactNote.at).label("at"))
        .where(ContactNote.customer_id.in_(customer_ids), ContactNote.way == ContactWay.PHONE)
        .group_by(ContactNote.customer_id)
    )
    return {row.customer_id: (day - row.at.date()).days for row in session.execute(found)}
