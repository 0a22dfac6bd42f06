"""Advisory locks: each has a number and a name of its own, and no module keeps another."""

import re
from pathlib import Path

from sqlalchemy import func, select

from app.core.db import unscoped
from app.core.locks import Lock

APP = Path(__file__).resolve().parents[2] / "app"


def test_every_advisory_lock_is_taken_by_a_name_of_the_one_list() -> None:
    takes = re.compile(r"pg_(?:try_)?advisory\w*\((.*)")
    for path in APP.rglob("*.py"):
        if path.name == "locks.py":
            continue
        text = path.read_text()
        assert "7_213_" not in text, path
        assert not takes.search(text) or "from app.core.locks import Lock" in text, path
    assert len({int(lock) for lock in Lock}) == len(Lock.__members__)


def test_two_locks_of_one_second_key_do_not_wait_for_each_other(database: None) -> None:
    free = func.pg_try_advisory_xact_lock
    with unscoped("hold a lock") as first, unscoped("take locks beside it") as second:
        assert first.scalar(select(free(Lock.WAITING_IMPORT, 7)))
        assert second.scalar(select(free(Lock.OFFICERS_OF_BRANCH, 7)))
        assert not second.scalar(select(free(Lock.WAITING_IMPORT, 7)))
