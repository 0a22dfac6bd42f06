"""Reports by e-mail: what a mail server received, of each receiver's own scope, in his language, once for a day."""

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from aiosmtpd.controller import Controller
from flask import g
from sqlalchemy import delete, update

from app.core import clock
from app.core.db import unscoped
from app.core.notices.settle import settle
from app.core.org import Notification, ReportSending, User
from app.core.web.builder import sending
from app.messaging import notice_mail
from tests.messaging.postbox import Postbox, open_postbox, way_to
from tests.web.people import add, rows
from tests.web.shop import Shop
from tests.web.test_saved_views import role_id

QUERY = "_row=status&_m=count"


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Postbox, Controller]]:
    with open_postbox() as running:
        yield running


@pytest.fixture
def post(shop: Shop, server: tuple[Postbox, Controller]) -> Any:
    """Let the report fall due and everything leave; what the server received: address -> mail."""
    box, running = server
    with unscoped("nothing is sent or told") as session:
        session.execute(delete(ReportSending))
        session.execute(delete(Notification))
        for login in ("olga", "otto", "admin"):
            session.execute(update(User).where(User.username == login).values(email=f"{login}@bank.example"))
        session.execute(update(User).where(User.username == "otto").values(language="uk"))

    def work() -> dict[str, Any]:
        box.mails.clear()
        with unscoped("the hour has come") as session:
            session.execute(update(ReportSending).values(next_at=clock.now() - timedelta(minutes=1)))
        with shop.app.app_context():
            sending.note_due()
            settle()
            sent = notice_mail.send_due(lambda: way_to(running))
        assert sent == len(box.mails)
        return {to[0]: mail for to, mail in box.mails}

    return work


def kept(shop: Shop, name: str, login: str = "admin", role: int | None = None, query: str = QUERY) -> int:
    owner = shop.users[login]
    return add("user_report", user_id=owner, entity="loan", name=name, query=query, role_id=role)


def send(shop: Shop, login: str, report: int, **said: str | list[str]) -> Any:
    given = {"days": "day", "hour": "8", **said}
    return shop.browser(login).post(f"/user_report/send/{report}", given, follow_redirects=True)


def loans_in(mail: Any) -> int:
    """The total of the workbook that a mail brings."""
    [file] = list(mail.iter_attachments())
    sheet = list(openpyxl.load_workbook(io.BytesIO(file.get_content())).worksheets[0].values)
    return int(sheet[-1][-1])


def text_of(mail: Any) -> str:
    return str(mail.get_body().get_content())


def test_each_receiver_gets_the_figures_of_his_own_scope_in_his_language_once(shop: Shop, post: Any) -> None:
    report = kept(shop, "Book by status", role=role_id("Officer"))
    assert "Saved" in send(shop, "admin", report, role="1").text
    mails = post()
    assert set(mails) == {f"{login}@bank.example" for login in ("admin", "olga", "otto")}
    for login in ("olga", "otto"):
        own = rows("loan", officer_id=shop.users[login])
        assert loans_in(mails[f"{login}@bank.example"]) == len(own) > 0
    assert loans_in(mails["admin@bank.example"]) == len(rows("loan"))
    assert "of your data scope" in text_of(mails["olga@bank.example"])
    assert "вашої області даних" in text_of(mails["otto@bank.example"])
    taken = rows("audit_event", kind="export", user_id=shop.users["otto"])
    assert taken[-1].entity == "loan"
    assert post() == {}, "the second run of a day sends nothing"


def test_who_may_read_it_no_more_gets_nothing(shop: Shop, post: Any) -> None:
    report = kept(shop, "No longer shared", role=role_id("Officer"))
    send(shop, "olga", report)
    with unscoped("taken from the role") as session:
        session.execute(update(rows("user_report", id=report)[0].__class__).values(role_id=None))
    assert post() == {}
    assert rows("notification", kind="report") == []


def test_that_there_is_nothing_to_report_is_told_without_a_file(shop: Shop, post: Any) -> None:
    send(shop, "olga", kept(shop, "Nothing", "olga", query=f"{QUERY}&principal__gt=999999999"))
    mail = post()["olga@bank.example"]
    assert "There is nothing to report" in text_of(mail)
    assert list(mail.iter_attachments()) == []


