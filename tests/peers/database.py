"""A PostgreSQL for tests that need its language but none of our tables."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from app.launch.settings import DEFAULT_DATA_DIR
from app.launch.testing import servers_for_tests


@contextmanager
def empty_database() -> Iterator[psycopg.Connection]:
    """A connection to a database of its own on the tests' servers."""
    with servers_for_tests(os.environ.get("LOANDESK_TEST_CLUSTER", DEFAULT_DATA_DIR)) as servers:
        name = f"test_{uuid.uuid4().hex[:12]}"
        with (
            servers.database(name) as (owner_url, _app_url),
            psycopg.connect(owner_url, autocommit=True) as connection,
        ):
            yield connection
