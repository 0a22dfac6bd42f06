"""A database of one size for the benchmarks: made once, kept, made anew when the code's tables change."""

import csv
import hashlib
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from app.core import clock, deploy
from app.core.db import unscoped
from app.core.org import Branch, Region, RegionLevel, Team
from app.core.tree_bulk import NewNode, add_nodes
from app.launch import logins, postgres
from app.launch.console import say
from app.launch.servers import Servers
from app.models import Bucket, Client, Product
from app.servicing.arrears import bucket_sql, recompute, status_sql
from tests.bench import book_sql

DAY = date(2018, 6, 25)
"""The business date of the made-up book."""
OFFICERS, BRANCHES, TEAMS = 2000, (9, 190), 100
REGIONS = Path(__file__).parents[2] / "demo" / "regions_cn_gansu.csv"
BOUNDS = {"current": 0, "d1": 1, "d31": 31, "d61": 61, "d91": 91}
VIEWERS = ("all", "own", "team", "branch", "branch_leaf", "region", "region_leaf", "client", "multi")
"""Kinds of scope in the order of the officers who have them: officer-1 sees everything."""
KINDS = ("smallholder", "livestock", "consumer", "business", "housing")
SAMPLE = 200


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


def use(servers: Servers, name: str) -> tuple[str, str]:
    """Let this process work on a database of the servers; (owner's URL, application's URL)."""
    admin, app = servers.urls(name)
    os.environ.update(DATABASE_URL=app, DATABASE_ADMIN_URL=admin)
    return admin, app


def prepared(servers: Servers, scale: int) -> Bench:
    """The database with so many loans: the one kept from before if it fits this code, else a new one."""
    bench = Bench(servers, f"bench_{scale}", scale)
    wanted = _state()
    logins.make_database(servers.data, bench.name)
    with bench.superuser() as connection:
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", (bench.name,)
        ).fetchone()
    if not found or found[0] != wanted:
        say(f"Making a book of {scale:,} loans")
        logins.drop_database(servers.data, bench.name)
        logins.make_database(servers.data, bench.name)
        deploy.deploy(*use(servers, bench.name))
        _fill(bench)
        with bench.superuser(autocommit=True) as connection:
            connection.execute(f"COMMENT ON DATABASE {bench.name} IS '{wanted}'")
    use(servers, bench.name)
    return bench


def _state() -> str:
    made = Path(__file__).read_bytes() + Path(book_sql.__file__).read_bytes()
    return f"{deploy.wanted_state()} {hashlib.sha256(made).hexdigest()[:12]}"


def _fill(bench: Bench) -> None:
    with unscoped("make the benchmarks' organisation") as session:
        _frame(session)
        bucket = bucket_sql(session, "coalesce(%(day)s::date - since, 0)")
    loans = max(bench.scale, 1)
    values = {"loans": loans, "customers": max(loans * 4 // 5, 1), "officers": OFFICERS, "day": DAY, "late_share": 0.03}
    status = status_sql("coalesce(%(day)s::date - since, 0)", "open = 0", "false")
    with psycopg.connect(bench.superuser_url, cursor_factory=psycopg.ClientCursor) as connection:
        # keys and reach are computed with the rows; triggers and foreign keys are not asked
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '512MB'")
        dropped = _without_indexes(connection, ("instalment", "loan", "customer", "customer_reach", "phone", "address"))
        for part in (book_sql.CHANCE, book_sql.FRAME, book_sql.CUSTOMERS, book_sql.TERMS, book_sql.INSTALMENTS):
            connection.execute(part, values)
        connection.execute(book_sql.LOANS.format(bucket=bucket, status=status), values)
        connection.execute(book_sql.REACH)
        connection.execute(book_sql.SEQUENCES)
        for definition in dropped:
            connection.execute(definition)
        connection.execute(book_sql.VIEWERS, values)
    with bench.superuser(autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    check(bench)


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


def _frame(session: Session) -> None:
    """Lenders, products, buckets, teams, the two trees, the business date."""
    words = {"currency": "CNY", "country": "CN", "zone": "Asia/Shanghai", "language": "zh_Hans"}
    session.add_all(Client(code=code, name=code.title(), **words) for code in ("bank", "placed"))
    session.add_all(
        Product(code=kind, name=kind.title(), kind=kind, currency="CNY", method="equal_principal", allocation_order="")
        for kind in KINDS
    )
    session.add_all(Bucket(code=code, name=code, from_days=days, colour="red") for code, days in BOUNDS.items())
    session.add_all(Team(name=f"Team {number}") for number in range(1, TEAMS + 1))
    clock.set_business_date(session, DAY)
    head, (offices, leaves) = NewNode({"name": "Head office"}), BRANCHES
    regional = [NewNode({"name": f"Office {n}"}, head) for n in range(offices)]
    add_nodes(session, Branch, [head, *regional, *(NewNode({"name": f"Branch {n}"}, regional[n * offices // leaves]) for n in range(leaves))])
    places: dict[str, NewNode] = {}
    with REGIONS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            values = {"code": row["code"], "name": row["name"], "level": RegionLevel(row["level"])}
            places[row["code"]] = NewNode(values, places.get(row["parent_code"]))
    add_nodes(session, Region, list(places.values()))


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
        connection.execute("UPDATE loan SET branch_lft = NULL, region_lft = NULL, product_kind = NULL WHERE id = ANY(%s)", (sample,))
        connection.execute("UPDATE loan SET branch_id = branch_id WHERE id = ANY(%s)", (sample,))
        people = "ARRAY(SELECT DISTINCT customer_id FROM loan WHERE id = ANY(%s))"
        connection.execute(f"SELECT reach_refresh_loan({people}, true)", (sample,))
        after = [connection.execute(keys, (sample,)).fetchall(), connection.execute(reach).fetchall()]
        connection.rollback()
    if before[0] != after[0] or sorted(map(str, before[1])) != sorted(map(str, after[1])):
        raise ValueError("the book's scope keys are not those that the triggers write")
    with unscoped("hold the benchmarks' book against the arrears rule") as session:
        if recompute(session, sample, DAY):
            raise ValueError("the book's arrears are not those that the rule computes")