def test_a_file_too_large_for_a_mail_is_not_kept_as_taken_away(
    shop: Shop, post: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LARGEST", 100)
    send(shop, "olga", kept(shop, "Large", "olga"))
    before = len(rows("audit_event", kind="export"))
    assert "too large for a mail" in text_of(post()["olga@bank.example"])
    assert len(rows("audit_event", kind="export")) == before


def test_only_who_made_and_may_share_it_sends_a_report_to_a_role(shop: Shop, post: Any) -> None:
    report = kept(shop, "Of admin", role=role_id("Officer"))
    send(shop, "otto", report, role="1")
    assert set(post()) == {"otto@bank.example"}
    assert send(shop, "agent", report).status_code == 404
    assert [one.is_for_role for one in rows("report_sending")] == [False]


def test_it_is_stopped_by_its_receiver_and_wrong_days_are_refused(shop: Shop, post: Any) -> None:
    report = kept(shop, "Stopped", "olga")
    for days, hour in (("month-31", "8"), ("day", "24"), ("day", "x")):
        assert "Choose the days and the hour" in send(shop, "olga", report, days=days, hour=hour).text
    assert rows("report_sending") == []
    send(shop, "olga", report, days="week-1", hour="12")
    [one] = rows("report_sending")
    assert (one.next_at.isoweekday(), one.next_at > clock.now()) == (1, True)
    assert "<option value=week-1 selected>Monday" in shop.browser("olga").get(f"/user_report/open/{report}", follow_redirects=True).text  # fmt: skip
    send(shop, "olga", report, days="")
    assert (rows("report_sending"), post()) == ([], {})


def seen_by_maker(shop: Shop, report: int) -> str:
    return str(shop.admin.get(f"/user_report/open/{report}", follow_redirects=True).text)


def test_its_maker_has_it_sent_to_users_each_of_whom_gets_the_figures_of_his_own_scope(
    shop: Shop, post: Any
) -> None:
    report, olga, otto = kept(shop, "To two"), shop.users["olga"], shop.users["otto"]
    assert shop.browser("olga").get(f"/user_report/open/{report}").status_code == 404
    assert "Saved" in send(shop, "admin", report, receivers=[str(olga), str(otto)]).text
    mails = post()
    assert set(mails) == {f"{login}@bank.example" for login in ("admin", "olga", "otto")}
    for login in ("olga", "otto"):
        assert loans_in(mails[f"{login}@bank.example"]) == len(rows("loan", officer_id=shop.users[login])) > 0
    opened = shop.browser("olga").get(f"/user_report/open/{report}", follow_redirects=True)
    assert (opened.status_code, "To two" in opened.text) == (200, True)
    assert shop.browser("olga").post(f"/user_report/delete/{report}").status_code in (403, 404)
    assert "Sent" in seen_by_maker(shop, report)
    assert send(shop, "olga", report, receivers=[str(shop.users["agent"])]).status_code == 200
    assert rows("user_report", id=report)[0].receivers == [olga, otto], "hers is sent to her alone"
    send(shop, "admin", report, days="")
    assert rows("user_report", id=report)[0].receivers is None
    assert shop.browser("otto").get(f"/user_report/open/{report}").status_code == 404


def test_who_may_not_open_what_it_is_about_gets_none_and_its_maker_is_told_why(shop: Shop, post: Any) -> None:
    report = add(
        "user_report", user_id=shop.users["admin"], entity="audit_event", name="Looks", query="_m=count"
    )
    with unscoped("nowhere to send to") as session:
        session.execute(update(User).where(User.username == "auditor").values(email=""))
    send(shop, "admin", report, receivers=[str(shop.users[login]) for login in ("olga", "auditor")])
    assert set(post()) == {"admin@bank.example"}
    assert {one.user_id for one in rows("notification")} == {shop.users["admin"], shop.users["auditor"]}
    page = seen_by_maker(shop, report)
    assert "gets nothing, his role may not open Access log" in page
    assert "gets nothing, he has no e-mail address" in page


def test_receivers_are_users_with_a_login_and_never_of_rows_that_one_chose_by_a_list(
    shop: Shop, post: Any
) -> None:
    report, olga = kept(shop, "Wrong"), str(shop.users["olga"])
    with unscoped("a login is closed") as session:
        session.execute(update(User).where(User.username == "partner").values(active=False))
    for wrong in ("999999", "x", str(shop.users["admin"]), str(shop.users["partner"])):
        assert (
            "There is nothing like this to choose"
            in send(shop, "admin", report, receivers=[olga, wrong]).text
        )
    assert rows("report_sending") == []
    picked = kept(shop, "Picked", query=f"{QUERY}&picked=7")
    assert "are yours alone" in send(shop, "admin", picked, receivers=[olga]).text
    offered = [
        one["value"] for one in shop.browser("otto").get("/user_report/receivers?q=test").json["results"]
    ]
    assert olga in offered
    assert {str(shop.users["otto"]), str(shop.users["partner"])}.isdisjoint(offered)


def test_a_mail_that_cannot_be_made_is_tried_again_and_the_others_leave(
    shop: Shop, post: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    report = kept(shop, "Half broken")
    send(shop, "admin", report, receivers=[str(shop.users["olga"]), str(shop.users["otto"])])
    disk = Path.read_bytes

    def full(path: Path) -> bytes:
        if path.name == "report.xlsx" and g.principal.username == "olga":
            raise OSError("the disk is full")
        return disk(path)

    monkeypatch.setattr(Path, "read_bytes", full)
    assert set(post()) == {"admin@bank.example", "otto@bank.example"}
    [one] = rows("notification", user_id=shop.users["olga"])
    assert (str(one.mail_state), one.mail_tries, one.mail_problem) == (
        "waiting",
        1,
        "The program failed: the disk is full",
    )
    assert one.mail_due_at > clock.now()
    assert "could not be made" in caplog.text
    monkeypatch.undo()
    with unscoped("a minute later") as session:
        session.execute(update(Notification).values(mail_due_at=clock.now()))
    assert set(post()) == {"olga@bank.example"}
