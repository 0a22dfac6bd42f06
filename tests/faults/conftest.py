"""Chance that can be repeated, a twin that nothing befalls, and a provider of text messages."""

import os
import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.core import clock
from app.core.db import unscoped
from app.launch import logins
from app.models import MessageTemplate
from tests.conftest import Database
from tests.kept import forget
from tests.messaging.outbox import wipe
from tests.peers.smsc import Smsc
from tests.servicing.book import BUSINESS_ON, make_book


@pytest.fixture
def chance() -> random.Random:
    """Chance with a seed that is printed; LOANDESK_SEED repeats a run."""
    seed = int(os.environ.get("LOANDESK_SEED") or time.time_ns() % 10**9)
    print(f"LOANDESK_SEED={seed}")
    return random.Random(seed)  # noqa: S311 - chance, no secret


@pytest.fixture
def twin(database: Database, servers: Any) -> Iterator[Database]:
    """A second database, the same as the first one when this fixture is asked for: a book and a reminder."""
    wipe(database.superuser_url)
    with unscoped("a test of faults") as session:
        clock.set_business_date(session, BUSINESS_ON)
        make_book(session, 400)
        words = {"name": "late", "text": "Pay {overdue_amount}.", "language": "en", "is_active": True}
        session.add(MessageTemplate(**words, kind="timed", max_days_overdue=90, send_times="10:00 18:00"))
    forget(database.app_url)
    name = f"{database.name}_twin"
    logins.make_database(servers.data, name, database.name)
    made = Database(servers, name)
    yield made
    forget(made.app_url)
    logins.drop_database(servers.data, name)


@pytest.fixture
def smsc(tmp_path: Any) -> Iterator[Smsc]:
    """An SMSC that tells of deliveries by our reference."""
    running = Smsc(tmp_path, receipt={"stat": "DELIVRD", "byReference": True, "delay": 50}, answerDelay=20)
    yield running
    running.stop()
