"""The clerk's day: she takes in the file of her branch's payments, and sees what came of it."""

import re
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask_babel import force_locale
from openpyxl import load_workbook
from sqlalchemy import update

from app.access.users import create_user
from app.core import files
from app.core.db import unscoped
from app.core.errors import RuleError
from app.core.org import GrantKind
from app.models import ImportLayout, ImportRun
from app.servicing.intake import run_import
from app.servicing.intake.fields import TARGETS
from app.servicing.intake.importing import run_waiting
from tests.operations.desk import DAY, Desk
from tests.web.people import rows

HEAD = "received_on,loan_number,customer_name,amount,reference"
TO_COME = DAY + timedelta(days=1)
SAID = {
    "en": "Jun 25, 2018",
    "uk": "25 черв. 2018\u202fр.",
    "ru": "25 июн. 2018\u202fг.",
    "zh_Hans": "2018/6/25",
    "zh_Hant": "2018/6/25",
}
"""The business date as each language writes it."""


def layout(name: str, target: str) -> ImportLayout:
    """How a file is read whose columns are called as the fields are."""
    needed = [field for field, spec in TARGETS[target].items() if spec.is_required]
    fields = [{"field": field, "headers": [field]} for field in dict.fromkeys((*needed, "customer_name"))]
    read_as = {
        "name": name,
        "title": name,
        "target": target,
        "fields": [{"field": "client", "const": "bank"}, *fields],
    }
    return ImportLayout(name=name, title=name, target=target, definition={"layout": read_as})


@pytest.fixture(scope="module")
def counter(desk: Desk) -> Desk:
    """The desk with clerks who see their own records besides a branch, and layouts of the lender's files."""
    with unscoped("data of a test") as session:
        session.add_all(
            [layout("receipts", "repayments"), layout("book", "portfolio"), layout("gone", "write_offs")]
        )
    own = {"kind": GrantKind.OWN}
    for name, branch, language in (
        ("nina", "north", "en"),
        ("olha", "north", "uk"),
        ("sonia", "south", "en"),
    ):
        grants = [{"kind": GrantKind.BRANCH, "branch_id": desk.branches[branch]}, own]
        desk.users[name] = create_user(name, "pw", "Clerk", language=language, grants=grants)
    desk.users["reader"] = create_user("reader", "pw", "Clerk", grants=[{"kind": GrantKind.REGION, "region_id": desk.region}, own])  # fmt: skip
    return desk


def number_of(loan: int) -> str:
    return str(rows("loan", id=loan)[0].number)


def written(place: Path, lines: Iterable[str]) -> Path:
    place.write_text("\n".join([HEAD, *lines]), encoding="utf-8")
    return place


def refused(run_id: int) -> list[tuple[Any, ...]]:
    return [(row.row, row.column, row.value, row.reason) for row in rows("import_problem", run_id=run_id)]


def test_a_file_of_payments_pays_only_loans_that_its_clerk_sees(counter: Desk, tmp_path: Path) -> None:
    near, far = counter.loan(), counter.loan("south")
    named = [number_of(near), number_of(far), "NONE"]
    file = written(
        tmp_path / "day.csv", [f"2018-06-20,{one},,100,OF-{place}" for place, one in enumerate(named)]
    )
    done = run_import(file, "receipts", user_id=counter.users["nina"])
    assert done.line == "created 1, updated 0, unchanged 0, rejected 2"
    unseen = "is no loan of this client that you see"
    assert refused(done.run_id) == [
        (3, "loan_number", named[1], unseen),
        (4, "loan_number", "NONE", unseen),
    ]
    assert [row.amount for row in rows("repayment", loan_id=near)] == [Decimal(100)]
    assert rows("repayment", loan_id=far) == []
    read_only = run_import(file, "receipts", user_id=counter.users["reader"])
    assert read_only.line == "created 0, updated 0, unchanged 0, rejected 3", "territory is only read"
    posted = run_import(file, "receipts", user_id=counter.users["sonia"])
    assert posted.line == "created 1, updated 0, unchanged 0, rejected 2"
    assert [row.reference for row in rows("repayment", loan_id=far)] == ["OF-1"]


