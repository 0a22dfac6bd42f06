"""Databases with people and rows in them: made by the first module that asks, copied for all the others."""

import hashlib
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from app.launch import logins, postgres

SOURCES = ("walk/world.py", "walk/canaries.py", "web/shop.py", "web/people.py", "roles.py")
"""What decides, besides the code of the product, what stands in such a database."""
ONE_AT_A_TIME = 7213003


def forget(url: str) -> None:
    """Close the pool of a database."""
    from app.core.db import _engine, sqlalchemy_url

    _engine(sqlalchemy_url(url)).dispose()


def faults_of_history(database: Any) -> list[str]:
    """Seal what a module has kept in its history; what `verify-audit` finds wrong with that and with all before.

    Seals that the walk invented for its canaries belong to no chain and are taken away.
    """
    from app.core import seals
    from app.core.db import unscoped
    from app.core.seal_check import check

    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM audit_seal WHERE previous !~ '^[0-9a-f]{64}$'")
    seals.seal()
    with unscoped("verify the history of a test") as session:
        found = check(session)
    left = [f"{one.rows} rows of {one.entity} are not sealed" for one in found.waiting if one.rows]
    return [*found.faults, *left]


def filled(database: Any, make: Callable[[], Any]) -> Any:
    """Put what `make` stores into the module's database; what it returns (copied with it, by pickle).

    Rows know when they were made, so a copy of another day is not used.
    """
    kept = _name(database, make)
    note = _note(database, kept)
    if database.origin == kept:
        _heads_anew()
        return pickle.loads(note.read_bytes())  # noqa: S301  written below, in a directory of our own
    with _one_at_a_time(database):
        if is_kept(database, make):
            forget(database.app_url)
            logins.drop_database(database.data, database.name)
            logins.make_database(database.data, database.name, kept)
            _heads_anew()
            return pickle.loads(note.read_bytes())  # noqa: S301  the same
        if database.origin != database.template:
            forget(database.app_url)
            logins.drop_database(database.data, database.name)
            logins.make_database(database.data, database.name, database.template)
        made = make()
        note.write_bytes(pickle.dumps(made))
        forget(database.app_url)
        logins.make_database(database.data, kept, database.name)
        return made


def beginning(database: Any, make: Callable[[], Any] | None) -> str:
    """The database to copy for a module whose tests stand on what `make` stores, so that it is copied but once."""
    return _name(database, make) if make and is_kept(database, make) else str(database.template)


def is_kept(database: Any, make: Callable[[], Any]) -> bool:
    """Whether a database with what `make` stores is there to be copied."""
    superuser, kept = database.data.database_url(postgres.SUPERUSER, "postgres"), _name(database, make)
    with psycopg.connect(superuser) as connection:
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", (kept,)).rowcount
    return bool(found) and _note(database, kept).exists()


@contextmanager
def _one_at_a_time(database: Any) -> Iterator[None]:
    with psycopg.connect(
        database.data.database_url(postgres.SUPERUSER, "postgres"), autocommit=True
    ) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (ONE_AT_A_TIME,))
        yield


def _note(database: Any, kept: str) -> Path:
    return Path(database.data.root / f"{kept}.pickle")


def _heads_anew() -> None:
    """The file of heads for a copy of a database, as for one that was restored."""
    from app.core import seal_file

    seal_file.begin_anew()


def _name(database: Any, make: Callable[[], Any]) -> str:
    digest = hashlib.sha256(f"{datetime.now(UTC):%Y-%m-%d}".encode())
    for source in SOURCES:
        digest.update((Path(__file__).parent / source).read_bytes())
    return f"{database.template.removesuffix('_ready')}_{make.__name__}_{digest.hexdigest()[:8]}"
