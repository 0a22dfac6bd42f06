"""A change of very many rows: a job that works part by part, goes on where it was killed, and does nothing twice."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update

from app.core import clock, housekeeping
from app.core.db import unscoped
from app.core.org import BulkJob, History, Role, User
from app.core.web import bulk_work
from app.models import Customer, Loan
from tests.web.people import Browser, rows, stored
from tests.web.shop import DAY, Shop
from tests.web.test_bulk_edit import bulk as edit
from tests.web.test_two_writers import change as set_past_screens

MANY = 2500


def asked(answer: Any) -> int:
    """The job that a form led to."""
    assert answer.status_code == 302, re.findall(r"form-alert.*?</div>|<h1.*?</p>", answer.text, re.DOTALL)
    found = re.fullmatch(r"/bulk_job/page/(\d+)", answer.headers["Location"])
    assert found, answer.headers["Location"]
    return int(found[1])


def stop_dunning(browser: Browser, loans: list[int], **more: Any) -> Any:
    return browser.post("/loan/do/stop_dunning", {"__run": "1", "ids": loans, "reason": "flood", **more})


def work(shop: Shop, job_id: int) -> Any:
    """Let a worker come by; the job afterwards."""
    with shop.app.app_context():
        bulk_work.run(job_id)
    return stored("bulk_job", job_id)


def changes(entity: Any, ids: list[int], field: str) -> list[tuple[int, str, str | None]]:
    """Row, source and reason of each change of the field that the history has of these rows."""
    with unscoped("what the history has") as session:
        query = select(History.row_id, History.source, History.reason).where(
            History.entity == entity.slug(), History.row_id.in_(ids), History.action == "change", History.changes.has_key(field)
        )  # fmt: skip
        return sorted(map(tuple, session.execute(query)))


def fresh(shop: Shop, many: int) -> list[int]:
    """So many loans whose dunning is not stopped."""
    first = stored("loan", shop.loans[0])
    same = {"client_id": shop.client, "product_id": shop.product, "branch_id": first.branch_id, "currency": "CNY",
            "annual_rate": Decimal(14), "disbursed_on": DAY - timedelta(days=300), "matures_on": DAY + timedelta(days=60),
            "method": "annuity", "principal": Decimal(1000), "customer_id": shop.customers[0], "officer_id": first.officer_id}  # fmt: skip
    with unscoped("loans of a test") as session:
        start = session.scalar(select(func.max(Loan.id)))
        loans = [{**same, "number": f"F-{start}-{n}"} for n in range(many)]
        return list(session.scalars(insert(Loan).returning(Loan.id), loans))


def test_a_list_of_very_many_rows_is_changed_by_a_job_and_who_is_put_down_is_told(shop: Shop) -> None:
    with unscoped("customers of a test") as session:
        same = {"client_id": shop.client, "manager_id": shop.users["olga"]}
        made = insert(Customer).returning(Customer.id)
        ids = list(session.scalars(made, [{**same, "name": f"Many {n}"} for n in range(MANY)]))
    whole = {
        "_list": "?name__contains=Many",
        "_count": str(MANY),
        "next": "/customer/list/?name__contains=Many",
    }
    page = shop.admin.get("/customer/change", query_string={"_list": whole["_list"]}).text
    assert "So many rows are worked on in the background" in page
    otto = shop.users["otto"]
    answer = edit(shop.admin, "customer", [], {"manager_id": otto}, change_reason="Moved", **whole)
    job = asked(answer)
    assert "0 of 2,500 rows" in shop.admin.get(f"/bulk_job/page/{job}").text
    assert rows("customer", manager_id=otto, name="Many 7") == []
    with unscoped("rows that go meanwhile") as session:
        session.execute(delete(Customer).where(Customer.id.in_(ids[:3])))
    done = work(shop, job)
    assert (str(done.state), done.done, done.refused, done.progress) == ("done", MANY - 3, 3, 100)
    assert changes(Customer, ids, "manager_id") == [(one, "job", "Moved") for one in ids[3:]]
    told = [one.times for one in rows("notification", user_id=otto, kind="assigned", entity="customer")]
    assert sum(told) >= MANY - 3
    page = shop.admin.get(f"/bulk_job/page/{job}").text
    assert page.count("It is gone, or you do not see it any more") == 3
    assert f"/customer/list/?picked={done.selection_id}" in page
    assert [one.about for one in rows("notification", entity="bulk_job", row_id=job)] == ["done"]
    assert "Edit: Customers · Manager" in shop.admin.get("/jobs/").text
    assert shop.browser("otto").get(f"/bulk_job/page/{job}").status_code == 404


def test_an_operation_on_many_rows_lists_those_that_are_refused_and_tries_them_again(shop: Shop) -> None:
    loans = fresh(shop, 150)
    for one in loans[:5]:
        set_past_screens("loan", one, is_dunning_stopped=True)
    job = asked(stop_dunning(shop.admin, loans))
    assert not stored("loan", loans[9]).is_dunning_stopped
    done = work(shop, job)
    assert (str(done.state), done.done, done.refused) == ("done", 145, 5)
    assert [row_id for row_id, _source, _reason in changes(Loan, loans[5:], "is_dunning_stopped")] == loans[
        5:
    ]
    assert {reason for _id, _source, reason in changes(Loan, loans[5:], "is_dunning_stopped")} == {"flood"}
    page = shop.admin.get(f"/bulk_job/page/{job}").text
    assert page.count("Dunning is stopped already") == 5
    [again] = re.findall(r'href="(/loan/do/stop_dunning\?_list=[^"]+)"', page)
    asked_again = shop.admin.get(again).text
    assert {int(one) for one in re.findall(r'name="ids" value="(\d+)"', asked_again)} == set(loans[:5])


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("field", ["is_dunning_stopped", "purpose"])
def test_a_worker_killed_in_the_middle_of_a_part_leaves_it_undone_and_the_next_does_nothing_twice(
    shop: Shop, monkeypatch: Any, field: str
) -> None:
    loans = fresh(shop, 10)
    answer = (
        stop_dunning(shop.admin, loans)
        if field != "purpose"
        else edit(shop.admin, "loan", loans, {field: "p"})
    )
    job, mark, parts = asked(answer), bulk_work._mark, []

    def killed(*args: Any) -> None:
        parts.append(args)
        if len(parts) == 3:
            raise SystemExit
        mark(*args)

    monkeypatch.setattr(bulk_work, "_mark", killed)
    with pytest.raises(SystemExit):
        work(shop, job)
    left = stored("bulk_job", job)
    assert (str(left.state), left.position, left.done) == ("running", 6, 6)
    assert [one for one, *_ in changes(Loan, loans, field)] == loans[:6]
    monkeypatch.setattr(bulk_work, "_mark", mark)
    done = work(shop, job)
    assert (str(done.state), done.position, done.done, done.refused) == ("done", 10, 10, 0)
    assert [one for one, *_ in changes(Loan, loans, field)] == loans, "each of them once"
    assert (done.arguments, stored("loan", loans[0]).number[0]) == ({}, "F")


@pytest.mark.usefixtures("few")
def test_what_is_stopped_keeps_what_is_done_and_goes_on_when_it_is_run_again(
    shop: Shop, monkeypatch: Any
) -> None:
    loans, olga = fresh(shop, 8), shop.browser("olga")
    job, begun, parts = asked(stop_dunning(olga, loans)), bulk_work._begun, []

    def stopped(*args: Any) -> Any:
        parts.append(args)
        if len(parts) == 2:
            olga.post("/bulk_job/do/stop_bulk_job", {"ids": job, "__run": "1"})
        return begun(*args)

    monkeypatch.setattr(bulk_work, "_begun", stopped)
    half = work(shop, job)
    assert (str(half.state), half.done) == ("stopped", 6)
    assert [one for one, *_ in changes(Loan, loans, "is_dunning_stopped")] == loans[:6]
    assert "6 of 8 rows" in olga.get(f"/bulk_job/page/{job}").text
    assert work(shop, job).done == 6, "it waits to be asked for again"
    olga.post("/bulk_job/do/rerun_bulk_job", {"ids": job, "__run": "1"})
    assert (str(work(shop, job).state), stored("bulk_job", job).done) == ("done", 8)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("lost", ["login", "right", "scope"])
def test_who_lost_his_login_his_right_or_his_rows_meanwhile_is_told_and_nothing_is_stored(
    shop: Shop, lost: str
) -> None:
    loans = fresh(shop, 5)
    job = asked(stop_dunning(shop.browser("olga"), loans))
    with unscoped("what changes meanwhile") as session:
        olga = session.get_one(User, shop.users["olga"])
        role, partner = olga.role_id, session.scalar(select(Role.id).where(Role.name == "Partner"))
        if lost == "scope":
            session.execute(update(Loan).where(Loan.id.in_(loans)).values(officer_id=shop.users["otto"]))
        elif lost == "right":
            olga.role_id = partner
        else:
            olga.active = False
    done = work(shop, job)
    with unscoped("as it was") as session:
        olga = session.get_one(User, shop.users["olga"])
        olga.role_id, olga.active = role, True
    why = {"login": "The login is closed", "right": "You may no longer do this", "scope": None}[lost]
    assert (str(done.state), done.message) == ("done" if lost == "scope" else "failed", why)
    assert (done.done, done.refused) == (0, 5 if lost == "scope" else 0)
    assert changes(Loan, loans, "is_dunning_stopped") == []


@pytest.mark.usefixtures("few")
def test_a_foreign_row_among_many_is_a_404_and_the_same_form_sent_twice_is_one_job(shop: Shop) -> None:
    olga, loans, before = shop.browser("olga"), fresh(shop, 6), len(rows("bulk_job"))
    foreign = shop.loans[1]
    assert stop_dunning(olga, [*loans, foreign]).status_code == 404
    assert (
        edit(olga, "customer", [*shop.customers[:10:2], shop.customers[1]], {"remark": "x"}).status_code
        == 404
    )
    assert edit(shop.browser("partner"), "customer", shop.customers[:5], {"remark": "x"}).status_code == 403
    assert len(rows("bulk_job")) == before
    once = {"_once": "a" * 32}
    first, again = (asked(stop_dunning(olga, loans, **once)) for _time in range(2))
    assert first == again
    one, other = (
        asked(edit(shop.admin, "loan", loans, {"purpose": "p"}, _once="b" * 32)) for _time in range(2)
    )
    assert one == other
    assert len(rows("bulk_job")) == before + 2
    assert stop_dunning(olga, loans, _once="a" * 32, reason="other").status_code == 422


@pytest.mark.usefixtures("few")
def test_what_was_to_be_done_is_forgotten_days_after_the_end_and_is_not_run_again(shop: Shop) -> None:
    olga = shop.browser("olga")
    waiting, running, late, open_ = (asked(stop_dunning(olga, fresh(shop, 5))) for _job in range(4))
    with unscoped("it is under way") as session:
        session.get_one(BulkJob, running).state = "running"
        session.get_one(BulkJob, open_).created_at = clock.now() - timedelta(days=90)
    for job in (waiting, running, late):
        olga.post("/bulk_job/do/stop_bulk_job", {"ids": job, "__run": "1"})
    work(shop, running)
    ended = [stored("bulk_job", job).ended_at for job in (waiting, running)]
    assert all(at and clock.now() - at < timedelta(minutes=1) for at in ended), "also what never began"
    with unscoped("days of a test") as session:
        for job in (waiting, running):
            session.get_one(BulkJob, job).ended_at = clock.now() - housekeeping.MENDED - timedelta(hours=1)
        assert housekeeping.forget_changes(session, clock.now() - housekeeping.MENDED) == 2
    kept = {}
    with unscoped("what is kept") as session:
        for job in (waiting, running, late, open_):
            row = session.get_one(BulkJob, job)
            kept[job] = bool(row.arguments), len(row.row_ids)
    assert kept == {waiting: (False, 0), running: (False, 0), late: (True, 5), open_: (True, 5)}
    answers = [
        shop.caller("olga").call("POST", f"bulk_job/{job}/do/rerun_bulk_job", {}) for job in (waiting, late)
    ]
    assert [answer.status_code for answer in answers] == [422, 200]
    assert "Ask for it anew" in answers[0].json["message"]
    assert [str(stored("bulk_job", job).state) for job in (waiting, late)] == ["stopped", "waiting"]
