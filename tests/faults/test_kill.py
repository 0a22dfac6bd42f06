"""kill -9 at any moment: the work ends as if nothing had happened, nothing lost and nothing done twice."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Date, cast, select, text

from app.core import clock
from app.core.db import unscoped
from app.core.org import JobRun
from app.launch import logins
from app.messaging.dispatch import CHUNK
from app.models import Message, MessageTemplate
from tasks import nightly
from tests.conftest import Database, _forget
from tests.messaging.outbox import prepare, wipe
from tests.peers.smsc import Smsc
from tests.servicing.book import BUSINESS_ON, make_book

DAY = BUSINESS_ON + timedelta(days=2)
COMPARED = (
    "loan",
    "instalment",
    "portfolio_snapshot",
    "collection_snapshot",
    "message",
    "setting",
    "history",
)
PASSING = {"id", "created_at", "at", "row_id"}


@pytest.fixture
def chance() -> random.Random:
    """Chance with a seed that is printed; LOANDESK_SEED repeats a run."""
    seed = int(os.environ.get("LOANDESK_SEED") or time.time_ns() % 10**9)
    print(f"LOANDESK_SEED={seed}")
    return random.Random(seed)  # noqa: S311 - chance, no secret


@pytest.fixture
def twin(database, servers) -> Iterator[Database]:
    """A second database, the same as the first one when this fixture is asked for."""
    wipe(database.superuser_url)
    with unscoped("a test of kills") as session:
        clock.set_business_date(session, BUSINESS_ON)
        make_book(session, 400)
        words = {"name": "late", "text": "Pay {overdue_amount}.", "language": "en", "is_active": True}
        session.add(MessageTemplate(**words, kind="timed", max_days_overdue=90, send_times="10:00 18:00"))
    _forget(database.app_url)
    name = f"{database.name}_twin"
    logins.make_database(servers.data, name, database.name)
    yield Database(servers, name)
    _forget(servers.urls(name)[1])
    logins.drop_database(servers.data, name)


def start(url: str, *words: str) -> subprocess.Popen:
    """Start a worker in a database and wait until it begins to work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.worker", *words], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"DATABASE_URL": url},
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    return process


def kill_after(process: subprocess.Popen, seconds: float) -> bool:
    """Kill a worker after so many seconds; whether it had come to its end before."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with process.stdout as said:
        return said.read() == "done\n"


def work_under_fire(url: str, kills: int, chance: random.Random, span: float, *words: str) -> int:
    """Start a worker again and again, killed each time, then let it end; how often it was killed at work."""
    killed = 0
    for _n in range(kills):
        killed += not kill_after(start(url, *words), chance.uniform(0, span))
    assert kill_after(start(url, *words), 120)
    return killed


def content(table: str) -> Counter:
    """The rows of a table without what differs between any two runs."""
    with unscoped("a test of kills") as session:
        rows = session.execute(text(f"SELECT to_jsonb(t) FROM {table} t")).scalars()
        return Counter(str(sorted((k, v) for k, v in row.items() if k not in PASSING)) for row in rows)


def check_night(database, twin, chance: random.Random, kills: int) -> None:
    os.environ["DATABASE_URL"] = twin.app_url
    began = time.monotonic()
    nightly.run(DAY, lambda _line: None)
    span = time.monotonic() - began
    expected = {table: content(table) for table in COMPARED}
    os.environ["DATABASE_URL"] = database.app_url
    killed = work_under_fire(database.app_url, kills, chance, span, "night", DAY.isoformat())
    print(f"killed {killed} times within {span:.1f} s")
    for table in COMPARED:
        assert content(table) == expected[table], table
    with unscoped("a test of kills") as session:
        known = {(run.business_on, run.step): str(run.state) for run in session.scalars(select(JobRun))}
        missed = known.pop((DAY - timedelta(days=1), "messages"))
        assert (missed, set(known.values()), len(known)) == ("missed", {"done"}, 9)
        assert session.scalar(select(Message.id).where(cast(Message.business_on, Date) != DAY)) is None


def check_sending(database, smsc: Smsc, chance: random.Random, people: int, kills: int) -> None:
    ids = prepare(people)
    numbers = Counter(f"380671{n:06}" for n in range(people))
    killed = work_under_fire(database.app_url, kills, chance, 2.0, "send", str(smsc.port))
    with unscoped("a test of kills") as session:
        found = {row.id: (str(row.state), row.phone) for row in session.scalars(select(Message))}
    assert sorted(found) == ids
    taken = Counter(entry["to"] for entry in smsc.taken())
    assert max(taken.values()) == 1
    assert taken <= numbers
    states = Counter(state for state, _phone in found.values())
    print(f"killed {killed} times: {dict(states)}")
    assert set(states) <= {"sent", "delivered", "unknown"}
    assert states["unknown"] <= killed * CHUNK
    assert all(taken[phone[1:]] for state, phone in found.values() if state != "unknown")


@pytest.fixture
def smsc(tmp_path) -> Iterator[Smsc]:
    """An SMSC that tells of deliveries by our reference."""
    running = Smsc(tmp_path, receipt={"stat": "DELIVRD", "byReference": True, "delay": 50}, answerDelay=20)
    yield running
    running.stop()


def test_a_night_that_is_killed_ends_as_one_that_was_not(database, twin, chance) -> None:
    check_night(database, twin, chance, kills=3)


@pytest.mark.full
def test_a_night_that_is_killed_twenty_times_ends_as_one_that_was_not(database, twin, chance) -> None:
    check_night(database, twin, chance, kills=20)


@pytest.mark.full
def test_messages_leave_at_most_once_though_the_sender_is_killed(database, smsc, chance) -> None:
    wipe(database.superuser_url)
    check_sending(database, smsc, chance, people=400, kills=20)
