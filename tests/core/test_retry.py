"""Of two transactions that wait for each other one is ended by the database: it begins anew and loses nothing."""

from datetime import date
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

import app.models  # noqa: F401  every entity is known
from app.core import jobs
from app.core.db import unscoped
from app.core.locks import Lock
from app.core.org import Holiday, JobState
from app.core.retry import is_lost
from app.launch.commands import CUT_OFF, lost_in_words
from app.launch.errors import LaunchError
from tests.conftest import Database
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


def cut(database: Database, session: Any) -> None:
    """End the session's connection from outside, and let it notice."""
    pid = session.scalar(select(func.pg_backend_pid()))
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    session.execute(select(1))


def test_a_step_whose_database_goes_away_tells_that_and_not_what_could_not_be_recorded(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(session: Any, _record: jobs.Record) -> int:
        monkeypatch.setenv("DATABASE_URL", "postgresql://loandesk@127.0.0.1:1/loandesk")
        cut(database, session)
        return 1

    with pytest.raises(OperationalError, match="terminating connection") as told:
        jobs.run_step("test", "cut off", DAY, work)
    assert is_lost(told.value)
    monkeypatch.undo()
    assert jobs.run_step("test", "cut off", DAY, lambda _session, _record: 2).rows == 2


def test_a_command_whose_database_goes_away_says_what_to_do(database: Database) -> None:
    with pytest.raises(LaunchError) as said, lost_in_words(), unscoped("a command of a test") as session:
        cut(database, session)
    assert str(said.value).startswith(CUT_OFF)
    with pytest.raises(LaunchError, match="refused"), lost_in_words():
        psycopg.connect("postgresql://loandesk@127.0.0.1:1/loandesk")


def test_other_errors_of_the_database_are_not_called_a_loss(database: None) -> None:
    with pytest.raises(OperationalError), lost_in_words(), unscoped("a statement that takes long") as session:
        session.execute(text("SET LOCAL statement_timeout = 20"))
        session.execute(select(func.pg_sleep(5)))
