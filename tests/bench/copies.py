"""Tables like those of the book, and rows carried between them as they are."""

from collections.abc import Sequence
from typing import Any

import psycopg

Connection = psycopg.Connection[Any]


def like(connection: Connection, table: str) -> str:
    """An empty table with the columns, indexes and checks of another, without its triggers; its name."""
    name = f"bench_{table}"
    connection.execute(f"DROP TABLE IF EXISTS {name}")
    connection.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
    return name


def rows_of(connection: Connection, query: str) -> bytes:
    """The rows of a query as COPY writes them."""
    with connection.cursor().copy(f"COPY ({query}) TO STDOUT (FORMAT binary)") as copy:
        return b"".join(copy)


def put(connection: Connection, table: str, columns: Sequence[str], rows: bytes) -> None:
    """Rows that `rows_of` gave into a table."""
    with connection.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)") as copy:
        copy.write(rows)


def columns_of(connection: Connection, table: str) -> list[str]:
    """The names of a table's columns that can be written."""
    found = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
        "AND attgenerated = '' ORDER BY attnum",
        (table,),
    )
    return [str(name) for (name,) in found.fetchall()]
