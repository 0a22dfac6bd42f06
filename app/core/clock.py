"""The only place where the computer's clock is read, and the installation's business date."""

from datetime import UTC, date, datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.core.org.setup import Setting

BUSINESS_DATE = "business_date"


def now() -> datetime:
    """This instant, with its zone (UTC)."""
    return datetime.now(UTC)


def business_date(session: Session) -> date:
    """The day the installation works on. Stored, because nights can be late and demos stand still."""
    from app.core import settings

    return settings.read_date(session, BUSINESS_DATE) or now().date()


def set_business_date(session: Session, day: date) -> None:
    """Move the installation to a day; only the night and an administrator do this."""
    moved = update(Setting).where(Setting.name == BUSINESS_DATE).values(value=day.isoformat())
    if not session.scalars(moved.returning(Setting.id)).all():
        session.add(Setting(name=BUSINESS_DATE, value=day.isoformat()))
        session.flush()
