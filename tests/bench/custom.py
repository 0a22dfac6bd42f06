"""custom-field: a list filtered by an indexed custom field beside the same list filtered by a column with an index."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from flask import g

from app import create_app
from app.core import custom_sql
from app.core.db import unscoped
from app.core.org import CustomField
from app.launch import logins
from app.models import Loan
from tests.bench.database import Bench
from tests.bench.measure import Line, interleaved
from tests.bench.viewers import Statement, Viewer, sent, viewer

READERS = ("all", "branch", "client", "team", "multi")
FIELDS = {
    "b_text": ("text", "text", "'v' || id % 2000"),
    "b_date": ("date", "date", "date '2010-01-01' + (id % 3000)::int"),
    "b_money": ("money", "numeric(18,2)", "(id % 100000)::numeric / 100"),
}
"""Column → kind of the custom field with the same values, type, and the value as SQL."""
LISTS = (
    {"c_b_text": "v15"}, {"c_b_date": "2010-05-01"}, {"c_b_date__ge": "2010-03-01", "c_b_date__lt": "2011-03-01"},
    {"c_b_money__ge": "10", "c_b_money__le": "10.5"}, {"c_b_date__ge": "2016-01-01", "sort": "-c_b_date"},
)  # fmt: skip
NAME = "bench_custom"
ID = 2
"""Where a loan's id stands in its row."""


def custom_field(bench: Bench) -> Iterator[Line]:
    """Every filter for every reader; the worst is the figure."""
    found = {}
    with _filled(bench) as copy, create_app().test_request_context("/loan/list/"):
        for kind in READERS:
            reader = viewer(kind)
            for address in LISTS:
                found[f"{kind}: {' '.join(address)}"] = _compared(copy, reader, address)
    worst = max(found.values(), key=lambda pair: pair[0] / pair[1])
    details = tuple(
        f"{what:<36} {a * 1000:8.3f} ms {b * 1000:8.3f} ms {a / b:6.2f}" for what, (a, b) in found.items()
    )
    yield Line("custom-field", *worst, 1.5, details=details)


@contextmanager
def _filled(bench: Bench) -> Iterator[Bench]:
    """A copy of the book whose loans have each value as a column and as a custom field, both with an index."""
    copy = Bench(bench.servers, NAME, bench.scale)
    bench.leave()
    copy.make_from(bench.name)
    with copy.superuser(autocommit=True) as connection:
        _fill(connection)
    copy.use()
    with unscoped("declare the benchmark's fields") as session:
        for code, (kind, _type, _value) in FIELDS.items():
            session.add(CustomField(entity="loan", code=code, kind=kind, label_en=code, is_indexed=True))
    while custom_sql.bring_in_line():
        pass
    try:
        with copy.superuser(autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE loan")
        yield copy
    finally:
        copy.leave()
        bench.use()
        logins.drop_database(bench.servers.data, NAME)


def _fill(connection: psycopg.Connection[Any]) -> None:
    connection.execute("SET session_replication_role = replica")
    added = ", ".join(f"ADD COLUMN {name} {kind}" for name, (_kind, kind, _value) in FIELDS.items())
    connection.execute(f"ALTER TABLE loan {added}")
    columns = ", ".join(f"{name} = {value}" for name, (_kind, _type, value) in FIELDS.items())
    pairs = ", ".join(f"'{name}', ({value})::text" for name, (_kind, _type, value) in FIELDS.items())
    connection.execute(f"UPDATE loan SET {columns}, custom = jsonb_build_object({pairs})")
    for name in FIELDS:
        connection.execute(f"CREATE INDEX ON loan ({name}, id)")


def _compared(bench: Bench, reader: Viewer, address: dict[str, str]) -> tuple[float, float]:
    """Seconds of the list's statement, and of the same about the column."""
    g.principal = reader.principal
    for name in ("settings", "custom"):
        g.pop(name, None)
    with reader.session() as session:
        custom = sent(session, reader.listing(Loan, **address).page)[-1]
        held: Any = session.connection().connection.driver_connection
        plain = _about_column(custom)
        ids = [[row[ID] for row in held.execute(*each)] for each in (custom, plain)]
        if custom == plain or ids[0] != ids[1]:
            raise ValueError(f"{address}: not the rows that the column finds")
        return interleaved(lambda: held.execute(*custom).fetchall(), lambda: held.execute(*plain).fetchall())


def _about_column(statement: Statement) -> Statement:
    sql, values = statement
    sql = re.sub(r"CAST\(loan\.custom ->> '(\w+)' AS NUMERIC\)", r"loan.\1", sql)
    sql = re.sub(r"\(loan\.custom ->> '(\w+)'\)", r"loan.\1", sql)
    return re.sub(r"(loan\.b_date \S+ %\(\w+\)s)::VARCHAR", r"\1::DATE", sql), values
