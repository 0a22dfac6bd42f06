"""Connections that rest between requests, and a server that ends them meanwhile."""

from typing import Any

import psycopg
from sqlalchemy import text

from app.core.db import engine, unscoped


def _of_one_session() -> int:
    with unscoped("a test of resting connections") as session:
        return int(session.connection().execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_a_connection_that_the_server_ended_costs_nobody_a_request(database: Any) -> None:
    before = _of_one_session()
    assert _of_one_session() == before, "the same connection serves the next session"
    with psycopg.connect(database.superuser_url, autocommit=True) as server:
        ended = server.execute("SELECT pg_terminate_backend(%s, 5000)", (before,)).fetchone()
    assert ended == (True,)
    assert _of_one_session() != before


def test_a_resting_connection_is_not_asked_whether_it_lives(database: Any) -> None:
    _of_one_session()
    with psycopg.connect(database.superuser_url, autocommit=True) as server:
        said = "SELECT query FROM pg_stat_activity WHERE datname = %s AND application_name = 'loandesk'"
        resting = server.execute(said, (database.name,)).fetchall()
        with engine().connect():
            pass
        assert server.execute(said, (database.name,)).fetchall() == resting
