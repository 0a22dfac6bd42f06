"""Every door × those who see all, by branch, officer, team or lender, or nothing."""

from typing import Any

import pytest

from tests.walk.walking import FEWEST, look, walk
from tests.walk.world import World, by_unit, make_world

NAMES = [person.name for person in by_unit()]


@pytest.fixture(scope="module")
def world(_application: Any, database: Any) -> World:
    return make_world()


@pytest.mark.parametrize("name", NAMES)
def test_no_door_leaks_and_no_foreign_write_lands(
    world: World, app: Any, database: Any, name: str, record_property: Any
) -> None:
    count = walk(world, app, database, name)
    assert count > FEWEST
    record_property("walk", count)


@pytest.mark.parametrize("name", NAMES)
def test_every_list_shows_all_rows_of_the_scope(world: World, app: Any, name: str) -> None:
    assert look(world, app, name) == []
