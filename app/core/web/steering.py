"""Settings of the installation as a request needs them: read once, however many parts of the page ask."""

from datetime import date

from flask import g

from app.core import clock, settings
from app.core.db import web_session


def setting(name: str) -> str:
    """The value of a setting. Raises KeyError for a name that is none."""
    if "settings" not in g:
        g.settings = settings.read_all(web_session())
    return str(g.settings[name])


def business_date() -> date:
    """The day the installation works on."""
    stored = setting(clock.BUSINESS_DATE)
    return date.fromisoformat(stored) if stored else clock.now().date()
