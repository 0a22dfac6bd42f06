"""A process killed at any instruction leaves nothing half done, and imports of one client wait for each other."""

import threading
import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select

from app.core.db import unscoped
from app.models import ImportRun
from app.servicing.intake import run_import
from tests.servicing.dying import AT_COMMIT, KILLED, import_and_die
from tests.servicing.ledgers import Row, ledger, receipts_of, settle_in, some_loans, workbook

TABLES = ("client", "product", "branch", "ab_user", "customer", "phone", "address", "customer_link", "customer_reach",
          "joint_liability_group", "loan", "instalment", "repayment", "allocation", "write_off", "import_problem")  # fmt: skip


def counts(database) -> dict[str, int]:
    """Rows of every table that an import writes."""
    with psycopg.connect(database.superuser_url) as connection:
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}


@pytest.fixture(scope="module")
def folder(database, tmp_path_factory):
    """Where the files are; the installation has its first data."""
    folder = tmp_path_factory.mktemp("crash")
    settle_in(folder)
    return folder


def book(folder: Path, mark: str) -> tuple[list[Row], Path]:
    """A small ledger whose loans are those of one test alone: their numbers begin with its mark."""
    rows = [row | {"借据编号": f"{mark}{row['借据编号']}"} for row in some_loans(10)]
    return rows, ledger(folder, rows, f"{mark}.xlsx")


FEW, MANY = (8, 60, AT_COMMIT), (2, 14, 25, 35, 45, 52, 66, 75, 82, 90, 97)


@pytest.mark.parametrize("moments", [FEW, pytest.param(MANY, marks=pytest.mark.full)], ids=["few", "many"])
def test_a_killed_import_of_a_ledger_leaves_nothing_and_the_next_one_is_whole(
    database, folder, moments
) -> None:
    rows, _good = book(folder, f"K{len(moments)}")
    path = ledger(folder, [*rows, {**rows[0], "借据编号": None}], f"killed{len(moments)}.xlsx")
    before = counts(database)
    for die_after in moments:
        assert import_and_die(path, "dingxi", die_after)[0] == KILLED
        assert counts(database) == before, f"after {die_after} statements"
    code, (line, statements) = import_and_die(path, "dingxi")
    assert (code, line) == (0, f"created {len(rows)}, updated 0, unchanged 0, rejected 1")
    assert statements > 90
    with unscoped("a test looks at the records") as session:
        found = select(ImportRun).where(ImportRun.file_name == path.name).order_by(ImportRun.id)
        *died, last = session.scalars(found).unique().all()
        assert last.state == "done"
        assert len(died) >= len(moments) - 1
        assert {str(run.state) for run in died} == {"failed"}
        assert all("interrupted" in run.message for run in died)
    assert import_and_die(path, "dingxi")[1][0] == f"created 0, updated 0, unchanged {len(rows)}, rejected 1"


def test_a_killed_import_of_payments_posts_none_and_the_next_one_posts_all(database, folder) -> None:
    rows, path = book(folder, "P")
    payments, _write_offs = receipts_of([{**row, "借据编号": row["借据编号"][1:]} for row in rows])
    payments = [row | {"借据编号": f"P{row['借据编号']}", "流水号": f"P{row['流水号']}"} for row in payments]
    receipts = workbook(folder / "receipts.xlsx", {"还款流水": payments})
    assert run_import(path, "dingxi-b").created == len(rows)
    before = counts(database)
    for die_after in (22, AT_COMMIT):
        assert import_and_die(receipts, "repayments-dingxi", die_after)[0] == KILLED
        assert counts(database) == before, f"after {die_after} statements"
    whole = run_import(receipts, "repayments-dingxi").line
    assert whole == f"created {len(payments)}, updated 0, unchanged 0, rejected 0"


def test_a_second_import_of_a_client_waits_and_says_so(database, folder) -> None:
    _rows, path = book(folder, "W")
    run_import(path, "dingxi")
    heard: list[str] = []
    ended = threading.Event()

    def second() -> None:
        run_import(path, "dingxi", progress=lambda _percent, stage: heard.append(stage))
        ended.set()

    with psycopg.connect(database.app_url) as first:
        first.execute("SELECT pg_advisory_xact_lock(7213011, hashtext('dingxi'))")
        waiting = threading.Thread(target=second)
        waiting.start()
        deadline = time.monotonic() + 30
        while not heard and time.monotonic() < deadline:
            time.sleep(0.05)
        assert heard == ["Waiting for another import of this client to end"]
        assert not ended.is_set()
    waiting.join(60)
    assert ended.is_set()
    assert heard[-1] == "Done"


def test_two_imports_of_the_same_new_book_at_once_store_it_once(folder) -> None:
    rows, path = book(folder, "T")
    lines: list[str] = []
    threads = [
        threading.Thread(target=lambda: lines.append(run_import(path, "dingxi").line)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(lines) == [
        *[f"created 0, updated 0, unchanged {len(rows)}, rejected 0"] * 2,
        f"created {len(rows)}, updated 0, unchanged 0, rejected 0",
    ]
