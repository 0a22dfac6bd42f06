"""What walks over all doors have in common: the world, and a test for each person of a file's `PEOPLE`."""

from typing import Any

import pytest

from tests.kept import filled
from tests.walk.canaries import keep_files
from tests.walk.world import LOANS, World, make_world


@pytest.fixture(scope="module")
def contents() -> Any:
    return make_world


@pytest.fixture(scope="module")
def world(_application: Any, database: Any) -> World:
    made: World = filled(database, make_world)
    keep_files(range(len(LOANS)))
    return made


def pytest_generate_tests(metafunc: Any) -> None:
    if metafunc.cls is not None and hasattr(metafunc.cls, "people"):
        metafunc.parametrize("name", [person.name for person in metafunc.cls.people])
