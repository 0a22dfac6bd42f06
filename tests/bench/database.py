"""A database of one size for the benchmarks: made once, kept, made anew when the code's tables change."""

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from app import seeds
from app.core import deploy
from app.core.db import _engine, sqlalchemy_url, unscoped
from app.launch import logins, postgres
from app.launch.servers import Servers
from app.servicing.arrears import bucket_sql, recompute, status_sql
from tasks import nightly
from tests.bench import book_sql, organisation
from tests.bench.organisation import DAY

OFFICERS = 2000
VIEWERS = ("all", "own", "team", "branch", "branch_leaf", "region", "region_leaf", "client", "multi")
"""Kinds of scope in the order of the officers who have them: officer-1 sees everything."""
SAMPLE = 200


FRAME = "bench_frame"
"""The database that the others are copies of: deployed, with the organisation and the places."""


@dataclass(frozen=True)
class Bench:
    """What a benchmark works on: a filled database and the servers it is on."""

    servers: Servers
    name: str
    scale: int

    @property
    def superuser_url(self) -> str:
        """A login that no policy holds."""
        return self.servers.data.database_url(postgres.SUPERUSER, self.name)

    def superuser(self, **options: Any) -> psycopg.Connection[Any]:
        """A connection that no policy holds."""
        return psycopg.connect(self.superuser_url, **options)

    def use(self) -> str:
        """Let this process work on this database; the application's URL."""
        admin, app = self.servers.urls(self.name)
        os.environ.update(DATABASE_URL=app, DATABASE_ADMIN_URL=admin)
        return app

    def state(self) -> str:
        """What was noted when it was complete; "" when it is not there or was not completed."""
        with psycopg.connect(self.servers.data.database_url(postgres.SUPERUSER, "postgres")) as connection:
            found = connection.execute(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
                (self.name,),
            ).fetchone()
        return str(found[0]) if found and found[0] else ""

    def complete(self, state: str) -> None:
        """Note that it is complete, and in which state of the code."""
        with self.superuser(autocommit=True) as connection:
            connection.execute(f"COMMENT ON DATABASE {self.name} IS '{state}'")

    def make_from(self, template: str) -> None:
        """Make it anew as a copy of another; whatever it was before is gone."""
        logins.drop_database(self.servers.data, self.name)
        logins.make_database(self.servers.data, self.name, template)
        with self.superuser(autocommit=True) as connection:
            prefix = connection.execute("SELECT scope_prefix()").fetchone() if template != EMPTY else None
            if prefix:
                # a right on the database itself is not copied
                connection.execute(f'GRANT TEMPORARY ON DATABASE {self.name} TO "{prefix[0]}_s_all"')

    def leave(self) -> None:
        """Close this process's connections to it."""
        _engine(sqlalchemy_url(self.servers.urls(self.name)[1])).dispose()


EMPTY = "template1"


def prepared(servers: Servers, scale: int, template: str = EMPTY) -> Bench:
    """The database with so many loans: the one kept from before if it fits this code, else a new one.

    `template` names a deployed database to begin from, which spares a deployment.
    """
    bench, frame = Bench(servers, f"bench_{scale}", scale), Bench(servers, FRAME, 0)
    wanted = f"{deploy.wanted_state()} {_made_by()} {template}"
    if frame.state() != wanted:
        frame.make_from(template)
        frame.use()
        if template == EMPTY:
            deploy.deploy(*servers.urls(FRAME))
        seeds.seed()
        with unscoped("make the benchmarks' organisation") as session:
            organisation.make(session)
        frame.leave()
        frame.complete(wanted)
    if bench.state() != wanted:
        print(f"Making a book of {scale:,} loans", file=sys.stderr, flush=True)
        bench.make_from(FRAME)
        bench.use()
        _fill(bench)
        check(bench)
        nightly.run(DAY, lambda _line: None)
        bench.complete(wanted)
    bench.use()
    return bench


