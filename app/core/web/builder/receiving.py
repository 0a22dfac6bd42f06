"""Users to whom a report's maker has it sent: chosen by him, told to him with what keeps one from getting it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from flask import g
from flask_babel import gettext
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.core import labels, registry
from app.core.db import session_for, unscoped
from app.core.errors import RuleError
from app.core.notices.settle import ways_of
from app.core.org import MailState, Notification, NotificationKind, NotificationWay, User, UserReport
from app.core.web.builder import keeping
from app.core.web.cells import plain
from app.core.web.fields import as_id
from app.core.web.lookups import rows
from app.core.web.principal import current, permissions

MOST = 50
"""Receivers of one report besides those who hold its role."""


@dataclass(frozen=True)
class Receiver:
    """A chosen user, and what his maker should know: why he gets nothing, or what became of the last mail."""

    id: int
    name: str
    told: str
    is_hindered: bool


def offers(text: str) -> dict[str, Any]:
    """Users to choose from by a few letters: whoever has a login, but not the reader himself."""
    return rows(User, text, current(), such=and_(User.active, User.id != current().user_id))


def choose(session: Session, report: UserReport, to: Iterable[str]) -> None:
    """Have the report sent to these users. Raises RuleError for what is no user with a login, and for too many."""
    numbers = {as_id(User, one) for one in to if one}
    if len(numbers) > MOST:
        raise RuleError(gettext("A report goes to at most %(n)s chosen users", n=MOST))
    known = select(User.id).where(User.id.in_(numbers - {None}), User.active, User.id != g.principal.user_id)
    found = set(session.scalars(known))
    # whoever was chosen before stays, though his login may be closed since
    if numbers - found - set(report.receivers or ()):
        raise RuleError(gettext("There is nothing like this to choose"))
    if numbers:
        keeping.need_sharable(report)
    report.receivers = sorted(int(one) for one in numbers if one is not None) or None


def able(house: Session, report: UserReport) -> set[int]:
    """Those of the receivers who may open what the report is about."""
    may_open = cache(partial(_may_open, report))
    return {user.id for user in _users(house, report) if user.active and may_open(user.role_id)}


def told(report: UserReport) -> list[Receiver]:
    """The receivers, for the report's maker."""
    if not report.receivers:
        return []
    may_open = cache(partial(_may_open, report))
    with unscoped("what became of a report that was sent") as house:
        return [_told(house, user, report, may_open) for user in _users(house, report)]


def _users(house: Session, report: UserReport) -> list[User]:
    ids = report.receivers or ()
    return list(house.scalars(select(User).where(User.id.in_(ids)).order_by(User.last_name, User.id)))


def _told(house: Session, user: User, report: UserReport, may_open: Callable[[int | None], bool]) -> Receiver:
    hindrance = _hindrance(house, user, report, may_open)
    return Receiver(user.id, str(user), hindrance or _last(house, user, report), hindrance is not None)


def _hindrance(
    house: Session, user: User, report: UserReport, may_open: Callable[[int | None], bool]
) -> str | None:
    """Why a user gets nothing, in words; None where nothing is known that hinders it."""
    if not user.active:
        return gettext("his login is closed")
    if not may_open(user.role_id):
        return gettext("his role may not open %(what)s", what=_about(report))
    if "@" not in (user.email or ""):
        return gettext("he has no e-mail address")
    if ways_of(house, user.id)[NotificationKind.REPORT] != NotificationWay.MAIL:
        return gettext("he wants no reports by e-mail")
    return None


def _may_open(report: UserReport, role_id: int | None) -> bool:
    """Whether holders of a role may open the report and the list that it is about."""
    if role_id is None or not registry.has_entity(report.entity):
        return False
    needed = {("can_show", "UserReport"), ("can_list", labels.subject(registry.entity(report.entity)))}
    with session_for(lambda: ("login", None)) as session:
        return needed <= permissions(session, role_id)


def _about(report: UserReport) -> str:
    known = registry.has_entity(report.entity)
    return str(labels.entity_label(registry.entity(report.entity))) if known else report.entity


def _last(house: Session, user: User, report: UserReport) -> str:
    """What became of the last mail to a user."""
    mine = Notification.user_id == user.id, Notification.kind == NotificationKind.REPORT
    about = Notification.entity == UserReport.slug(), Notification.row_id == report.id
    one = house.scalar(select(Notification).where(*mine, *about).order_by(Notification.id.desc()).limit(1))
    if one is None:
        return ""
    state = one.mail_state.label if isinstance(one.mail_state, MailState) else gettext("not sent")
    return f"{plain('datetime', one.created_at)}: {state}"
