"""What a user reads of his notifications: those alone whose record he sees now, in the words of what he sees."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext, ngettext
from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from app.core import clock, codes, registry
from app.core.labels import column_label, subject, with_kind
from app.core.notices import approvals
from app.core.notices.seen import rows, seen
from app.core.org import Comment, Notification, NotificationKind, User
from app.core.web import followed, links
from app.core.web.cells import plain
from app.core.web.fields import listable
from app.core.web.principal import Principal

MOST = 30
"""Notifications of one page."""
COUNTED = 99
"""More unread ones are not counted."""
_ICONS = {
    NotificationKind.MENTION: "user-check", NotificationKind.ASSIGNED: "user-plus", NotificationKind.COMMENT: "message-circle",
    NotificationKind.FILE: "paperclip", NotificationKind.CHANGE: "pencil", NotificationKind.JOB: "circle-check",
    NotificationKind.REPORT: "report-analytics", NotificationKind.APPROVAL: "checks",
    NotificationKind.TASK: "checkbox", NotificationKind.STOPPED: "alert-triangle",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One notification as it is shown."""

    id: int
    icon: str
    colour: str
    said: str
    title: str
    url: str
    text: str
    at_text: str
    is_unread: bool


@dataclass(frozen=True)
class Page:
    """Notifications, the newest first, and the id before which the older ones stand."""

    lines: list[Line]
    older: int | None


def unread(session: Session, principal: Principal) -> int:
    """How many notifications the user has not read, `COUNTED` at most. Mostly one short statement: there are none."""
    mine = select(Notification.entity, Notification.row_id).where(*_open(principal)).limit(COUNTED)
    found = [(slug, row_id) for slug, row_id in session.execute(mine)]
    in_sight = seen(session, principal, set(found)) if found else set()
    return sum(target in in_sight for target in found)


def page(session: Session, principal: Principal, before: int | None, *, is_unread: bool) -> Page:
    """The newest notifications before that id, of all or of those that are not read."""
    query = select(Notification).where(*(_open(principal) if is_unread else _told(principal)))
    if before is not None:
        query = query.where(Notification.id < before)
    named = joinedload(Notification.actor).load_only(User.first_name, User.last_name)
    found = list(
        session.scalars(query.options(named).order_by(Notification.id.desc()).limit(MOST + 1)).unique()
    )
    shown = found[:MOST]
    records = rows(session, principal, {(one.entity, one.row_id) for one in shown})
    texts = _texts(session, principal, shown)
    lines = [
        _line(one, records[one.entity, one.row_id], texts, principal)
        for one in shown
        if (one.entity, one.row_id) in records
    ]
    return Page(lines, shown[-1].id if len(found) > MOST else None)


def mark_read(session: Session, principal: Principal, number: int | None = None) -> int:
    """Mark one notification as read, or all that the user has; how many were not. The caller commits.

    What just then is being added to is passed over rather than waited for, and stays unread.
    """
    mine = select(Notification.id).where(*_open(principal))
    if number is not None:
        mine = mine.where(Notification.id == number)
    ids = session.scalars(mine.with_for_update(skip_locked=True, of=Notification)).all()
    session.execute(update(Notification).where(Notification.id.in_(ids)).values(read_at=clock.now()))
    return len(ids)


def _told(principal: Principal) -> tuple[Any, ...]:
    """The user's own: whoever sees everything reads nobody else's."""
    return Notification.user_id == principal.user_id, Notification.checked_at.is_not(None)


def _open(principal: Principal) -> tuple[Any, ...]:
    return *_told(principal), Notification.read_at.is_(None)


def _texts(session: Session, principal: Principal, shown: list[Notification]) -> dict[int, str]:
    """What the comments say that are told of, for a role that reads comments."""
    ids = {one.comment_id for one in shown if one.comment_id}
    if not ids or not principal.may("can_list", subject(Comment)):
        return {}
    said = select(Comment.id, Comment.text).where(Comment.id.in_(ids), *followed.open_to(Comment, principal))
    return {number: text for number, text in session.execute(said)}  # noqa: C416  rows are no mapping


