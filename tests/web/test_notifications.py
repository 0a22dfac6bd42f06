"""Notifications: of what others do, once, of records that one sees, read by their receiver alone."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from app.core import clock, housekeeping, settings
from app.core.db import source, unscoped
from app.core.notices.settle import settle
from app.core.org import FileJob, Following, Notification, NotificationChoice
from app.models import Customer, Loan
from tests.web.people import add, rows, stored
from tests.web.shop import Shop


@pytest.fixture(autouse=True)
def _nothing_told(shop: Shop) -> None:
    settled(shop)
    with unscoped("an empty list of notifications") as session:
        for entity in (Notification, Following, NotificationChoice):
            session.execute(delete(entity))


def settled(shop: Shop) -> int:
    with shop.app.app_context():
        return settle()


def told(shop: Shop, login: str) -> list[tuple[str, str, int, int]]:
    """Settle, and what was stored for a person."""
    settled(shop)
    found = rows("notification", user_id=shop.users[login])
    assert all(one.checked_at for one in found)
    return [(str(one.kind), one.entity, one.row_id, one.times) for one in found]


def change(shop: Shop, login: str, slug: str, row_id: int, **values: Any) -> None:
    answer = shop.caller(login).call("PUT", f"{slug}/{row_id}", values)
    assert answer.status_code == 200, answer.text


def rename(shop: Shop, login: str, customer: int, name: str) -> None:
    change(shop, login, "customer", customer, name=name)


def follow(shop: Shop, login: str, slug: str, row_id: int) -> None:
    assert shop.browser(login).post(f"/{slug}/follow/{row_id}").status_code == 302


def say(shop: Shop, login: str, text: str, row_id: int) -> None:
    about = {"entity": "loan", "row_id": str(row_id), "text": text}
    assert shop.browser(login).post("/comment/add", about).status_code == 302


def bell(shop: Shop, login: str) -> int:
    """What the bell of a page shows, and what it is told later, are the same."""
    counted = shop.browser(login).get("/notifications/count").json["unread"]
    assert (
        f"data-bell-count{'' if counted else ' hidden'}>{counted or ''}<"
        in shop.browser(login).get("/home/").text
    )
    return int(counted)


def test_who_is_mentioned_is_told_once_even_if_he_follows_the_record(shop: Shop) -> None:
    loan = shop.loans[0]
    follow(shop, "admin", "loan", loan)
    follow(shop, "auditor", "loan", loan)
    follow(shop, "olga", "loan", loan)
    say(shop, "olga", "Look here @admin and @olga", loan)
    assert told(shop, "admin") == [("mention", "loan", loan, 1)]
    assert told(shop, "auditor") == [("comment", "loan", loan, 1)]
    assert told(shop, "olga") == []
    assert settled(shop) == 0
    page = shop.admin.get("/notifications/").text
    assert "Olga Test mentions you" in page
    assert "Look here @admin" in page
    assert f'href="/loan/page/{loan}?tab=activity"' in page
    assert (bell(shop, "admin"), bell(shop, "olga")) == (1, 0)


def test_changes_of_a_followed_record_are_one_notification_until_it_is_read(shop: Shop) -> None:
    customer = shop.customers[0]
    follow(shop, "admin", "customer", customer)
    rename(shop, "olga", customer, "Renamed once")
    assert told(shop, "admin") == [("change", "customer", customer, 1)]
    rename(shop, "olga", customer, "Renamed twice")
    assert told(shop, "admin") == [("change", "customer", customer, 2)]
    assert "Changed 2 times, last by Olga Test" in shop.admin.get("/notifications/").text
    shop.admin.post("/notifications/read")
    assert bell(shop, "admin") == 0
    rename(shop, "olga", customer, "Renamed again")
    assert [times for *_rest, times in told(shop, "admin")] == [2, 1]
    rename(shop, "admin", customer, "Renamed by himself")
    assert [times for *_rest, times in told(shop, "admin")] == [2, 1]


def test_what_a_job_counts_by_itself_is_not_told(shop: Shop) -> None:
    follow(shop, "admin", "customer", shop.customers[0])
    mark = source.set("job")
    try:
        with unscoped("a night of a test") as session:
            session.execute(update(Customer).where(Customer.id == shop.customers[0]).values(name="Counted"))
    finally:
        source.reset(mark)
    assert told(shop, "admin") == []


def test_who_is_put_down_on_records_is_told_how_many_and_where(shop: Shop) -> None:
    mine = [shop.customers[number] for number in (0, 2, 4)]
    otto = str(shop.users["otto"])
    change(shop, "admin", "customer", mine[0], manager=int(otto))
    assert told(shop, "otto") == [("assigned", "customer", mine[0], 1)]
    assert f"/customer/page/{mine[0]}" in shop.browser("otto").get("/notifications/").text
    with unscoped("a bulk edit of a test") as session:
        session.execute(update(Customer).where(Customer.id.in_(mine[1:])).values(manager_id=int(otto)))
    assert told(shop, "otto") == [("assigned", "customer", mine[2], 3)]
    page = shop.browser("otto").get("/notifications/").text
    assert "“Manager” of 3 records" in page
    assert f"/customer/list/?manager={otto}&amp;sort=-id" in page
    with unscoped("back to olga") as session:
        session.execute(update(Customer).where(Customer.id.in_(mine)).values(manager_id=shop.users["olga"]))


def test_what_is_told_of_a_user_stands_among_the_others(shop: Shop) -> None:
    about = {"entity": "user", "row_id": shop.users["otto"]}
    said = shop.caller("admin").call("POST", "comment/", {**about, "text": "look @auditor at him"})
    assert said.status_code == 201, said.text
    assert told(shop, "auditor")[-1:] == [("mention", "user", shop.users["otto"], 1)], said.text
    assert "User Otto Test" in shop.browser("auditor").get("/notifications/").text


def test_nobody_is_told_of_a_record_that_he_does_not_see(shop: Shop) -> None:
    hidden, shown = shop.customers[0], shop.customers[1]
    for customer in (hidden, shown):
        add("following", user_id=shop.users["otto"], entity="customer", row_id=customer)
    add("following", user_id=shop.users["agent"], entity="user", row_id=shop.users["otto"])
    rename(shop, "olga", hidden, "Not for otto")
    change(shop, "admin", "user", shop.users["otto"], phone="+380501112233")
    assert (told(shop, "otto"), told(shop, "agent")) == ([], [])
    rename(shop, "admin", shown, "Seen by otto")
    assert told(shop, "otto") == [("change", "customer", shown, 1)]
    assert bell(shop, "otto") == 1
    with unscoped("taken from otto") as session:
        session.execute(update(Customer).where(Customer.id == shown).values(manager_id=shop.users["olga"]))
        session.execute(update(Loan).where(Loan.customer_id == shown).values(officer_id=shop.users["olga"]))
    assert "Seen by otto" not in shop.browser("otto").get("/notifications/").text
    assert bell(shop, "otto") == 0


def test_nobody_reads_or_marks_the_notifications_of_another_whatever_he_sees(shop: Shop) -> None:
    say(shop, "admin", "For @olga alone", shop.loans[0])
    settled(shop)
    one = rows("notification", user_id=shop.users["olga"])[0]
    assert "For @olga alone" not in shop.admin.get("/notifications/").text
    for login in ("admin", "otto"):
        assert shop.browser(login).post(f"/notifications/{one.id}/read").status_code == 404
        shop.browser(login).post("/notifications/read")
    assert stored("notification", one.id).read_at is None
    assert shop.browser("olga").post(f"/notifications/{one.id}/read").status_code == 302
    assert stored("notification", one.id).read_at is not None
    assert shop.browser("olga").post(f"/notifications/{one.id}/read").status_code == 302
    assert shop.browser("olga").get("/notifications/?before=x").status_code == 404


def test_who_asked_for_a_file_is_told_when_it_is_ready_and_why_it_is_not(shop: Shop) -> None:
    olga = shop.users["olga"]
    job = add("file_job", user_id=olga, title="Loans", request={})
    for state in ("running", "done", "done"):
        with unscoped("the worker of a test") as session:
            session.execute(update(FileJob).where(FileJob.id == job).values(state=state))
    assert told(shop, "olga") == [("job", "file_job", job, 1)]
    other = add("file_job", user_id=olga, title="Customers", request={})
    with unscoped("the worker of a test") as session:
        session.execute(update(FileJob).where(FileJob.id == other).values(state="failed"))
    assert len(told(shop, "olga")) == 2
    page = shop.browser("olga").get("/notifications/").text
    assert "File job Customers" in page
    assert "Failed" in page
    assert f'href="/files/{job}"' in page


def test_what_somebody_does_not_want_is_not_kept_for_him(shop: Shop) -> None:
    olga, loan = shop.browser("olga"), shop.loans[0]
    assert (
        olga.post(
            "/notifications/choices", {"mention": "none", "job": "mail", "change": "nonsense"}
        ).status_code
        == 302
    )
    kept = {str(one.kind): str(one.way) for one in rows("notification_choice", user_id=shop.users["olga"])}
    assert kept == {"mention": "none", "job": "mail"}
    say(shop, "admin", "Not for @olga", loan)
    assert told(shop, "olga") == []
    assert olga.post("/notifications/choices", {"mention": "screen"}).status_code == 302
    say(shop, "admin", "Again for @olga", loan)
    assert told(shop, "olga") == [("mention", "loan", loan, 1)]


def test_notifications_read_long_ago_are_forgotten_and_unread_ones_stay(shop: Shop) -> None:
    for day in (89, 91):
        number = add("notification", user_id=shop.users["olga"], kind="job", entity="loan", row_id=1)
        ago = clock.now() - timedelta(days=day)
        with unscoped("read some time ago") as session:
            session.execute(
                update(Notification).where(Notification.id == number).values(read_at=ago, checked_at=ago)
            )
    add("notification", user_id=shop.users["olga"], kind="job", entity="loan", row_id=1)
    with unscoped("housekeeping of a test") as session:
        assert housekeeping.forget_notifications(session) == 1
        settings.write(session, "notification_days", "30")
        assert housekeeping.forget_notifications(session) == 1
    assert [one.read_at for one in rows("notification")] == [None]


def test_older_notifications_follow_page_by_page(shop: Shop) -> None:
    numbers = [
        add("notification", user_id=shop.users["olga"], kind="comment", entity="loan", row_id=shop.loans[0], checked_at=clock.now())
        for _each in range(35)
    ]  # fmt: skip
    first = shop.browser("olga").get("/notifications/").text
    assert first.count("data-notice=") == 30
    second = shop.browser("olga").get(f"/notifications/?before={numbers[5]}").text
    assert second.count("data-notice=") == 5
    assert bell(shop, "olga") == 35
