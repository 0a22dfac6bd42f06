"""PostgreSQL ends under load, in good order or not, and is started again by the supervisor."""

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.core.db import unscoped
from app.core.deploy import deploy
from app.launch import postgres
from app.launch.servers import DATABASE, Servers
from app.launch.supervisor import Supervisor
from app.messaging.channels import open_channel
from app.messaging.dispatch import CHUNK, send_due
from app.models import Message
from tests.conftest import Database
from tests.faults.fire import Strike, check_import, check_night, check_sending
from tests.kept import forget
from tests.launch.conftest import made
from tests.messaging.outbox import prepare, wipe

WAYS = (signal.SIGKILL, signal.SIGQUIT, signal.SIGINT)
"""Killed, immediate shutdown, fast shutdown."""
SECONDS = 60


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Servers of these tests' own, with everything written to disk as in an installation."""
    with made() as place, Servers(place / "var") as running:
        yield running


@pytest.fixture(scope="module")
def database(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A deployed database on those servers."""
    deploy(servers.admin_url, servers.app_url)
    own = Database(servers, DATABASE)
    with pytest.MonkeyPatch.context() as told:
        told.setenv("DATABASE_URL", own.app_url)
        told.setenv("REDIS_URL", own.redis_url)
        told.setenv("FILES_DIR", str(tmp_path_factory.mktemp("files")))
        yield own
        forget(own.app_url)


@pytest.fixture
def restart(restarted: Callable[..., None]) -> Strike:
    """Restarts the server, and waits for the worker, who notices or does not."""

    def strike(worker: subprocess.Popen) -> None:
        restarted()
        worker.wait(SECONDS)

    return strike


@pytest.fixture
def restarted(servers: Servers, chance: random.Random) -> Callable[..., None]:
    """Ends the server in one of the ways; returns when the supervisor has started it again, after a pause."""
    supervisor, server = Supervisor(servers.parts, [], lambda: True), servers.parts[0]

    def is_ready() -> bool:
        lines = postgres.postmaster(servers.data)
        return bool(lines) and lines[0] == str(server.pid) and lines[-1].strip() == "ready"

    def end(pause: float = 0) -> None:
        server.failures, before = 0, server.pid
        os.kill(before, chance.choice(WAYS))
        time.sleep(pause)
        until = time.monotonic() + SECONDS
        while server.pid == before or not is_ready():
            assert time.monotonic() < until, server.last_words()
            supervisor.tend()
            time.sleep(0.02)

    return end


def test_a_night_ends_as_if_the_database_had_not_been_restarted(database, twin, restart, chance) -> None:
    check_night(database, twin, restart, chance, strikes=1)


def test_an_import_during_which_the_database_restarts_is_all_or_nothing(
    database, tmp_path, restart, chance
) -> None:
    wipe(database.superuser_url)
    check_import(database, tmp_path, restart, chance, loans=60, strikes=1)


def test_no_message_leaves_twice_though_the_database_restarts(database, smsc, restart, chance) -> None:
    wipe(database.superuser_url)
    check_sending(database, smsc, restart, chance, people=200, strikes=1)


def test_what_the_provider_said_is_stored_though_the_database_is_away(
    database, restarted, monkeypatch
) -> None:
    wipe(database.superuser_url)
    ids = prepare(CHUNK + 10)

    complete = threading.Event()
    with open_channel("log") as channel, ThreadPoolExecutor(1) as sender:
        answers = channel.send_many

        def told(messages: Any) -> Iterator[Any]:
            for number, answer in enumerate(answers(messages), start=1):
                if number == CHUNK:
                    complete.set()
                    time.sleep(0.5)
                yield answer

        monkeypatch.setattr(channel, "send_many", told)
        sending = sender.submit(send_due, channel, lease=timedelta(0))
        assert complete.wait(SECONDS)
        restarted(pause=1)
        assert sending.result(SECONDS) == len(ids)
    with unscoped("a test of faults") as session:
        found = {row.id: (str(row.state), row.attempts) for row in session.scalars(select(Message))}
    assert found == dict.fromkeys(ids, ("sent", 1))


@pytest.mark.full
def test_a_night_with_twenty_restarts_ends_as_if_there_had_been_none(database, twin, restart, chance) -> None:
    check_night(database, twin, restart, chance, strikes=20)


@pytest.mark.full
def test_an_import_with_twenty_restarts_is_all_or_nothing(database, tmp_path, restart, chance) -> None:
    wipe(database.superuser_url)
    check_import(database, tmp_path, restart, chance, loans=600, strikes=20)


@pytest.mark.full
def test_messages_leave_at_most_once_with_twenty_restarts(database, smsc, restart, chance) -> None:
    wipe(database.superuser_url)
    check_sending(database, smsc, restart, chance, people=1200, strikes=20)
