"""Mail about notifications, sent to a real SMTP server."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import update

from app.access.users import create_user
from app.core import clock
from app.core.db import unscoped
from app.core.notices.settle import settle
from app.core.org import Notification, User
from app.messaging import notice_mail
from app.messaging.channels import Channel, Message, open_channel
from app.messaging.channels.base import ChannelError
from tests.messaging.postbox import Postbox, open_postbox, way_to
from tests.web.people import add, rows, stored


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Postbox, Controller]]:
    with open_postbox() as running:
        yield running


@pytest.fixture
def box(server: tuple[Postbox, Controller]) -> Postbox:
    server[0].mails.clear()
    server[0].answer = "250 OK"
    return server[0]


@pytest.fixture
def channel(server: tuple[Postbox, Controller], box: Postbox) -> Channel:
    return way_to(server[1])


@pytest.fixture(scope="module")
def reader(database: Any) -> int:
    """Somebody who reads Ukrainian and wants mail about his jobs."""
    user = create_user("reader", "pw", "Administrator", grants=({"kind": "all"},))
    with unscoped("data of a test") as session:
        person = session.get_one(User, user)
        person.email, person.language = "reader@bank.example", "uk"
    add("notification_choice", user_id=user, kind="job", way="mail")
    return user


def noted(app: Any, reader: int, title: str) -> int:
    """A finished job of the reader, settled; the id of its notification."""
    job = add("file_job", user_id=reader, title=title, request={})
    number = add("notification", user_id=reader, kind="job", entity="file_job", row_id=job, about="done")
    with app.app_context():
        settle()
    return number


def sent(app: Any, channel: Channel) -> int:
    with app.app_context():
        return notice_mail.send_due(lambda: channel)


def test_mail_leaves_once_in_the_readers_language_with_a_link(app: Any, reader: int, box: Postbox, channel: Channel, monkeypatch: Any) -> None:  # fmt: skip
    monkeypatch.setattr("config.PUBLIC_URL", "https://desk.bank.example/")
    number = noted(app, reader, "Кредити")
    assert (sent(app, channel), sent(app, channel)) == (1, 0)
    (to, mail), *others = box.mails
    assert (to, others) == (["reader@bank.example"], [])
    assert mail["From"] == "Loandesk <desk@bank.example>"
    assert mail["Subject"].startswith("Loandesk")
    assert "Кредити" in mail["Subject"]
    assert "Кредити" in mail.get_content()
    job = rows("file_job", title="Кредити")[0].id
    assert f"https://desk.bank.example/files/{job}" in mail.get_content()
    assert (str(stored("notification", number).mail_state), stored("notification", number).mail_tries) == (
        "sent",
        1,
    )


def test_a_server_that_is_busy_is_tried_again_and_a_refusal_is_kept(app: Any, reader: int, box: Postbox, channel: Channel) -> None:  # fmt: skip
    number, box.answer = noted(app, reader, "Busy"), "451 come back"
    assert sent(app, channel) == 0
    one = stored("notification", number)
    assert (str(one.mail_state), one.mail_problem) == ("waiting", "451 come back")
    assert one.mail_due_at > clock.now() + timedelta(seconds=50)
    with unscoped("a minute later") as session:
        session.execute(update(Notification).where(Notification.id == number).values(mail_due_at=clock.now()))
    box.answer = "554 not wanted"
    assert sent(app, channel) == 0
    one = stored("notification", number)
    assert (str(one.mail_state), one.mail_problem, one.mail_tries) == ("failed", "554 not wanted", 2)
    assert box.mails == []


def test_a_mail_whose_sender_died_is_not_sent_again(
    app: Any, reader: int, box: Postbox, channel: Channel
) -> None:
    number, long_ago = noted(app, reader, "Died"), clock.now() - notice_mail.LEASE - timedelta(minutes=1)
    with unscoped("a sender dies") as session:
        dead = {"mail_state": "sending", "mail_claimed_at": long_ago}
        session.execute(update(Notification).where(Notification.id == number).values(dead))
    assert (sent(app, channel), box.mails) == (0, [])
    assert str(stored("notification", number).mail_state) == "unknown"


def test_no_mail_tells_of_what_its_reader_has_read_or_sees_no_more(app: Any, reader: int, box: Postbox, channel: Channel) -> None:  # fmt: skip
    read, hidden = noted(app, reader, "Read"), noted(app, reader, "Hidden")
    with unscoped("read, and gone") as session:
        session.execute(update(Notification).where(Notification.id == read).values(read_at=clock.now()))
        session.delete(rows("file_job", title="Hidden")[0])
    assert (sent(app, channel), box.mails) == (0, [])
    assert [stored("notification", one).mail_state for one in (read, hidden)] == [None, None]


def test_a_server_that_is_away_is_told_and_a_wrong_address_of_it_too(server: Any) -> None:
    away = open_channel("smtp", {"url": "smtp://127.0.0.1:1", "sender": "a@b.example"})
    with pytest.raises(ChannelError) as told:
        away.send(Message("1", "c@d.example", "text", subject="subject"))
    assert not told.value.is_permanent
    with pytest.raises(ValueError, match="SMTP_URL is written"):
        open_channel("smtp", {"url": "mail.bank.example", "sender": "a@b.example"})
