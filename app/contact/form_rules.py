"""What holds for typed customers, their telephones and contacts, and for the settings that rule contacts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.contact.gate import Refusal
from app.contact.packs import PACKS
from app.contact.phones import PhoneError, normalise
from app.core import clock, codes, form_rules, settings
from app.core.errors import RuleError
from app.core.org import Setting
from app.models.customers import ContactNote, Customer, CustomerLink, Phone
from app.models.lending import Client

AHEAD = timedelta(minutes=5)
"""Clocks of those who write and of the server may differ by this much."""

codes.add("contact_reason", {str(each.value): each.label for each in Refusal})
codes.add("contact_pack", {code: pack.title for code, pack in PACKS.items()})


@form_rules.normaliser("phone")
def phone(session: Session, row: Any, value: str) -> str:
    """A telephone number in E.164; one without a prefix is of the country of the customer's client."""
    try:
        return normalise(value, country_of(session, row))
    except PhoneError as error:
        raise RuleError(error.sentence) from error


def country_of(session: Session, row: Any) -> str:
    """The country of whose customer the row tells, else the installation's."""
    client_id = getattr(row, "client_id", None)
    if client_id is None and getattr(row, "customer_id", None) is not None:
        client_id = session.scalar(select(Customer.client_id).where(Customer.id == row.customer_id))
    client = session.get(Client, client_id) if client_id is not None else None
    if client:
        return client.country
    if "country" not in session.info:  # once a session: a pasted column has thousands of numbers
        session.info["country"] = settings.read(session, "country")
    return str(session.info["country"])


@form_rules.check(Customer, about="language")
def language_of_the_client(session: Session, customer: Customer) -> None:
    """A customer of whose language nothing is said speaks that of his client."""
    client = None if customer.language else session.get(Client, customer.client_id)
    if client:
        customer.language = client.language


@form_rules.check(Customer, about="zone client_id")
def zone_of_the_client(session: Session, customer: Customer) -> None:
    """A customer of whose zone nothing is said lives where his client is."""
    if not customer.zone:
        client = session.get(Client, customer.client_id)
        customer.zone = client.zone if client else None


@form_rules.check(Customer, about="born_on")
def born_before_today(session: Session, customer: Customer) -> None:
    if customer.born_on and customer.born_on >= clock.business_date(session):
        raise RuleError(_("The day of birth lies ahead"), "born_on")


@form_rules.check(Phone, about="is_primary customer_id")
def one_primary_number(session: Session, number: Phone) -> None:
    """The number made primary takes the place of the one that was."""
    if number.is_primary:
        others = update(Phone).where(
            Phone.customer_id == number.customer_id, Phone.is_primary, Phone.id.is_distinct_from(number.id)
        )
        session.execute(others.values(is_primary=False))


@form_rules.check(CustomerLink, about="linked_id customer_id")
def linked_to_another(session: Session, link: CustomerLink) -> None:
    """Another customer of the same client: the customers of one are not told to those of another."""
    if link.linked_id is None:
        return
    if link.linked_id == link.customer_id:
        raise RuleError(_("Nobody is linked to himself"), "linked_id")
    ends = select(Customer.client_id).where(Customer.id.in_([link.customer_id, link.linked_id]))
    if form_rules.changed(link, "linked_id", "customer_id") and len(set(session.scalars(ends))) > 1:
        raise RuleError(_("He is a customer of another client"), "linked_id")


@form_rules.fill(ContactNote)
def author_and_time(_session: Session, note: ContactNote, user_id: int | None) -> None:
    """A note is its writer's, and of this moment unless he says otherwise."""
    note.author_id = user_id
    note.at = note.at or clock.now()


@form_rules.check(ContactNote, about="at")
def contact_took_place(_session: Session, note: ContactNote) -> None:
    if note.at > clock.now() + AHEAD:
        raise RuleError(_("A contact that has not taken place yet cannot be noted"), "at")


def _yes_or_no(value: str) -> None:
    if value not in ("yes", "no"):
        raise RuleError(_("Write yes or no"), "value")


BOOK_YEARS = 1970, 2199
"""Years in which an installation may stand: a business date has days before and after it, also those of trends."""


def _day(value: str) -> None:
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise RuleError(_("Write the day as 2018-06-25"), "value") from error
    if value != day.isoformat():
        raise RuleError(_("Write the day as 2018-06-25"), "value")
    first, last = BOOK_YEARS
    if not first <= day.year <= last:
        raise RuleError(
            _("A business date lies in the years %(first)s to %(last)s", first=first, last=last), "value"
        )


def _pack(value: str) -> None:
    if value not in PACKS:
        raise RuleError(_("Known rules of contact: %(names)s", names=", ".join(PACKS)), "value")


def _country(value: str) -> None:
    if value not in codes.words("country"):
        raise RuleError(_("A country is written by its two letters, such as UA"), "value")


def _megabytes(value: str) -> None:
    if not re.fullmatch("[1-9][0-9]{0,3}", value):
        raise RuleError(_("A number of megabytes, from 1 to 9999"), "value")


def _days(value: str) -> None:
    if not re.fullmatch("[1-9][0-9]{0,3}", value):
        raise RuleError(_("A number of days, from 1 to 9999"), "value")


_SETTINGS: dict[str, Callable[[str], None]] = {
    "business_date": _day, "clock_runs": _yes_or_no, "send_messages": _yes_or_no,
    "dun_only_after_repayments": _yes_or_no, "default_contact_pack": _pack, "country": _country,
    "attachment_mb": _megabytes, "notification_days": _days, "firing_days": _days,
}  # fmt: skip


@form_rules.check(Setting)
def setting_can_be_read(session: Session, setting: Setting) -> None:
    """A setting keeps its name, and its value is one that the program understands."""
    if form_rules.changed(setting, "name"):
        raise RuleError(_("The name of a setting cannot be changed"), "name")
    if not setting.value:
        if setting.name != clock.BUSINESS_DATE:
            raise RuleError(_("Needed"), "value")
    elif setting.name == "zone":
        try:
            setting.value = form_rules.zone(session, setting, setting.value)
        except RuleError as error:
            raise RuleError(error.message, "value") from error
    elif setting.name in _SETTINGS:
        _SETTINGS[setting.name](setting.value)
