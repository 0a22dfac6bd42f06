"""Valkey may lose everything and a worker may be killed: the clockwork starts again what PostgreSQL says."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from tests.messaging.outbox import add_person, prepare, remind, states, wipe

SECONDS = 60


@pytest.fixture
def broker(database) -> Iterator[str]:
    """A queue of its own in the tests' Valkey."""
    url = database.redis_url.replace("db=0", "db=9")
    with redis.from_url(url) as connection:
        connection.flushdb()
    yield url
    with redis.from_url(url) as connection:
        connection.flushdb()


def celery(stack: ExitStack, broker: str, folder: Path, *words: str) -> subprocess.Popen:
    """Start a part of Celery on that queue; it is killed at the end of the test."""
    log = stack.enter_context((folder / f"{words[0]}.log").open("a"))
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "tasks.celery", *words], stdout=log, stderr=log,
        env=os.environ | {"REDIS_URL": broker}, start_new_session=True,
    )  # fmt: skip
    stack.callback(process.wait)
    stack.callback(kill, process)
    return process


def kill(process: subprocess.Popen) -> None:
    """Kill -9 of a part with the processes it started."""
    if process.poll() is None:
        os.killpg(process.pid, 9)


def wait_until_sent(count: int) -> None:
    """Wait until so many messages are sent."""
    until = time.monotonic() + SECONDS
    while states().count(("sent", None)) < count:
        assert time.monotonic() < until, states()
        time.sleep(0.2)


def test_messages_leave_though_the_worker_is_killed_and_the_queue_wiped(database, broker, tmp_path) -> None:
    wipe(database.superuser_url)
    prepare(5)
    worker = ("worker", "--concurrency", "1", "--loglevel", "WARNING", "--without-gossip", "--without-mingle")
    with ExitStack() as stack, redis.from_url(broker) as queue:
        celery(stack, broker, tmp_path, "beat", "--pidfile=", "-s", str(tmp_path / "beat"))
        first = celery(stack, broker, tmp_path, *worker)
        wait_until_sent(5)
        kill(first)
        queue.flushdb()
        add_person("Late too", "+380671999999")
        remind()
        celery(stack, broker, tmp_path, *worker)
        wait_until_sent(6)
    assert states() == [("sent", None)] * 6
