"""Row security alone keeps comments with who sees their record, and their text with their author."""

from typing import Any

import psycopg
import pytest

from tests.core.scoped import Person, only_database
from tests.kept import filled
from tests.walk.world import World, make_world

INSERT = "INSERT INTO comment (entity, row_id, author_id, text) VALUES ('loan', %s, %s, 'by hand')"


@pytest.fixture(scope="module")
def world(_application: Any, database: Any) -> World:
    return filled(database, make_world)


@pytest.mark.parametrize("name", ["o1", "county", "two_grants"])
def test_the_database_takes_words_only_about_what_is_seen_and_only_as_ones_own(
    world: World, database: Any, name: str
) -> None:
    person = Person(world, name)
    seen, foreign = min(person.ids("loan")), person.foreign("loan").id
    other = next(one for one in world.users.values() if one != person.id)
    for row_id, author in ((foreign, person.id), (seen, other)):
        with (
            only_database(database, person) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(INSERT, (row_id, author))
    with only_database(database, person) as connection:
        assert connection.execute(INSERT, (seen, person.id)).rowcount == 1
        changed = connection.execute("UPDATE comment SET text = 'mine' RETURNING author_id").fetchall()
        assert {author for (author,) in changed} == {person.id}
        gone = connection.execute("DELETE FROM comment RETURNING author_id").fetchall()
        assert {author for (author,) in gone} == {person.id}
