"""Whole nights, each with its own commits: done once, caught up, resumed, and asked for from a screen."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import event, func, select

from app.core import clock, jobs, settings
from app.core.db import engine, unscoped
from app.core.errors import RuleError
from app.core.org import JobRun
from app.models import Message, PortfolioSnapshot
from app.servicing import arrears
from app.servicing.closing import close_day
from tasks import nightly
from tests.servicing.book import BUSINESS_ON, make_night_book

ONE = timedelta(days=1)


@pytest.fixture(scope="module")
def filled(database):
    make_night_book()
    return database


def night(day: date) -> list[str]:
    return night_and_outcomes(day)[0]


def night_and_outcomes(day: date) -> tuple[list[str], list[jobs.Outcome]]:
    said: list[str] = []
    return said, nightly.run(day, said.append)


@contextmanager
def sent() -> Iterator[list[str]]:
    """Every statement that goes to the database meanwhile."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        seen.append(statement)

    event.listen(engine(), "before_cursor_execute", note)
    yield seen
    event.remove(engine(), "before_cursor_execute", note)


def messages() -> dict[date, int]:
    with unscoped("a test of the night") as session:
        found = select(Message.business_on, func.count()).group_by(Message.business_on)
        return dict(session.execute(found).all())


def states() -> dict[tuple[date, str], str]:
    with unscoped("a test of the night") as session:
        return {(run.business_on, run.step): str(run.state) for run in session.scalars(select(JobRun))}


def test_nights_run_once_catch_up_and_queue_for_the_last_day_only(filled) -> None:
    first = BUSINESS_ON + ONE
    said = night(first)
    assert " ".join(line.split()[0] for line in said) == "close arrears buckets messages snapshot rules"
    made = messages()
    assert made[first] > 0
    with sent() as statements:
        again, outcomes = night_and_outcomes(first)
    assert [line.replace(" rows, already done", "").split() for line in again] == [
        [outcome.step, first.isoformat(), str(outcome.rows)] for outcome in outcomes
    ]
    assert [line.split()[2] for line in said] == [str(outcome.rows) for outcome in outcomes]
    assert nightly.told(first, outcomes) == f"{first} is done already: 0 new messages"
    assert messages() == made
    assert len(statements) == 3  # the transaction's settings, the business date, the steps of that day

    _two_at_once(first + ONE)
    made = messages()

    missed, last = first + 2 * ONE, first + 3 * ONE
    _said, outcomes = night_and_outcomes(last)
    assert nightly.told(last, outcomes) == f"{last} is done: {messages()[last]} new messages"
    assert set(messages()) == {first, first + ONE, last}
    known = states()
    assert known[missed, "messages"] == "missed"
    assert known[missed, "arrears"] == known[last, "messages"] == "done"
    with unscoped("a test of the night") as session:
        assert clock.business_date(session) == last
        assert arrears.recompute(session, None, last) == 0
        taken = set(session.scalars(select(PortfolioSnapshot.taken_on)))
        assert taken == {BUSINESS_ON + n * ONE for n in range(5)}
    with pytest.raises(RuleError, match="is over"):
        night(BUSINESS_ON - ONE)
    _crash_and_resume(filled, last + ONE)
    _close_from_a_screen(last + 2 * ONE)
    _die_between_two_steps(last + 3 * ONE)


def _two_at_once(day: date) -> None:
    """Two nights of the same day share the steps; each step is done by one of them."""
    said: list[list[str]] = [[], []]
    both = [threading.Thread(target=nightly.run, args=(day, said[n].append)) for n in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted("already done" in line for line in said[0] + said[1]) == [False] * 6 + [True] * 6
    with unscoped("a test of the night") as session:
        runs = session.scalars(select(JobRun).where(JobRun.business_on == day)).all()
        assert [run.attempts for run in runs] == [1] * 6


def _crash_and_resume(database, day: date) -> None:
    """A step that fails is kept with its reason, stops the night, and is done when the night runs again."""
    with psycopg.connect(database.admin_url, autocommit=True) as owner:
        owner.execute("ALTER TABLE portfolio_snapshot RENAME TO portfolio_snapshot_away")
        with pytest.raises(Exception, match="portfolio_snapshot"):
            night(day)
        owner.execute("ALTER TABLE portfolio_snapshot_away RENAME TO portfolio_snapshot")
    with unscoped("a test of the night") as session:
        failed = jobs.find(session, "nightly", "close", day)
        assert (str(failed.state), "portfolio_snapshot" in failed.errors[0]["reason"]) == ("failed", True)
    night(day)
    assert states()[day, "close"] == "done"


def _die_between_two_steps(day: date) -> None:
    """What a process left that moved the business date and died is done by the clock, or by the next night."""
    _left(day)
    with unscoped("a test of the night") as session:
        settings.write(session, "clock_runs", "yes")
    noon = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    with pytest.MonkeyPatch.context() as told:
        told.setattr("app.core.chain.clock.now", lambda: noon)
        assert nightly.follow_the_clock() == 4
        assert nightly.follow_the_clock() == 0
    assert messages()[day] > 0
    _left(day + ONE)
    night(day + 2 * ONE)
    assert states()[day + ONE, "messages"] == "missed"
    assert {known[0] for known in states() if known[1] == "snapshot"} >= {day, day + ONE, day + 2 * ONE}


def _left(day: date) -> None:
    """A night whose process dies when the arrears are found."""
    with pytest.raises(KeyboardInterrupt):
        nightly.run(day, _die_after("arrears"))
    with unscoped("a test of the night") as session:
        assert clock.business_date(session) == day
    assert {step for known, step in states() if known == day} == {"close", "arrears"}


def _die_after(step: str) -> Callable[[str], None]:
    """A listener that ends the process, as it were, when a step is told as done."""

    def tell(line: str) -> None:
        if line.startswith(step):
            raise KeyboardInterrupt

    return tell


def _close_from_a_screen(day: date) -> None:
    assert close_day(None) == day
    assert close_day(None) == day
    assert nightly.run_requested() == 1
    assert nightly.run_requested() == 0
    assert states()[day, "request"] == states()[day, "snapshot"] == "done"
    assert nightly.follow_the_clock() == 0