def _line(one: Notification, row: Any, texts: dict[int, str], principal: Principal) -> Line:
    entity = type(row)
    has_failed = one.kind == NotificationKind.JOB and one.about == "failed"
    return Line(
        one.id, "alert-triangle" if has_failed else _ICONS[one.kind], "red" if has_failed else one.kind.colour,
        sentence(one), with_kind(row), _url(one, entity, principal),
        texts.get(one.comment_id or 0, ""), plain("datetime", one.created_at), one.read_at is None,
    )  # fmt: skip


def _url(one: Notification, entity: Any, principal: Principal) -> str:
    """The record; of several the list of those that he is put down on, or of his tasks."""
    if one.kind == NotificationKind.TASK and one.times > 1:
        return "/tasks/"
    link = (one.about or "").removesuffix("_id")
    if (
        one.kind == NotificationKind.ASSIGNED
        and one.times > 1
        and any(f.name == link for f in listable(entity))
    ):
        return links.list_url(one.entity, **{link: principal.user_id, "sort": "-id"})
    tab = "?tab=activity" if one.comment_id or one.kind == NotificationKind.FILE else ""
    return links.show_url(one.entity, one.row_id) + tab


def sentence(one: Notification) -> str:
    """What happened, without a word of the record."""
    actor = getattr(one, "actor", None)
    who, n = str(actor) if actor is not None else gettext("Loandesk"), one.times
    if one.kind == NotificationKind.JOB:
        return gettext("Failed") if one.about == "failed" else gettext("Done")
    if one.kind == NotificationKind.REPORT:
        return gettext("The report for %(day)s", day=plain("date", date.fromisoformat(one.about or "")))
    if one.kind == NotificationKind.APPROVAL:
        return _of_request(one.about, who)
    if one.kind == NotificationKind.TASK:
        return _of_task(one.about, who, n)
    if one.kind == NotificationKind.STOPPED:
        return gettext(
            "Switched off by itself: %(why)s", why=codes.say(f"{one.entity}_stop", one.about or "")
        )
    if one.kind == NotificationKind.ASSIGNED:
        field = column_label(registry.entity(one.entity), one.about or "")
        if n == 1:
            return gettext("%(who)s puts you down as “%(field)s”", who=who, field=field)
        return ngettext(
            "%(who)s puts you down as “%(field)s” of %(num)s record",
            "%(who)s puts you down as “%(field)s” of %(num)s records",
            n, who=who, field=field,
        )  # fmt: skip
    if one.kind == NotificationKind.CHANGE:
        if n == 1:
            return gettext("%(who)s changes it", who=who)
        return ngettext("Changed %(num)s time, last by %(who)s", "Changed %(num)s times, last by %(who)s", n, who=who)  # fmt: skip
    return {
        NotificationKind.MENTION: gettext("%(who)s mentions you", who=who),
        NotificationKind.COMMENT: gettext("%(who)s comments", who=who),
        NotificationKind.FILE: gettext("%(who)s adds a file", who=who),
    }[one.kind]


def _of_request(about: str | None, who: str) -> str:
    """What is with a request for approval."""
    late = gettext("It waits for approval too long; you may decide now")
    return {
        approvals.NEW: gettext("%(who)s asks for your approval", who=who),
        approvals.REFUSED: gettext("%(who)s refuses what you asked for", who=who),
        approvals.DONE: gettext("What you asked for is approved and done"),
        approvals.FAILED: gettext("What you asked for is approved but could not be done"),
    }.get(about or approvals.LATE, late)


def _of_task(about: str | None, who: str, n: int) -> str:
    """For whom the task is, or how many there are."""
    if n > 1:
        return ngettext("%(num)s task, the last from %(who)s", "%(num)s tasks, the last from %(who)s", n, who=who)  # fmt: skip
    return {
        "role_id": gettext("%(who)s gives your role a task", who=who),
        "team_id": gettext("%(who)s gives your team a task", who=who),
    }.get(about or "", gettext("%(who)s gives you a task", who=who))
