"""Sessions and connections in which only one of the layers of scope is at work."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg

from app.core.db import ScopedSession, scoped_as, session_for
from tests.walk.oracle import Oracle
from tests.walk.world import World

WRITING = ("o1", "team", "branch_subtree", "branch_leaf", "client", "two_grants")
READING = ("county", "village", "livestock")


class Person:
    """A user of the walk's world and what he may see of it."""

    def __init__(self, world: World, name: str) -> None:
        self.row = next(one for one in world.people if one.name == name)
        self.oracle = Oracle(world, self.row)
        self.id = self.row.id

    def ids(self, slug: str) -> set[int]:
        return {row.id for row in self.oracle.visible(slug)}

    def foreign(self, slug: str) -> Any:
        return self.oracle.foreign(slug)[0]


@contextmanager
def only_orm(person: Person) -> Iterator[ScopedSession]:
    """A session whose database role sees and may do everything: what is stopped, the ORM's layers stop."""
    with scoped_as(person.id) as own:
        reach = own.reach
    with session_for(lambda: ("all", person.id)) as session:
        assert session.reach.is_all
        session.info["reach"] = reach
        yield session
        session.rollback()


@contextmanager
def only_database(database: Any, person: Person) -> Iterator[psycopg.Connection]:
    """A plain connection as the application's login, in the role and with the settings of a person."""
    with psycopg.connect(database.app_url) as connection:
        row = connection.execute("SELECT * FROM scope_resolve(%s)", (person.id,))
        names = [column.name for column in row.description or ()]
        found = dict(zip(names, row.fetchone() or (), strict=True))
        settings = {"user_id": person.id, **{name: found[name] for name in names if name != "kind"}}
        for name, value in settings.items():
            plain = None if value is None else str(value).replace("'", '"')
            connection.execute("SELECT set_config(%s, %s, true)", (f"app.{name}", plain))
        connection.execute("SELECT set_config('role', scope_prefix() || '_s_' || %s, true)", (found["kind"],))
        yield connection
        connection.rollback()


def writable(world: World, person: Person) -> set[int]:
    """Ids of the loans that he may change: territory only shows."""
    grants = tuple(grant for grant in person.row.grants if grant["kind"] != "region")
    return {row.id for row in Oracle(world, replace(person.row, grants=grants)).visible("loan")}
