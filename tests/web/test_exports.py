"""Workbooks of lists: what stands in them, who took them, and those made in the background."""

import multiprocessing
import os
import signal
import tempfile
import threading
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from app.core import files
from app.core.db import unscoped
from app.core.locks import Lock
from app.core.org import FileJob, JobState, User
from app.core.web import export_job, transfer
from tests.web.people import Browser, add, rows, stored
from tests.web.shop import CUSTOMERS, DAY, Shop
from tests.web.test_two_writers import change


def sheet(content: bytes) -> list[tuple[Any, ...]]:
    """The values of a workbook's first sheet, its header first."""
    return list(load_workbook(BytesIO(content)).worksheets[0].iter_rows(values_only=True))


def taken(shop: Shop, path: str, name: str = "admin") -> list[tuple[Any, ...]]:
    with shop.browser(name).get(path) as answer:
        assert answer.status_code == 200, answer.headers
        assert answer.mimetype == transfer.XLSX
        return sheet(answer.get_data())


@pytest.fixture
def small_cap(monkeypatch: Any) -> int:
    """Lists of more than ten rows are made in the background."""
    monkeypatch.setattr(transfer, "COUNT_CAP", 10)
    return 10


def ask(shop: Shop, name: str = "admin", query: str = "") -> int:
    """Ask for a file that is too large; the id of its job."""
    answer = shop.browser(name).get(f"/customer/export.xlsx?{query}")
    assert answer.status_code == 302
    return int(answer.headers["Location"].rpartition("/")[2])


def make(shop: Shop, job_id: int) -> FileJob:
    """Let the worker make it; the job as it is then."""
    with shop.app.app_context():
        export_job.run(job_id)
    return stored("file_job", job_id)


def test_a_file_holds_the_lists_rows_columns_and_order_typed(shop: Shop) -> None:
    query = "sort=-principal&principal__ge=1020&cols=number.customer.principal.annual_rate.disbursed_on.days_past_due.status"
    header, *lines = taken(shop, f"/loan/export.xlsx?{query}")
    assert header == (
        "Number",
        "Customer",
        "Principal",
        "Annual rate",
        "Disbursed on",
        "Days past due",
        "Status",
    )
    wanted = sorted(
        (loan for loan in rows("loan") if loan.principal >= 1020), key=lambda loan: -loan.principal
    )
    assert [line[0] for line in lines] == [loan.number for loan in wanted]
    number, customer, principal, rate, on, late, status = lines[0]
    assert (number, customer, status) == ("L-0039", "Customer 39", "Overdue")
    assert (principal, rate, late) == (1039, 14.07, 39)
    assert on.date() == wanted[0].disbursed_on


def test_an_amount_too_long_for_a_number_is_written_to_the_cent(shop: Shop) -> None:
    loan = stored("loan", shop.loans[5])
    cells = {
        "1234567890123456.78": "1234567890123456.78", "999999999999999.99": "999999999999999.99", "-0.10": -0.1,
        "999999999999999": 999999999999999, "9999999999999.99": 9999999999999.99, str(loan.principal): 1005,
    }  # fmt: skip
    for amount, cell in cells.items():
        change("loan", loan.id, principal=Decimal(amount))
        lines = taken(shop, f"/loan/export.xlsx?q={loan.number}&cols=principal")
        assert lines == [("Principal",), (cell,)]


def test_a_file_shows_instants_by_the_installations_clock_as_the_screen_does(shop: Shop) -> None:
    add(
        "contact_note",
        customer_id=shop.customers[0],
        at=datetime(2018, 6, 20, 23, 30, tzinfo=UTC),
        text="late",
    )
    [_header, line] = taken(shop, "/contact_note/export.xlsx?cols=at.text&q=late")
    assert line == (datetime(2018, 6, 21, 7, 30), "late")  # noqa: DTZ001  a cell has no zone
    change("user", shop.users["otto"], last_login=datetime(2018, 6, 20, 23, 30))  # noqa: DTZ001  kept so, in UTC
    [_header, line] = taken(shop, "/user/export.xlsx?cols=last_login&q=otto")
    assert line == (datetime(2018, 6, 21, 7, 30),)  # noqa: DTZ001


