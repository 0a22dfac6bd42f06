"""Reports that are sent by e-mail on set days: who is to get one is noted here, and told like all that users are told.

What is noted are notifications; `app.messaging.notice_mail` sends them. Each receiver reads the figures of his own
scope, by his own rights, at the time of sending; nothing is kept of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, g
from flask_babel import force_locale, gettext
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core import clock, files, settings
from app.core.db import unscoped, web_session
from app.core.errors import RuleError
from app.core.labels import subject
from app.core.org import Notification, NotificationKind, ReportSending, User, UserReport
from app.core.web.builder import file, keeping, receiving
from app.core.web.builder.asked import Asked
from app.core.web.principal import Principal
from app.core.web.steering import setting

MOST_DAY = 28
"""The last day that every month has."""
DAYS = ("day", *(f"week-{n}" for n in range(1, 8)), *(f"month-{n}" for n in range(1, MOST_DAY + 1)))
BATCH = 100
LARGEST = 10 * 2**20
"""Bytes of a workbook that goes by mail; mail servers refuse what is much larger."""


def next_after(days: str, hour: int, now: datetime) -> datetime:
    """The next time at which a report is to be sent. Raises ValueError for days that are none of DAYS.

    >>> now = datetime(2026, 3, 31, 9, 30)
    >>> [next_after(days, 8, now).isoformat(" ", "minutes") for days in ("day", "week-2", "month-1")]
    ['2026-04-01 08:00', '2026-04-07 08:00', '2026-04-01 08:00']
    """
    if days not in DAYS:
        raise ValueError(days)
    kind, _dash, number = days.partition("-")
    at = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    while at <= now or not (kind == "day" or int(number) == (at.isoweekday() if kind == "week" else at.day)):
        at += timedelta(days=1)
    return at


def local_now(zone: str) -> datetime:
    """This instant by the clock of the installation."""
    return clock.now().astimezone(ZoneInfo(zone))


def of_reader(report: UserReport) -> Any:
    """The reader's own sending of a report, as a query."""
    return select(ReportSending).where(
        ReportSending.user_id == g.principal.user_id, ReportSending.report_id == report.id
    )


def may_send_to_role(report: UserReport) -> bool:
    """Whether the reader may have a report sent to the holders of its role: he made it, and may share reports."""
    return bool(report.role_id) and report.user_id == g.principal.user_id and keeping.may_share()


def set_up(
    session: Session, report: UserReport, days: str, hour: str, *, is_for_role: bool, to: Iterable[str] = ()
) -> None:
    """Have a report sent on these days, or no longer for none; by its maker also to users, by their ids.

    Raises RuleError for what is no day or hour, and for what is nobody to send it to.
    """
    one = session.scalars(of_reader(report).with_for_update()).one_or_none()
    if report.user_id == g.principal.user_id:
        receiving.choose(session, report, to if days else ())
    if not days:
        if one is not None:
            session.delete(one)
        return
    if days not in DAYS or hour not in map(str, range(24)):
        raise RuleError(gettext("Choose the days and the hour from the lists"))
    if one is None:
        one = ReportSending(user_id=g.principal.user_id, report_id=report.id)
        session.add(one)
    one.days, one.hour = days, int(hour)
    one.is_for_role = is_for_role and may_send_to_role(report)
    one.next_at = next_after(days, one.hour, local_now(setting("zone")))


def note_due() -> int:
    """Note who is to get the reports that are due; how many sendings it were.

    A sending and its next time are one transaction, and of a report there is one notification for a person and day:
    whatever is killed, and however often this runs, nobody is told twice. Days that passed while nothing ran are
    not made up for.
    """
    with unscoped("reports that are to be sent") as house:
        due = select(ReportSending).where(ReportSending.next_at <= clock.now()).order_by(ReportSending.id)
        found = list(house.scalars(due.limit(BATCH).with_for_update(skip_locked=True, of=ReportSending)))
        for one in found:
            _note(house, one, local_now(settings.read(house, "zone")))
        return len(found)


def _note(house: Session, one: ReportSending, now: datetime) -> None:
    report = house.get_one(UserReport, one.report_id)
    receivers = {one.user_id}
    # the report may have been taken from the role since, or given to another one
    if one.is_for_role and report.role_id and report.user_id == one.user_id:
        holders = select(User.id).where(User.role_id == report.role_id, User.active)
        receivers |= set(house.scalars(holders))
    if report.user_id == one.user_id:
        receivers |= receiving.able(house, report)
    told = {"kind": NotificationKind.REPORT, "entity": UserReport.slug(), "row_id": report.id,
            "about": now.date().isoformat(), "actor_id": one.user_id}  # fmt: skip
    lines = [{"user_id": receiver, **told} for receiver in sorted(receivers)]
    house.execute(insert(Notification).on_conflict_do_nothing(), lines)
    one.next_at = next_after(one.days, one.hour, now)


@dataclass(frozen=True)
class Sent:
    """What a mail tells of a report: sentences, and the workbook if there is one."""

    sentences: list[str]
    name: str = ""
    content: bytes = b""


def made(report_id: int, who: tuple[User, Principal]) -> Sent | None:
    """A report as its receiver would see it now, in his language; None where he may not read it any more.

    Needs an application context, and reads in one of its own, which is the receiver's.
    """
    with current_app.app_context(), force_locale(who[1].language):
        g.user, g.principal = who
        report = keeping.found(str(report_id))
        asked = keeping.asked_of(report, who[1]) if report is not None else None
        if report is None or asked is None:
            return None
        try:
            return _made(asked, report.name)
        except RuleError as error:
            return Sent([str(error)])


def _made(asked: Asked, title: str) -> Sent:
    if web_session().scalar(select(asked.entity.id).where(*asked.listing.where()).limit(1)) is None:
        return Sent([gettext("There is nothing to report: you see no record that meets its filters.")])
    if not asked.principal.may("can_export", subject(asked.entity)):
        return Sent([gettext("Your role may not take these rows away, so there is no file with this mail.")])
    with files.scratch("report.xlsx") as path:
        lines = file.write(asked, title, path)
        if path.stat().st_size > LARGEST:
            return Sent([gettext("The file is too large for a mail: open the report.")])
        file.log(asked, lines)
        return Sent([gettext("The file with this mail has the figures of your data scope.")], file.name_of(asked), path.read_bytes())  # fmt: skip
