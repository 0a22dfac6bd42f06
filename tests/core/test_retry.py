"""Of two transactions that wait for each other one is ended by the database: it begins anew and loses nothing."""

from datetime import date
from typing import Any

from sqlalchemy import func, select

from app.core import jobs
from app.core.db import unscoped
from app.core.locks import Lock
from app.core.org import Holiday, JobState
from tests.deadlocks import in_the_way

DAY = date(2031, 1, 2)


def taking(number: int) -> Any:
    """A lock that nothing else takes, as a statement."""
    return select(func.pg_advisory_xact_lock(Lock.WAITING_IMPORT, number))


def test_a_step_that_was_ended_for_another_is_done_once(database: None) -> None:
    tries = []

    def work(session: Any, record: jobs.Record) -> int:
        tries.append(record)
        record.problem(1, "told once")
        session.add(Holiday(country="CN", held_on=DAY, name="a day of rest"))
        session.flush()
        session.execute(taking(1))
        session.execute(taking(2))
        return 1

    with in_the_way(taking(2), taking(1)):
        outcome = jobs.run_step("test", "disturbed", DAY, work)
    assert (outcome.state, outcome.rows, outcome.errors, len(tries)) == (JobState.DONE, 1, 1, 2)
    with unscoped("a test looks at what is stored") as session:
        assert session.scalar(select(func.count()).where(Holiday.held_on == DAY)) == 1
        row = jobs.find(session, "test", "disturbed", DAY)
        assert (row.state, row.attempts, len(row.errors)) == (JobState.DONE, 2, 1)
