"""Messages that rules of administrators send: a template for messages by hand, through the same gate, to whom a record leads."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, codes, form_rules, registry
from app.core.db import unscoped
from app.core.errors import RuleError
from app.core.org import Rule, RuleEvent
from app.core.rules import actions, gone
from app.messaging import manual
from app.models.customers import Customer
from app.models.lending import Loan
from app.models.messages import Channel, MessageTemplate, TemplateKind

NO_TEMPLATE = _("There is no such template of messages that are sent by hand")


def _usable() -> tuple[Any, ...]:
    is_sent = MessageTemplate.channel != Channel.EMAIL
    return MessageTemplate.kind == TemplateKind.MANUAL, MessageTemplate.is_active, is_sent


def _names() -> codes.Words:
    with unscoped("templates that a rule can name") as house:
        named = select(MessageTemplate.name).where(*_usable()).distinct().order_by(MessageTemplate.name)
        return {name: name for name in house.scalars(named)}


codes.add("rule_message", _names)


def _led_to(row: Any) -> dict[str, int]:
    """The loan, else the customer, to whom a record leads; nothing where it leads to none."""
    if isinstance(row, Customer):
        return {"customer_id": row.id}
    if isinstance(row, Loan):
        return {"loan_id": row.id}
    found = {name: getattr(row, name, None) for name in ("loan_id", "customer_id")}
    return next(({name: number} for name, number in found.items() if number is not None), {})


def _leads(entity: Any) -> bool:
    return entity in (Customer, Loan) or bool({"customer_id", "loan_id"} & set(entity.__table__.c.keys()))


@form_rules.check(Rule, about="entity event message")
def message_has_somebody_to_go_to(session: Session, rule: Rule) -> None:
    """A message by template is for records that lead to a customer."""
    if not rule.message:
        return
    entity = registry.entity(rule.entity)
    # of a deleted record it goes to the one on whose page that stood
    told = [cls for _key, cls in gone.homes(entity)] if rule.event == RuleEvent.DELETED else [entity]
    if not any(map(_leads, told)):
        raise RuleError(_("Such a record leads to no customer"), "message")
    _template(session, rule.message)


def _template(session: Session, name: str) -> MessageTemplate:
    named = select(MessageTemplate).where(MessageTemplate.name == name, *_usable())
    found = session.scalars(named.order_by(MessageTemplate.id)).first()
    if found is None:
        raise RuleError(NO_TEMPLATE, "message")
    return found


@actions.sender
def send(session: Session, name: str, row: Any, user_id: int) -> None:
    """Queue the message, or store it as refused with its reason. Raises RuleError where it has nobody to go to."""
    actions.need("message_customer", Customer)
    leads = _led_to(row)
    if not leads:
        raise RuleError(_("Such a record leads to no customer"))
    wanted = manual.Wanted(_template(session, name))
    manual.send(session, wanted, clock.business_date(session), user_id, **leads)
