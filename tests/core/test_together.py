"""Several threads that use an alias for the first time, all at once."""

import sys
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.models.lending import Loan

THREADS, ROUNDS = 4, 60


@pytest.fixture
def _hasty() -> Iterator[None]:
    """Threads take turns so often that each meets what another has half done."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_hasty")
def test_an_alias_that_threads_use_at_once_names_its_own_columns_in_each() -> None:
    said: list[str] = []
    for number in range(ROUNDS):
        alias = aliased(Loan, name=f"l{number}")
        ready = threading.Barrier(THREADS)

        def ask(alias: type[Loan] = alias, ready: threading.Barrier = ready) -> None:
            ready.wait()
            said.append(str(select(alias.status, alias.overdue_since)))

        threads = [threading.Thread(target=ask) for _n in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    wanted = [f"SELECT l{n}.status, l{n}.overdue_since \nFROM loan AS l{n}" for n in range(ROUNDS)]
    assert sorted(said) == sorted(wanted * THREADS)
