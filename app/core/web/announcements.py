"""Announcements as a reader's home page shows them, and what must hold of one."""

from datetime import date
from typing import Any

from flask_babel import get_locale, lazy_gettext as _
from sqlalchemy import or_, select

from app.core import form_rules
from app.core.db import web_session
from app.core.errors import RuleError
from app.core.org import Announcement
from app.core.web.principal import Principal

MOST = 5


@form_rules.check(Announcement)
def ends_after_it_starts(_session: Any, row: Any) -> None:
    """The last day is not before the first."""
    if row.ends_on is not None and row.ends_on < row.starts_on:
        raise RuleError(_("The last day is before the first"), "ends_on")


def current(principal: Principal, on: date) -> list[Announcement]:
    """What is told to the reader on a business date, the newest first."""
    mine = (
        Announcement.starts_on <= on,
        or_(Announcement.ends_on.is_(None), Announcement.ends_on >= on),
        or_(Announcement.role_id.is_(None), Announcement.role_id == principal.role_id),
        or_(Announcement.language.is_(None), Announcement.language == str(get_locale())),
    )
    newest = select(Announcement).where(*mine).order_by(Announcement.starts_on.desc(), Announcement.id.desc())
    return list(web_session().scalars(newest.limit(MOST)))
