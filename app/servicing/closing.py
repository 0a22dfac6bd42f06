"""Closing the day from a screen."""

from __future__ import annotations

from datetime import date, timedelta

from app.core import clock, jobs
from app.core.db import unscoped

NIGHT = "nightly"


def close_day(user_id: int | None) -> date:
    """Ask for the next business date; the clockwork brings it within seconds. Returns that date."""
    with unscoped("ask for the next business date", user_id=user_id) as session:
        day = clock.business_date(session) + timedelta(days=1)
        jobs.request(session, NIGHT, day, user_id)
        return day
