"""What becomes of what the triggers noted: told to whoever wants to be told and sees the record, else dropped.

One process at a time, a transaction for each person. A process that is killed leaves what it had not settled as it
was, and the next one goes on with it: nobody is told twice.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import scoped_as, unscoped
from app.core.locks import Lock
from app.core.notices.seen import seen
from app.core.org import MailState, Notification, NotificationChoice, NotificationKind, NotificationWay, User
from app.core.web import principal

log = logging.getLogger("loandesk.notifications")
BATCH = 1000
"""So many are looked through at once."""
_MERGED = (NotificationKind.CHANGE, NotificationKind.ASSIGNED, NotificationKind.TASK)
"""Kinds of which an unread one tells of the next like deed, too."""

_USUAL = {NotificationKind.REPORT: NotificationWay.MAIL}
"""Where nobody chose, what is told by another way than on the screen alone."""


def settle() -> int:
    """Settle everything that was noted; how many notifications are told now."""
    with unscoped("be the only one that settles notifications") as house:
        if not house.scalar(select(func.pg_try_advisory_xact_lock(Lock.NOTIFICATIONS, 0))):
            return 0
        told, failed = 0, set[int]()
        while by_user := _noted(house, failed):
            for user_id, ids in by_user.items():
                try:
                    told += _settle_of(user_id, ids)
                except Exception:
                    log.exception("notifications of user %d could not be settled", user_id)
                    failed.add(user_id)
        return told


def _noted(house: Session, failed: set[int]) -> dict[int, list[int]]:
    """User → ids of what was noted for him and is not settled, the oldest first; those of others go on if one fails."""
    found: dict[int, list[int]] = defaultdict(list)
    noted = select(Notification.user_id, Notification.id).where(
        Notification.checked_at.is_(None), Notification.user_id.not_in(failed)
    )
    for user_id, number in house.execute(noted.order_by(Notification.id).limit(BATCH)):
        found[user_id].append(number)
    return found


@dataclass
class _Settling:
    """Of one person: what stays, what is dropped."""

    kept: list[Notification] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)


def _settle_of(user_id: int, ids: Sequence[int]) -> int:
    who = principal.of_user(user_id)
    with unscoped("settle what a user is to be told of") as house:
        noted = list(
            house.scalars(select(Notification).where(Notification.id.in_(ids)).order_by(Notification.id))
        )
        ways = ways_of(house, user_id)
        wanted = [one for one in noted if ways[one.kind] != NotificationWay.NONE]
        in_sight = _in_sight(user_id, who, wanted)
        kept = _once([one for one in wanted if (one.entity, one.row_id) in in_sight])
        told = _joined(house, user_id, kept)
        gone = set(ids) - {one.id for one in told}
        house.execute(delete(Notification).where(Notification.id.in_(gone)))
        has_mail = who is not None and "@" in (
            house.scalar(select(User.email).where(User.id == user_id)) or ""
        )
        for one in told:
            one.checked_at = clock.now()
            if has_mail and ways[one.kind] == NotificationWay.MAIL:
                one.mail_state, one.mail_due_at = MailState.WAITING, one.checked_at
        return len(told)


def ways_of(session: Session, user_id: int) -> dict[NotificationKind, NotificationWay]:
    """By which way a user wants to be told of each kind."""
    ways = dict.fromkeys(NotificationKind, NotificationWay.SCREEN) | _USUAL
    chosen = {
        one.kind: one.way
        for one in session.scalars(select(NotificationChoice).where(NotificationChoice.user_id == user_id))
    }
    return {kind: chosen.get(kind.value, way) for kind, way in ways.items()}


def _in_sight(user_id: int, who: Any, noted: Sequence[Notification]) -> set[tuple[str, int]]:
    if who is None or not noted:
        return set()
    with scoped_as(user_id) as session:
        return seen(session, who[1], {(one.entity, one.row_id) for one in noted})


def _once(noted: Sequence[Notification]) -> list[Notification]:
    """One notification for one deed: whoever is mentioned is not told of the comment, nor whoever is put down of the change."""
    mentioned = {one.comment_id for one in noted if one.kind == NotificationKind.MENTION}
    put_down = {(one.entity, one.row_id) for one in noted if one.kind == NotificationKind.ASSIGNED}

    def is_told(one: Notification) -> bool:
        if one.kind == NotificationKind.COMMENT:
            return one.comment_id not in mentioned
        return one.kind != NotificationKind.CHANGE or (one.entity, one.row_id) not in put_down

    return [one for one in noted if is_told(one)]


def _joined(house: Session, user_id: int, noted: Sequence[Notification]) -> list[Notification]:
    """Those that stand for themselves; a like deed as one that is not read yet is added to that one."""
    unread = select(Notification).where(
        Notification.user_id == user_id, Notification.read_at.is_(None), Notification.checked_at.is_not(None),
        Notification.kind.in_(_MERGED),
    )  # fmt: skip
    before = {_deed(one): one for one in house.scalars(unread.with_for_update())}
    alone = []
    for one in noted:
        earlier = before.get(_deed(one)) if one.kind in _MERGED else None
        if earlier is None:
            before[_deed(one)] = one
            alone.append(one)
        else:
            earlier.times += one.times
            earlier.row_id, earlier.actor_id, earlier.created_at = one.row_id, one.actor_id, one.created_at
    return alone


def _deed(one: Notification) -> tuple[Any, ...]:
    """What makes two deeds alike: the record for a change, the column for putting somebody down and for tasks."""
    return (one.kind, one.entity, one.row_id if one.kind == NotificationKind.CHANGE else one.about)