@contextmanager
def copied(bench: Bench, name: str) -> Iterator[Bench]:
    """For a while, this process works on a new database that has the organisation and no book."""
    copy = Bench(bench.servers, name, 0)
    copy.make_from(FRAME)
    copy.use()
    try:
        yield copy
    finally:
        copy.leave()
        bench.use()
        logins.drop_database(bench.servers.data, name)


def _made_by() -> str:
    sources = (__file__, book_sql.__file__, organisation.__file__)
    return hashlib.sha256(b"".join(Path(source).read_bytes() for source in sources)).hexdigest()[:12]


def _fill(bench: Bench) -> None:
    with unscoped("read the buckets") as session:
        bucket = bucket_sql(session, "coalesce(%(day)s::date - since, 0)")
    loans = max(bench.scale, 1)
    values = {
        "loans": loans,
        "customers": max(loans * 4 // 5, 1),
        "officers": OFFICERS,
        "day": DAY,
        "late_share": 0.03,
    }
    status = status_sql("coalesce(%(day)s::date - since, 0)", "open = 0", "false")
    with psycopg.connect(bench.superuser_url, cursor_factory=psycopg.ClientCursor) as connection:
        # keys and reach are computed with the rows; triggers and foreign keys are not asked
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '512MB'")
        dropped = _without_indexes(
            connection, ("instalment", "loan", "customer", "customer_reach", "phone", "address")
        )
        for part in (
            book_sql.CHANCE,
            book_sql.FRAME,
            book_sql.CUSTOMERS,
            book_sql.TERMS,
            book_sql.INSTALMENTS,
        ):
            connection.execute(part, values)
        connection.execute(book_sql.LOANS.format(bucket=bucket, status=status), values)
        connection.execute(book_sql.REACH)
        connection.execute(book_sql.SEQUENCES)
        for definition in dropped:
            connection.execute(definition)
        connection.execute(book_sql.VIEWERS, values)
    with bench.superuser(autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _without_indexes(connection: psycopg.Connection[Any], tables: tuple[str, ...]) -> list[str]:
    """Drop the indexes that belong to no constraint; the statements that make them again."""
    rows = connection.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid::regclass::text = ANY(%s) "
        "AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
        (list(tables),),
    ).fetchall()
    for name, _definition in rows:
        connection.execute(f"DROP INDEX {name}")
    return [definition for _name, definition in rows]


def check(bench: Bench) -> None:
    """Hold a sample of the book against the triggers and the arrears rule.

    Raises:
        ValueError: they would have written something else.
    """
    keys = "SELECT id, branch_lft, region_lft, product_kind FROM loan WHERE id = ANY(%s) ORDER BY id"
    reach = "SELECT customer_id, branch_lft, region_lft, officer_id, client_id, product_kind FROM customer_reach ORDER BY id"
    sample = list(range(1, bench.scale + 1, max(bench.scale // SAMPLE, 1)))
    with bench.superuser() as connection:
        before = [connection.execute(keys, (sample,)).fetchall(), connection.execute(reach).fetchall()]
        connection.execute(
            "UPDATE loan SET branch_lft = NULL, region_lft = NULL, product_kind = NULL WHERE id = ANY(%s)",
            (sample,),
        )
        connection.execute("UPDATE loan SET branch_id = branch_id WHERE id = ANY(%s)", (sample,))
        people = "ARRAY(SELECT DISTINCT customer_id FROM loan WHERE id = ANY(%s))"
        for table in ("loan", "customer"):
            connection.execute(f"SELECT reach_refresh_{table}({people}, true)", (sample,))
        after = [connection.execute(keys, (sample,)).fetchall(), connection.execute(reach).fetchall()]
        connection.rollback()
    if before[0] != after[0] or sorted(map(str, before[1])) != sorted(map(str, after[1])):
        raise ValueError("the book's scope keys are not those that the triggers write")
    with unscoped("hold the benchmarks' book against the arrears rule") as session:
        if recompute(session, sample, DAY):
            raise ValueError("the book's arrears are not those that the rule computes")
