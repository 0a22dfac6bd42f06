"""A process of its own, in which one entity more is declared, with a database that was migrated to it.

An entity once declared cannot be taken back, and other tests count entities. So the files here are named apart from
tests: tests/test_one_class.py runs them, and whoever names one: `run.py test tests/platform/proof_lists.py`. For the
same reason the entity is imported here by what needs it alone: this file is read whichever tests are run.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Database, in_a_database


@pytest.fixture(scope="session")
def template(servers: Any) -> str:
    """A deployed database with the entity's table in it; kept like the one of the other tests."""
    from tests.platform import deployed

    return deployed.template(servers)


@pytest.fixture(scope="session")
def database(servers: Any, template: str, tmp_path_factory: Any) -> Iterator[Database]:
    """One database for all files: their rows have names of their own."""
    made = Database(servers, f"test_{os.getpid()}_one_class", template)
    with in_a_database(made, tmp_path_factory.mktemp("files")):
        yield made


@pytest.fixture(scope="session")
def yard(_application: Any, database: Database) -> Any:
    """The people and rows of these tests."""
    from tests.platform.yard import open_yard

    return open_yard(_application, database)
