"""Mail about notifications, and with reports on set days, to colleagues who want it: the table of notifications is its outbox.

A mail is claimed and that is committed before it is sent, so that none is sent twice: what a killed process leaves
claimed has an unknown outcome and stays so. A server that is away is tried again, after longer and longer pauses.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import force_locale, gettext
from sqlalchemy import select, update

import config
from app.core import clock, i18n
from app.core.db import scoped_as, unscoped
from app.core.faults import reason_of
from app.core.labels import with_kind
from app.core.notices import reading
from app.core.notices.seen import rows
from app.core.org import MailState, Notification, NotificationKind, User
from app.core.retry import patiently
from app.core.web import links, principal
from app.core.web.builder import sending
from app.core.web.transfer import XLSX
from app.messaging.channels import Attached, Channel, ChannelError, Message, Outcome, Receipt

log = logging.getLogger("loandesk.sending")
BATCH = 50
LEASE = timedelta(minutes=30)
"""Longer than a batch takes whose every mail waits for a server that says nothing."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
MOST_TRIES = 8
"""With pauses of a minute, four times longer each, to six hours: a day in all."""


def send_due(open_channel: Callable[[], Channel]) -> int:
    """Send every mail that is due; how many the server took. Needs an application context.

    The channel is asked for only where there is something to send.
    """
    _give_up_lost()
    sent = 0
    while claimed := _claim():
        # made one after the other while they leave: a mail may have a file
        mails = (mail for number in claimed if (mail := _made(number)) is not None)
        for message, outcome in open_channel().send_many(mails):
            patiently(_store, int(message.reference.partition("-")[0]), outcome)
            sent += isinstance(outcome, Receipt)
    return sent


def _give_up_lost() -> None:
    lost = Notification.mail_state == MailState.SENDING, Notification.mail_claimed_at < clock.now() - LEASE
    with unscoped("mail of dead senders") as house:
        house.execute(update(Notification).where(*lost).values(mail_state=MailState.UNKNOWN))


def _claim() -> list[int]:
    due = Notification.mail_state == MailState.WAITING, Notification.mail_due_at <= clock.now()
    with unscoped("claim mail that is due") as house:
        found = select(Notification).where(*due).order_by(Notification.mail_due_at).limit(BATCH)
        claimed = list(house.scalars(found.with_for_update(skip_locked=True, of=Notification)))
        for one in claimed:
            one.mail_state, one.mail_claimed_at, one.mail_tries = (
                MailState.SENDING,
                clock.now(),
                one.mail_tries + 1,
            )
        return [one.id for one in claimed]


@dataclass(frozen=True)
class _Noted:
    """A notification with what its mail needs of it."""

    user_id: int
    address: str
    language: str
    one: Notification


def _made(number: int) -> Message | None:
    """The mail; None for one that is not sent. What could not be made is tried again, and the others leave meanwhile."""
    try:
        return _mail(number)
    except Exception as error:
        log.exception("the mail of notification %d could not be made", number)
        patiently(_store, number, ChannelError(i18n.spoken(reason_of(error)), permanent=False))
        return None


def _mail(number: int) -> Message | None:
    """The mail, of what its receiver sees now; None, and no mail is sent, where he sees the record no more or has read it."""
    noted = _noted(number)
    who = principal.of_user(noted.user_id)
    if who is None or noted.one.read_at is not None:
        _drop(number)
        return None
    target = (noted.one.entity, noted.one.row_id)
    with scoped_as(noted.user_id) as session, force_locale(noted.language):
        row = rows(session, who[1], [target]).get(target)
        if row is None:
            _drop(number)
            return None
        said = with_kind(row)
        what = reading.sentence(noted.one)
    sent = (
        sending.made(noted.one.row_id, who) if noted.one.kind == NotificationKind.REPORT else sending.Sent([])
    )
    if sent is None:
        _drop(number)
        return None
    with force_locale(noted.language):
        text = "\n\n".join(_lines([f"{said}: {what}", *sent.sentences], links.show_url(*target)))
    files = (Attached(sent.name, XLSX, sent.content),) if sent.content else ()
    reference, subject = f"{number}-{noted.one.mail_tries}", f"Loandesk · {said}: {what}"
    return Message(reference, noted.address, text, subject=subject, files=files)


def _lines(told: list[str], path: str) -> Iterator[str]:
    yield from told
    if config.PUBLIC_URL:
        yield config.PUBLIC_URL.rstrip("/") + path
    yield gettext("By which way you are told of what is set in Loandesk: your name, What I am told of.")


def _noted(number: int) -> _Noted:
    with unscoped("what a mail tells") as house:
        one = house.get_one(Notification, number)
        user = house.get_one(User, one.user_id)
        _ = one.actor  # read while the session lives
        house.expunge_all()
        return _Noted(user.id, user.email, user.language, one)


def _drop(number: int) -> None:
    with unscoped("a mail that is not wanted any more") as house:
        house.get_one(Notification, number).mail_state = None


def _store(number: int, outcome: Outcome) -> None:
    """Keep what came of a mail."""
    with unscoped("what came of a mail") as house:
        one = house.get(Notification, number, with_for_update=True)
        if one is None or one.mail_state != MailState.SENDING:
            return
        one.mail_claimed_at, one.mail_problem = None, None
        if isinstance(outcome, Receipt):
            one.mail_state = MailState.SENT
            return
        one.mail_problem = outcome.reason[:500]
        if not isinstance(outcome, ChannelError):
            one.mail_state = MailState.UNKNOWN
        elif outcome.is_permanent or one.mail_tries >= MOST_TRIES:
            one.mail_state = MailState.FAILED
        else:
            one.mail_state = MailState.WAITING
            one.mail_due_at = clock.now() + min(FIRST_PAUSE * 4 ** (one.mail_tries - 1), LONGEST_PAUSE)
