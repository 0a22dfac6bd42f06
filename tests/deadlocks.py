"""Somebody who holds what the tested work wants, and then wants what it holds: the database ends one of the two."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text

from app.core.db import unscoped

PATIENCE = 20.0
WAITED_FOR = text(
    "SELECT count(*) FROM pg_locks l WHERE NOT l.granted AND pg_backend_pid() = ANY (pg_blocking_pids(l.pid))"
)


@contextmanager
def in_the_way(hold: Any, want: Any) -> Iterator[None]:
    """While the block runs another transaction takes `hold`, and `want` as soon as somebody waits for it.

    The block began to wait first, so it is looked at first, and ended. The other must come through.
    """
    holds, ended = threading.Event(), []

    def other() -> None:
        with unscoped("somebody in the way of a test") as session:
            session.execute(hold)
            holds.set()
            until = time.monotonic() + PATIENCE
            while not session.scalar(WAITED_FOR):
                assert time.monotonic() < until, "nobody came to wait"
                time.sleep(0.02)
            session.execute(want)
        ended.append("well")

    thread = threading.Thread(target=other)
    thread.start()
    assert holds.wait(PATIENCE)
    try:
        yield
    finally:
        thread.join(PATIENCE)
    assert ended == ["well"]
