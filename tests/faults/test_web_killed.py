"""A web process killed in the middle of a request, and a worker in the middle of what the request asked for.

Each dies after a number of statements: at every one of them under `full`, else at three of chance.
"""

import multiprocessing
import os
import random
import signal
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from app.core import files
from app.core.db import engine, unscoped
from app.models import ImportRun
from app.servicing import waiting
from tests.operations.desk import Desk, open_desk
from tests.servicing.ledgers import ledger, settle_in, some_loans
from tests.web.people import Browser, fingerprint, rows, stored

_context = multiprocessing.get_context("fork")
FEW, EVERY = 3, 10**6
LOGIN = ("user_session", "ab_user", "audit_event")
"""What logging in writes."""
PAYMENT = {"__run": "1", "amount": "500", "received_on": "2018-06-20", "remark": ""}
MOMENTS = pytest.mark.parametrize(
    "most", [FEW, pytest.param(EVERY, marks=pytest.mark.full)], ids=["few", "every"]
)


@pytest.fixture(scope="module")
def desk(_application: Any, database: Any, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A lender with people, and what an import of a ledger needs."""
    settle_in(tmp_path_factory.mktemp("regions"))
    return open_desk(_application)


def statements(work: Callable[[], Any], ready: Callable[[], Any] = lambda: None, die_after: int = 0) -> int:
    """Do work in a process that dies after so many statements; how many there were, 0 where it died."""
    here, there = _context.Pipe(duplex=False)

    def live() -> None:
        engine().dispose(close=False)
        ready()
        seen = [0]

        @event.listens_for(Engine, "after_cursor_execute")
        def count(*_told: Any) -> None:
            seen[0] += 1
            if seen[0] == die_after:
                os.kill(os.getpid(), signal.SIGKILL)

        work()
        there.send(seen[0])
        os._exit(0)  # what this process shares with the tests is theirs to end

    process = _context.Process(target=live)
    process.start()
    there.close()
    try:
        found = int(here.recv())
    except EOFError:
        found = 0
    here.close()
    process.join(60)
    assert process.exitcode == (0 if found else -signal.SIGKILL)
    return found


def moments(measure: Callable[[], int], most: int, chance: random.Random) -> list[int]:
    """At which statements to die; a request may have some more or fewer than the one that is measured."""
    total = measure()
    return sorted(chance.sample(range(1, total - 1), min(most, total - 2)))


def at_screen(desk: Desk, path: str, data: Callable[[], dict[str, Any]], die_after: int = 0) -> int:
    """Send the manager's form from a web process that dies after so many statements."""
    person: list[Browser] = []
    marks: list[str] = []

    def log_in() -> None:
        person.append(Browser(desk.app, "admin"))
        marks.append(person[0].mark("/home/"))

    def send() -> None:
        answer = person[0].client.post(path, data=data() | {"csrf_token": marks[0]})
        assert answer.status_code == 302, answer.text

    return statements(send, log_in, die_after)


@MOMENTS
def test_a_payment_whose_web_process_is_killed_is_posted_whole_or_not_at_all(
    desk: Desk, database: Any, chance: random.Random, most: int
) -> None:
    path = "/loan/do/post_repayment"

    def form(loan: int) -> dict[str, Any]:
        return PAYMENT | {"ids": str(loan), "reference": f"R{loan}"}

    whole = []
    for die_after in moments(lambda: at_screen(desk, path, lambda: form(desk.loan())), most, chance):
        loan = desk.loan()
        before = fingerprint(database, *LOGIN)
        if at_screen(desk, path, lambda loan=loan: form(loan), die_after):
            break
        posted = len(rows("repayment", loan_id=loan))
        if not posted:
            assert fingerprint(database, *LOGIN) == before, f"after {die_after} statements"
        whole.append(posted)
        at_screen(desk, path, lambda loan=loan: form(loan))
        [row] = rows("repayment", loan_id=loan)
        assert sum(each.amount for each in rows("allocation", repayment_id=row.id)) == row.amount
        assert stored("loan", loan).principal_outstanding == 3000 - 490
    assert whole == sorted(whole)
    assert 0 in whole


@MOMENTS
def test_an_upload_whose_web_process_is_killed_waits_whole_or_is_not_there(
    desk: Desk, tmp_path: Path, chance: random.Random, most: int
) -> None:
    content = ledger(tmp_path, some_loans(3)).read_bytes()
    others = {run.id for run in rows("import_run")}

    def form() -> dict[str, Any]:
        return {"layout": "dingxi", "file": (BytesIO(content), "ledger.xlsx")}

    for die_after in moments(lambda: at_screen(desk, "/imports/new", form), most, chance):
        known = {run.id for run in rows("import_run")}
        if at_screen(desk, "/imports/new", form, die_after):
            break
        for run in rows("import_run"):
            if run.id not in known:
                with files.open_file(run.file_key) as kept:
                    assert (str(run.state), kept.read()) == ("waiting", content)
    waiting.run_all()
    mine = [run for run in rows("import_run") if run.id not in others]
    assert {(str(run.state), run.message) for run in mine} == {("done", None)}


def waits(desk: Desk, path: Path) -> int:
    """An uploaded file that waits; the id of its run."""
    with path.open("rb") as stream:
        key = files.store(stream, "import")
    with unscoped("a test uploads") as session:
        [layout] = rows("import_layout", name="dingxi")
        run = ImportRun(
            layout_id=layout.id, file_name=path.name, file_key=key, started_by_id=desk.users["admin"]
        )
        session.add(run)
        session.flush()
        return int(run.id)


def test_an_import_whose_worker_is_killed_begins_again_by_itself_but_only_once(
    desk: Desk, tmp_path: Path
) -> None:
    lines = [row | {"借据编号": f"A{row['借据编号']}"} for row in some_loans(3)]
    path = ledger(tmp_path, lines)
    run_id = waits(desk, path)
    statements(waiting.run_all, die_after=40)
    assert str(stored("import_run", run_id).state) == "running"
    assert waiting.run_all() == 1
    run = stored("import_run", run_id)
    assert (str(run.state), run.created, run.message) == ("done", len(lines), None)
    poison = waits(desk, path)
    for _n in range(2):
        statements(waiting.run_all, die_after=40)
        assert str(stored("import_run", poison).state) == "running"
    assert waiting.run_all() == 0
    run = stored("import_run", poison)
    assert (str(run.state), "Import the file again" in run.message) == ("failed", True)
