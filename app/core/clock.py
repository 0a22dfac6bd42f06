"""The only place where the computer's clock is read, and the installation's business date."""

from datetime import UTC, date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.core.locks import Lock
from app.core.org.setup import Setting

BUSINESS_DATE = "business_date"


def now() -> datetime:
    """This instant, with its zone (UTC)."""
    return datetime.now(UTC)


def business_date(session: Session) -> date:
    """The day the installation works on. Stored, because nights can be late and demos stand still."""
    from app.core import settings

    return settings.read_date(session, BUSINESS_DATE) or now().date()


def hold_business_date(session: Session) -> date:
    """The business date, which stays until the transaction ends; a night that is moving it is waited for.

    For whoever stores many loans as they stand on it: a night that passed meanwhile would not have seen them.
    """
    session.execute(select(func.pg_advisory_xact_lock_shared(Lock.BUSINESS_DATE, 0)))
    return business_date(session)


def wait_to_move(session: Session) -> None:
    """Wait for those who hold the business date, and keep others from it until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(Lock.BUSINESS_DATE, 0)))


def set_business_date(session: Session, day: date) -> None:
    """Move the installation to a day; only the night and an administrator do this."""
    moved = update(Setting).where(Setting.name == BUSINESS_DATE).values(value=day.isoformat())
    if not session.scalars(moved.returning(Setting.id)).all():
        session.add(Setting(name=BUSINESS_DATE, value=day.isoformat()))
        session.flush()
