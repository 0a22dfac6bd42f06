"""Which rules of contact hold for a client: his country's pack with the calendar of holidays."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.contact.packs import PACKS, Rules
from app.core import clock, settings
from app.core.org import Holiday
from app.models.lending import Client


def rules_of(session: Session, client: Client | None) -> Rules:
    """The pack a client names, else the installation's, else the default; with the country's days off."""
    wanted = client.contact_pack if client else "default"
    if wanted == "default":
        wanted = settings.read(session, "default_contact_pack")
    country = client.country if client else settings.read(session, "country")
    days = session.execute(
        select(Holiday.held_on, Holiday.is_working_day).where(Holiday.country == country)
    ).all()
    return Rules(
        PACKS.get(wanted, PACKS["default"]),
        frozenset(day for day, is_working in days if not is_working),
        frozenset(day for day, is_working in days if is_working),
    )


def moment(session: Session, day: date) -> datetime:
    """The business date with the real time of day where the installation is."""
    zone = ZoneInfo(settings.read(session, "zone"))
    return datetime.combine(day, clock.now().astimezone(zone).time(), zone)