def test_text_that_looks_like_a_formula_stays_text(shop: Shop) -> None:
    wicked = ['=HYPERLINK("http://evil.example","x")', "+1+1", "-2", "@SUM(A1)", "\tx", "=1\n+1"]
    for number, one in enumerate(wicked):
        add("department", name=f"{one} {number}")
    with shop.admin.get("/department/export.xlsx") as answer:
        book = load_workbook(BytesIO(answer.get_data()))
    cells = [row[0] for row in book.worksheets[0].iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {f"{one} {number}" for number, one in enumerate(wicked)} <= {cell.value for cell in cells}


def test_personal_values_are_masked_for_those_who_may_not_reveal_them(shop: Shop) -> None:
    query = "/customer/export.xlsx?cols=name.identity_number&sort=name&status=inactive"
    [_header, first, *_rest] = taken(shop, query)
    assert first == ("Customer 00", "621121197011120000")
    [_header, first, *_rest] = taken(shop, query, "partner")
    assert first == ("Customer 00", "6211••••••••••0000")


def test_a_file_has_the_rows_of_the_scope_and_its_taking_is_logged(shop: Shop) -> None:
    lines = taken(shop, "/customer/export.xlsx?name__contains=Customer", "olga")[1:]
    assert len(lines) == CUSTOMERS // 2
    event = rows("audit_event", kind="export", user_id=shop.users["olga"])[-1]
    assert event.entity == "customer"
    assert event.details == {"rows": CUSTOMERS // 2, "filters": {"name__contains": ["•••"]}}
    assert taken(shop, "/customer/export.xlsx", "nobody")[1:] == []


def test_a_role_without_the_right_takes_nothing_away(shop: Shop) -> None:
    before = len(rows("audit_event", kind="export"))
    assert shop.browser("agent").get("/customer/export.xlsx").status_code == 403
    assert shop.admin.get("/customer/export.xlsx?password=x").status_code == 400
    assert len(rows("audit_event", kind="export")) == before


def test_no_file_is_left_behind_whatever_becomes_of_the_request(
    shop: Shop, monkeypatch: Any, tmp_path: Any
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with shop.browser("admin").get("/customer/export.xlsx") as answer:
        assert list(tmp_path.iterdir()) == []
        assert int(answer.headers["Content-Length"]) == len(answer.get_data())
    monkeypatch.setattr("app.core.web.transfer.log_export", lambda *_told: 1 / 0)
    with shop.browser("admin").get("/customer/export.xlsx") as answer:
        assert answer.status_code == 500
    assert list(tmp_path.iterdir()) == []


def test_more_rows_than_a_request_may_make_become_a_job_of_the_asker(shop: Shop, small_cap: int) -> None:
    job_id = ask(shop, "olga", "sort=name&cols=name.identity_number&name__contains=Customer")
    job = stored("file_job", job_id)
    assert (job.user_id, job.state, job.file_key) == (shop.users["olga"], JobState.WAITING, None)
    assert shop.browser("olga").get(f"/files/{job_id}/download").headers["Location"] == f"/files/{job_id}"
    job = make(shop, job_id)
    assert (job.state, job.progress, job.rows) == (JobState.DONE, 100, CUSTOMERS // 2)
    with shop.browser("olga").get(f"/files/{job_id}/download") as answer:
        lines = sheet(answer.get_data())
        assert f"customer-{DAY}.xlsx" in answer.headers["Content-Disposition"]
    assert [line[0] for line in lines[1:]] == [f"Customer {n:02d}" for n in range(0, CUSTOMERS, 2)]
    assert rows("audit_event", kind="export")[-2].details["rows"] == CUSTOMERS // 2


def test_nobody_else_ever_gets_the_file_and_only_who_sees_all_sees_its_job(
    shop: Shop, small_cap: int
) -> None:
    job_id = ask(shop, "olga")
    make(shop, job_id)
    for name in ("otto", "nobody"):
        assert shop.browser(name).get(f"/files/{job_id}").status_code == 404, name
    for name in ("otto", "owner", "partner", "nobody", "admin"):
        assert shop.browser(name).get(f"/files/{job_id}/download").status_code == 404, name
    page = shop.browser("admin").get(f"/files/{job_id}")
    assert page.status_code == 200
    assert f"/files/{job_id}/download" not in page.text
    assert f"/files/{job_id}/download" in shop.browser("olga").get(f"/files/{job_id}").text
    assert f"/files/{job_id}" in shop.browser("olga").get("/file_job/list/").text
    for name in ("otto", "owner", "nobody"):
        assert f"/files/{job_id}" not in shop.browser(name).get("/file_job/list/").text


def test_the_file_is_made_in_the_language_the_asker_read(
    shop: Shop, small_cap: int, monkeypatch: Any
) -> None:
    browser = Browser(shop.app, "admin")
    browser.get("/lang/ru")
    job_id = int(browser.get("/customer/export.xlsx").headers["Location"].rpartition("/")[2])
    seen = []
    inner = transfer.write_list

    def write(*args: Any, **kwargs: Any) -> int:
        from flask_babel import get_locale

        seen.append(str(get_locale()))
        return inner(*args, **kwargs)

    monkeypatch.setattr(transfer, "write_list", write)
    assert make(shop, job_id).state == JobState.DONE
    assert seen == ["ru"]


def test_progress_is_told_while_the_file_is_made(shop: Shop, small_cap: int, monkeypatch: Any) -> None:
    job_id, seen = ask(shop), []
    monkeypatch.setattr(export_job, "STEP", 10)
    inner = export_job._tell

    def tell(job_id: int, **values: Any) -> None:
        inner(job_id, **values)
        seen.append((str(stored("file_job", job_id).state), values.get("progress")))

    monkeypatch.setattr(export_job, "_tell", tell)
    make(shop, job_id)
    assert [pair[0] for pair in seen] == ["running"] * 5 + ["done"]
    assert [pair[1] for pair in seen] == [0, 24, 48, 73, 97, 100]


def test_what_the_asker_lost_meanwhile_is_not_in_his_file(shop: Shop, small_cap: int) -> None:
    job_id = ask(shop, "otto")
    with unscoped("otto leaves") as session:
        session.get_one(User, shop.users["otto"]).active = False
    job = make(shop, job_id)
    assert (job.state, job.file_key, job.message) == (JobState.FAILED, None, "The login is closed")
    with unscoped("otto returns") as session:
        session.get_one(User, shop.users["otto"]).active = True


def test_a_job_that_fails_says_so_in_words_and_does_not_stop_the_others(shop: Shop, small_cap: int) -> None:
    with shop.app.app_context():
        export_job.run_waiting()  # what other tests left waiting is none of the two
    bad, good = ask(shop), ask(shop)
    with unscoped("break a request") as session:
        session.get_one(FileJob, bad).request = {
            "entity": "customer",
            "query": [["nothing", "1"]],
            "language": "en",
        }
    with shop.app.app_context():
        assert export_job.run_waiting() == 1
    assert stored("file_job", bad).message == "There is no filter nothing here"
    assert stored("file_job", good).state == JobState.DONE
    assert "There is no filter" in shop.admin.get(f"/files/{bad}").text


def killed_in_the_middle(shop: Shop, job_id: int) -> None:
    """A worker of its own that is killed when it has passed some rows."""

    def work() -> None:
        from app.core.db import engine

        engine().dispose(close=False)
        export_job.STEP = 10
        inner = export_job._tell

        def tell(job_id: int, **values: Any) -> None:
            inner(job_id, **values)
            if values.get("rows"):
                os.kill(os.getpid(), signal.SIGKILL)

        export_job._tell = tell
        with shop.app.app_context():
            export_job.run(job_id)

    worker = multiprocessing.get_context("fork").Process(target=work)
    worker.start()
    worker.join(60)
    assert worker.exitcode == -signal.SIGKILL


def test_a_worker_that_is_killed_leaves_a_job_that_the_next_one_does_again(
    shop: Shop, small_cap: int
) -> None:
    job_id = ask(shop)
    kept = set(files.keys("export"))
    killed_in_the_middle(shop, job_id)
    job = stored("file_job", job_id)
    assert (job.state, job.rows, job.file_key) == (JobState.RUNNING, 10, None)
    job = make(shop, job_id)
    assert (job.state, job.rows) == (JobState.DONE, CUSTOMERS + 1)
    assert set(files.keys("export")) - kept == {job.file_key}
    assert make(shop, job_id).file_key == job.file_key, "done is done"


def test_two_workers_never_make_the_same_file(shop: Shop, small_cap: int) -> None:
    job_id = ask(shop)
    with unscoped("another worker is at it") as session:
        session.execute(text("SELECT pg_advisory_xact_lock(:a, :b)"), {"a": Lock.EXPORT_JOB, "b": job_id})
        done: list[bool] = []

        def work() -> None:
            with shop.app.app_context():
                done.append(export_job.run(job_id))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert done == [False]
    assert stored("file_job", job_id).state == JobState.WAITING
    assert make(shop, job_id).state == JobState.DONE, "when the other has let go of it"


def test_the_worker_finds_what_waits(shop: Shop, small_cap: int) -> None:
    from tasks.exports import make_waiting

    job_id = ask(shop)
    assert make_waiting() >= 1
    assert stored("file_job", job_id).state == JobState.DONE
