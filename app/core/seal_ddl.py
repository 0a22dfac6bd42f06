"""What the database itself does for the history: numbers transactions in one row of numbers, and makes its months.

The numbers are those of PostgreSQL's transactions plus a base. A restored database stands on a server that counts
from elsewhere; the next deployment raises the base, so that what is written there comes after what was brought along.
"""

from collections.abc import Iterator
from typing import Any

from app.core.policy import role

MONTHS_AHEAD = 4
"""This month and the three after it."""
MONTHS = """
CREATE OR REPLACE FUNCTION history_months(ahead int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '3s' AS $$
DECLARE begins timestamptz; span text; part text; made int := 0;
BEGIN
    IF to_regclass('history_default') IS NULL THEN
        CREATE TABLE history_default PARTITION OF history DEFAULT;
    END IF;
    FOR n IN 0 .. ahead - 1 LOOP
        begins := date_trunc('month', now()) + make_interval(months => n);
        part := 'history_' || to_char(begins, 'YYYY_MM');
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        LOCK TABLE history_default IN ACCESS EXCLUSIVE MODE;
        span := ' at >= ' || quote_literal(begins) || ' AND at < ' || quote_literal(begins + interval '1 month');
        EXECUTE 'CREATE TABLE ' || part || ' (LIKE history INCLUDING DEFAULTS)';
        EXECUTE 'WITH moved AS (DELETE FROM history_default WHERE' || span || ' RETURNING *) INSERT INTO ' || part
            || ' SELECT * FROM moved';
        EXECUTE 'ALTER TABLE history ATTACH PARTITION ' || part || ' FOR VALUES FROM ('
            || quote_literal(begins) || ') TO (' || quote_literal(begins + interval '1 month') || ')';
        made := made + 1;
    END LOOP;
    RETURN made;
END $$"""
"""Makes the partitions that are missing; what the default one took for them meanwhile moves there."""


HORIZON = """
    SELECT least(pg_snapshot_xmax(s)::text::bigint, (SELECT min(x::text::bigint) FROM pg_snapshot_xip(s) x
        WHERE NOT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
                AND l.transactionid::text::bigint = mod(x::text::bigint, 4294967296)
                AND a.datid <> (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))))
    FROM pg_current_snapshot() s"""
"""The oldest transaction that runs, leaving out those that hold their own lock in another database of the server.

One that holds no lock yet counts as ours; and one that ended while this was asked has written what it has.
"""


def numbering(base: int) -> Iterator[str]:
    """The number of the running transaction, and the one below which every transaction has ended."""
    for name, found in (
        ("seal_number", "pg_current_xact_id()::text::bigint"),
        ("seal_horizon", f"({HORIZON})"),
    ):
        yield (
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS bigint LANGUAGE sql STABLE "
            f"AS $$ SELECT {found} + {base} $$"
        )


def declared() -> list[str]:
    """What follows from the code alone."""
    return [MONTHS, str(MONTHS_AHEAD), *numbering(0)]


LATEST = """
    SELECT greatest(s.last, (SELECT max(written_in) FROM history WHERE written_in >= s.last),
        (SELECT max(written_in) FROM audit_event WHERE written_in >= s.last))
    FROM (SELECT coalesce(max(last_in), 0) AS last FROM audit_seal) s"""


def statements(connection: Any) -> Iterator[str]:
    """Bring functions and partitions up to date; raises the base of the numbers where they would go back."""
    now, latest = (connection.exec_driver_sql(f"SELECT ({of})").scalar() for of in ("seal_number()", LATEST))
    base = connection.exec_driver_sql("SELECT seal_number() - pg_current_xact_id()::text::bigint").scalar()
    yield from numbering(base + max(0, latest + 1 - now))
    yield MONTHS
    yield "REVOKE ALL ON FUNCTION history_months(int) FROM PUBLIC"
    yield f"SELECT history_months({MONTHS_AHEAD})"


def grants(prefix: str) -> Iterator[str]:
    """Housekeeping makes the coming months."""
    yield f'GRANT EXECUTE ON FUNCTION history_months(int) TO "{role(prefix, "all")}"'
