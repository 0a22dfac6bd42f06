"""Everything that happened with a customer, newest first: contacts, messages, repayments, write-offs, changes."""

from datetime import UTC, datetime, time
from typing import Any

from flask_babel import gettext
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from app.core import codes
from app.core.labels import subject
from app.core.web.activity import Event
from app.core.web.cells import money, plain, text_of
from app.core.web.fields import describe
from app.core.web.links import show_url
from app.core.web.principal import Principal
from app.models import ContactNote, Loan, Message, Repayment, WriteOff

MOST = 40


def events(
    session: Session, principal: Principal, customer_id: int, *, loan_id: int | None = None
) -> list[Event]:
    """The newest events of a customer, or of one of his loans, that this session and role may see."""
    found: list[Event] = []
    if loan_id is None and principal.may("can_list", subject(ContactNote)):
        found += _notes(session, ContactNote.customer_id == customer_id)
    if principal.may("can_list", subject(Message)):
        mine = Message.loan_id == loan_id if loan_id else Message.customer_id == customer_id
        found += _messages(session, principal, mine)
    if principal.may("can_list", subject(Repayment)):
        found += _repayments(
            session, Repayment.loan_id == loan_id if loan_id else Repayment.customer_id == customer_id
        )
    if principal.may("can_list", subject(WriteOff)):
        found += _write_offs(session, Loan.id == loan_id if loan_id else Loan.customer_id == customer_id)
    return sorted(found, key=lambda event: event.at, reverse=True)[:MOST]


def kinds(found: list[Event]) -> list[tuple[str, str]]:
    """The kinds that occur, for the filter buttons."""
    names = {"note": gettext("Contacts"), "message": gettext("Messages"), "repayment": gettext("Repayments"),
             "write_off": gettext("Write-offs")}  # fmt: skip
    present = {event.kind for event in found}
    return [(kind, label) for kind, label in names.items() if kind in present]


def _notes(session: Session, where: ColumnElement[bool]) -> list[Event]:
    rows = session.scalars(
        select(ContactNote)
        .where(where)
        .options(joinedload(ContactNote.author))
        .order_by(ContactNote.at.desc())
        .limit(MOST)
    )
    icons = {"phone": "phone", "meeting": "users", "visit": "map-pin", "message": "message", "letter": "mail"}
    return [
        Event(n.at, plain("datetime", n.at), "note", icons[str(n.way)], n.way.colour, f"{n.way.label}{': ' + n.place if n.place else ''}",
              n.text, str(n.author or ""), None)
        for n in rows.unique()
    ]  # fmt: skip


def _messages(session: Session, principal: Principal, where: ColumnElement[bool]) -> list[Event]:
    rows = session.scalars(select(Message).where(where).order_by(Message.id.desc()).limit(MOST))
    number = describe(Message, "phone")
    return [_message(m, text_of(number, m.phone, principal)) for m in rows]


def _message(m: Any, phone: str) -> Event:
    at = m.sent_at or m.send_after or m.created_at
    title = f"{m.channel.label}: {m.state.label}" + (
        f" ({codes.say('contact_reason', m.reason)})" if m.reason else ""
    )
    return Event(
        at,
        plain("datetime", at),
        "message",
        "message",
        m.state.colour,
        title,
        m.text,
        phone,
        show_url("message", m.id),
    )


def _repayments(session: Session, where: ColumnElement[bool]) -> list[Event]:
    query = select(Repayment).where(where).options(joinedload(Repayment.loan).load_only(Loan.number))
    rows = session.scalars(
        query.order_by(Repayment.received_on.desc(), Repayment.id.desc()).limit(MOST)
    ).unique()
    return [
        Event(datetime.combine(r.received_on, time(12), UTC), plain("date", r.received_on), "repayment", "coins", r.kind.colour,
              f"{r.kind.label}: {money(r.amount)} {r.currency}", str(r.loan or ""), r.reference, show_url("repayment", r.id))
        for r in rows
    ]  # fmt: skip


def _write_offs(session: Session, where: ColumnElement[bool]) -> list[Event]:
    query = (
        select(WriteOff)
        .join(Loan, WriteOff.loan_id == Loan.id)
        .where(where)
        .options(joinedload(WriteOff.loan).load_only(Loan.number, Loan.currency))
    )
    rows = session.scalars(
        query.order_by(WriteOff.written_off_on.desc(), WriteOff.id.desc()).limit(MOST)
    ).unique()
    return [
        Event(datetime.combine(w.written_off_on, time(13), UTC), plain("date", w.written_off_on), "write_off", "ban", "red",
              gettext("Written off: %(amount)s %(currency)s", amount=money(w.principal), currency=w.loan.currency),
              w.reason, str(w.loan), show_url("write_off", w.id))
        for w in rows
    ]  # fmt: skip
