"""Work under fire: processes that are struck at moments of chance, and what must be true at the end all the same."""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
from sqlalchemy import Date, cast, select, text

from app.core.db import unscoped
from app.core.org import JobRun
from app.messaging.dispatch import CHUNK
from app.models import ImportRun, Message
from app.servicing.intake import run_import, runs
from tasks import nightly
from tests.conftest import Database
from tests.messaging.outbox import prepare
from tests.peers.smsc import Smsc
from tests.servicing.book import BUSINESS_ON
from tests.servicing.ledgers import ledger, settle_in, some_loans

Strike = Callable[[subprocess.Popen], None]
"""Does the harm; the process is at work when it begins and has ended when it returns."""
DAY = BUSINESS_ON + timedelta(days=2)
COMPARED = (
    "loan",
    "instalment",
    "portfolio_snapshot",
    "portfolio_change",
    "collection_snapshot",
    "collection_by_place",
    "collection_by_unit",
    "untaken_day",
    "message",
    "setting",
    "history",
)
IMPORTED = ("client", "product", "branch", "customer", "phone", "address", "customer_link", "customer_reach", "loan",
            "instalment", "repayment", "allocation", "untaken_day", "portfolio_change", "write_off", "import_problem", "history")  # fmt: skip
PASSING = {"id", "created_at", "at", "row_id", "written_in"}
SECONDS = 120


def start(url: str, *words: str) -> subprocess.Popen:
    """Start a worker in a database and wait until it begins to work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.worker", *words], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"DATABASE_URL": url, "TMPDIR": tempfile.gettempdir()},
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    return process


def is_cut_short(process: subprocess.Popen, seconds: float, strike: Strike) -> bool:
    """Strike a worker after so many seconds; False where it came to its end all the same."""
    return not strike_at(process, seconds, strike)[1]


def strike_at(process: subprocess.Popen, seconds: float, strike: Strike) -> tuple[bool, bool]:
    """Strike a worker after so many seconds: whether it was at work then, and whether it came to its end."""
    is_struck = False
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        strike(process)
        is_struck = True
    with process.stdout as said:
        is_done = said.read() == "done\n"
    assert is_done or is_struck, "the worker failed of itself"
    return is_struck, is_done


def kill(process: subprocess.Popen) -> None:
    """Kill -9 of the worker."""
    process.kill()
    process.wait()


def complete(url: str, *words: str) -> None:
    """Let a worker come to its end."""
    assert not is_cut_short(start(url, *words), SECONDS, kill)


def content(table: str) -> Counter:
    """The rows of a table without what differs between any two runs."""
    with unscoped("a test of faults") as session:
        rows = session.execute(text(f"SELECT to_jsonb(t) FROM {table} t")).scalars()
        return Counter(str(sorted((k, v) for k, v in row.items() if k not in PASSING)) for row in rows)


def check_night(
    database: Database, twin: Database, strike: Strike, chance: random.Random, strikes: int
) -> None:
    """Nights that are cut short so many times end as those of the twin, which nothing befalls."""
    os.environ["DATABASE_URL"] = twin.app_url
    began = time.monotonic()
    nightly.run(DAY, lambda _line: None)
    span = time.monotonic() - began
    struck, day = 0, DAY
    while struck < strikes:
        night = start(database.app_url, "night", day.isoformat())
        if is_cut_short(night, chance.uniform(0, span), strike):
            struck += 1
        else:
            day += timedelta(days=1)
    complete(database.app_url, "night", day.isoformat())
    for n in range(1, (day - DAY).days + 1):
        nightly.run(DAY + timedelta(days=n), lambda _line: None)
    expected = {table: content(table) for table in COMPARED}
    os.environ["DATABASE_URL"] = database.app_url
    print(f"cut short {struck} times, until {day}")
    for table in COMPARED:
        assert content(table) == expected[table], table
    check_steps()


def check_steps() -> None:
    """Every step is done once; only the reminders and rules of the day that was passed over are left out."""
    passed = DAY - timedelta(days=1)
    with unscoped("a test of faults") as session:
        known = {(run.business_on, run.step): str(run.state) for run in session.scalars(select(JobRun))}
        assert known.pop((passed, "messages")) == known.pop((passed, "rules")) == "missed"
        assert set(known.values()) == {"done"}
        assert session.scalar(select(Message.id).where(cast(Message.business_on, Date) == passed)) is None


def check_sending(
    database: Database, smsc: Smsc, strike: Strike, chance: random.Random, people: int, strikes: int
) -> None:
    """Nobody gets a message twice, and what surely did not leave is sent in the end."""
    ids = prepare(people)
    numbers = Counter(f"380671{n:06}" for n in range(people))
    words = ("send", str(smsc.port))
    struck = sum(
        strike_at(start(database.app_url, *words), chance.uniform(0, people / 800), strike)[0]
        for _n in range(strikes)
    )
    complete(database.app_url, *words)
    with unscoped("a test of faults") as session:
        found = {row.id: (str(row.state), row.phone) for row in session.scalars(select(Message))}
    assert sorted(found) == ids
    taken = Counter(entry["to"] for entry in smsc.taken())
    assert max(taken.values()) == 1
    assert taken <= numbers
    states = Counter(state for state, _phone in found.values())
    print(f"struck {struck} times: {dict(states)}")
    assert strikes == 1 or struck > strikes / 2
    assert set(states) <= {"sent", "delivered", "unknown"}
    assert states["unknown"] <= struck * 2 * CHUNK
    assert all(taken[phone[1:]] for state, phone in found.values() if state != "unknown")


def counts(database: Database) -> dict[str, int]:
    """Rows of every table that an import writes."""
    with psycopg.connect(database.superuser_url) as connection:
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in IMPORTED}


def check_import(
    database: Database, folder: Path, strike: Strike, chance: random.Random, loans: int, strikes: int
) -> None:
    """An import that is cut short has stored nothing; begun again, it stores everything, once."""
    settle_in(folder)
    rows = some_loans(loans)

    def book(mark: int) -> str:
        marked = [row | {"借据编号": f"{mark}-{row['借据编号']}"} for row in rows]
        return str(ledger(folder, marked, f"book{mark}.xlsx"))

    began = time.monotonic()
    run_import(book(0), "dingxi")
    span, struck, mark = time.monotonic() - began, 0, 1
    path, before = book(mark), counts(database)
    while struck < strikes:
        process = start(database.app_url, "import", path, "dingxi")
        if is_cut_short(process, chance.uniform(0, span), strike):
            struck += 1
        if counts(database) != before:
            assert (
                run_import(path, "dingxi").line == f"created 0, updated 0, unchanged {len(rows)}, rejected 0"
            )
            mark += 1
            path, before = book(mark), counts(database)
    print(f"cut short {struck} times, {mark} books")
    assert run_import(path, "dingxi").line == f"created {len(rows)}, updated 0, unchanged 0, rejected 0"
    with unscoped("a test of faults") as session:
        # the last one killed may have been dying still when the next began; the clock's job finds it
        runs.end_interrupted(session)
        states = set(map(str, session.scalars(select(ImportRun.state))))
    assert states <= {"done", "failed"}
