"""The walk's data and its oracle, against the sessions of the product (no screens yet)."""

from typing import Any

import pytest
from sqlalchemy import select, text

from app.core import registry
from app.core.db import scoped_as
from tests.kept import filled
from tests.walk.oracle import Oracle
from tests.walk.world import PEOPLE, World, make_world


@pytest.fixture(scope="module")
def world(database: Any) -> World:
    import app.models  # noqa: F401

    return filled(database, make_world)


@pytest.mark.parametrize("name", [person.name for person in PEOPLE])
def test_a_session_sees_exactly_the_rows_of_its_grants(world: World, name: str) -> None:
    person = world.person(name)
    oracle = Oracle(world, person)
    with scoped_as(person.id) as session:
        for slug in world.rows:
            entity = registry.entity(slug)
            wanted = {row.id for row in oracle.visible(slug)}
            known = {row.id for _number, row in world.rows[slug]}
            assert set(session.scalars(select(entity.id))) & known == wanted, f"ORM, {slug}"
            found = session.connection().execute(text(f"SELECT id FROM {entity.__table__.name}")).scalars()
            assert set(found) & known == wanted, f"row security alone, {slug}"