@pytest.mark.parametrize("name, layout_name", [("nina", "book"), ("nina", "gone"), ("clerk", "receipts")])
def test_who_sees_part_of_a_book_imports_nothing_but_payments_and_sees_his_files(
    counter: Desk, tmp_path: Path, name: str, layout_name: str
) -> None:
    """`clerk` would not see the record of her own file."""
    loan = counter.loan()
    file = written(tmp_path / "day.csv", [f"2018-06-20,{number_of(loan)},,100,NO-{loan}"])
    with pytest.raises(RuleError, match="needs a grant"):
        run_import(file, layout_name, user_id=counter.users[name])
    assert rows("repayment", loan_id=loan) == []
    form = {"layout": layout_name, "file": (BytesIO(file.read_bytes()), "day.csv")}
    before = len(rows("import_run"))
    answer = counter.browser(name).post("/imports/new", form, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert len(rows("import_run")) == before


def test_the_upload_offers_what_one_may_import(counter: Desk) -> None:
    def offered(name: str) -> set[str]:
        return set(re.findall(r'name="layout" value="(\w+)"', counter.browser(name).get("/imports/new").text))

    counter.loan()
    assert {"receipts", "book", "gone"} <= offered("admin")
    assert offered("nina") == {"receipts"}
    page = counter.browser("clerk").get("/imports/new")
    assert page.status_code == 200
    assert "needs a grant" in page.text
    assert 'type="file"' not in page.text


def test_a_clerk_uploads_a_file_and_reads_its_result(counter: Desk, tmp_path: Path) -> None:
    loan = counter.loan()
    lines = [f"2018-06-20,{number_of(loan)},,100,UP-1", f"2018-06-20,{number_of(loan)},Somebody,100,UP-2"]
    file = written(tmp_path / "day.csv", lines)
    form = {"layout": "receipts", "file": (BytesIO(file.read_bytes()), "day.csv")}
    answer = counter.browser("nina").post("/imports/new", form, content_type="multipart/form-data")
    assert answer.status_code == 302
    run_waiting(int(answer.headers["Location"].rsplit("/", 1)[1]))
    page = counter.browser("nina").get(answer.headers["Location"]).text
    assert "is not the customer of this loan" in page
    assert f'href="/repayment/list/?client={counter.client}"' in page
    for other in ("sonia", "clerk"):
        assert counter.browser(other).get(answer.headers["Location"]).status_code == 404


@pytest.fixture(scope="module")
def day_to_come(counter: Desk, tmp_path_factory: Any) -> tuple[int, str]:
    """A file with a payment dated to a day to come, imported by olha, who reads Ukrainian: its run and workbook."""
    file = written(
        tmp_path_factory.mktemp("day") / "later.csv", [f"{TO_COME},{number_of(counter.loan())},,100,L-1"]
    )
    with counter.app.app_context():  # as the worker has
        done = run_import(file, "receipts", user_id=counter.users["olha"])
    return done.run_id, str(done.error_file)


@pytest.mark.parametrize("language", SAID)
def test_a_refused_row_is_read_in_the_readers_language(
    counter: Desk, day_to_come: tuple[int, str], language: str
) -> None:
    run_id, _file = day_to_come
    [stored] = rows("import_problem", run_id=run_id)
    assert stored.reason == f"The day is after the business date ({DAY.isoformat()})"
    assert stored.value == TO_COME.isoformat()
    reader = counter.browser("admin")
    reader.get(f"/lang/{language}")
    with counter.app.test_request_context(), force_locale(language):
        from flask_babel import gettext

        sentence = gettext("The day is after the business date (%(day)s)", day=SAID[language])
    shown = (f"/imports/{run_id}", f"/import_problem/list/?run={run_id}", f"/import_problem/show/{stored.id}")
    for page in shown:
        text = reader.get(page, follow_redirects=True).text
        assert sentence in text, page
        assert DAY.isoformat() not in re.sub(r"<[^>]*>", "", text), page
    with reader.get(f"/import_problem/export.xlsx?run={run_id}") as answer:
        book = load_workbook(BytesIO(answer.data))
    assert sentence in {cell.value for line in book.active.iter_rows() for cell in line}
    reader.get("/lang/en")
    counter.browser("olha").get(f"/lang/{language}")
    assert sentence in counter.browser("olha").get("/home/").text


def test_the_workbook_of_refused_rows_speaks_its_importers_language(day_to_come: tuple[int, str]) -> None:
    with files.open_file(day_to_come[1]) as stream:
        told = [cell.value for line in load_workbook(stream).worksheets[0].iter_rows() for cell in line]
    [reason] = [one for one in told if isinstance(one, str) and "черв" in one]
    assert SAID["uk"] in reason
    assert "26 черв. 2018" in reason
    assert "2018-06" not in reason


def test_the_clerks_home_counts_what_its_lists_hold(counter: Desk, day_to_come: tuple[int, str]) -> None:
    counter.loan(next_due_on=DAY)
    counter.loan("south", next_due_on=DAY)
    counter.browser("olha").get("/lang/en")
    with unscoped("data of a test") as session:
        session.execute(update(ImportRun).where(ImportRun.id == day_to_come[0]).values(started_at=DAY))
    page = counter.browser("olha").get("/home/").text
    tiles = re.findall(
        r'<a class="tile"[^>]*href="([^"]+)".*?tile-label">([^<]*)<.*?tile-figure[^>]*>(\d+)', page, re.DOTALL
    )
    assert [label for _url, label, _n in tiles] == [
        "My tasks", "Due within a week", "Overdue loans", "Received today", "Files with refused rows",
    ]  # fmt: skip
    for url, label, figure in tiles:
        listed = counter.caller("olha").call("GET", unescape(url).replace("list/", "").lstrip("/"))
        assert listed.json["count"] == int(figure), label
    assert 'href="/imports/new"' in page
    assert "later.csv" in page
    assert "later.csv" not in counter.browser("sonia").get("/home/").text
