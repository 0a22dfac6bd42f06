"""schedules: computing instalments and storing them, against storing rows that are there already."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from app.core import copy_binary
from app.servicing.bulk_loans import Loans
from app.servicing.duedates import DueRule
from app.servicing.schedule_bulk import schedule_chunks
from app.servicing.terms import Plan
from tests.bench.copies import Connection, like
from tests.bench.database import Bench
from tests.bench.measure import Line, taken, timed

MOST_LOANS = 50_000
NEW = """
CREATE TEMP TABLE new_line (loan int, number int, due_on date, principal numeric(18,2), interest numeric(18,2),
    balance numeric(18,2))"""
STORE = """
INSERT INTO bench_instalment (loan_id, customer_id, number, due_on, principal, interest, balance)
SELECT l.id, l.customer_id, n.number, n.due_on, n.principal, n.interest, n.balance
FROM new_line n JOIN bench_loans l ON l.n = n.loan"""
SAMPLE = """
CREATE TEMP TABLE bench_loans AS SELECT row_number() OVER (ORDER BY id) - 1 AS n, id, customer_id,
    (principal * 100)::bigint AS cents, (annual_rate * 1000000)::bigint AS rate, disbursed_on - DATE '1970-01-01' AS day,
    (SELECT count(*) FROM instalment i WHERE i.loan_id = loan.id) AS instalments
FROM loan ORDER BY id LIMIT %s"""


def _loans(connection: Connection, most: int) -> Loans:
    connection.execute(SAMPLE, (most,))
    connection.execute("ANALYZE bench_loans")
    connection.execute("SET LOCAL enable_nestloop = off")  # new_line has no statistics
    rows = connection.execute("SELECT cents, rate, day, instalments FROM bench_loans ORDER BY n").fetchall()
    cents, rate, day, count = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    return Loans(cents, rate, day.astype("datetime64[D]"), count)


def _generate(connection: Connection, loans: Loans) -> None:
    """As an import does it: computed on arrays, sent in binary, stored by one statement."""
    with connection.cursor().copy("COPY new_line FROM STDIN (FORMAT binary)") as copy:
        copy.write(copy_binary.HEADER)
        for lines in schedule_chunks(loans, Plan(), DueRule()):
            columns: list[tuple[str, Any]] = [
                ("int4", lines.loan), ("int4", lines.n), ("date", lines.due_on), ("money", lines.principal),
                ("money", lines.interest), ("money", lines.balance),
            ]  # fmt: skip
            copy.write(copy_binary.rows(columns))
        copy.write(copy_binary.TRAILER)


def schedules(bench: Bench) -> Iterator[Line]:
    """The instalments of the book's loans, as annuities, into a table with the indexes of the real one."""
    with bench.superuser() as connection:
        loans = _loans(connection, min(bench.scale, MOST_LOANS))
        like(connection, "instalment")
        connection.execute(NEW)

        def emptied(*tables: str) -> None:
            for table in tables:
                connection.execute(f"TRUNCATE {table}")

        def both() -> None:
            _generate(connection, loans)
            connection.execute(STORE)

        def figure() -> float:
            emptied("new_line", "bench_instalment")
            return taken(both)

        def floor() -> float:
            emptied("bench_instalment")
            return taken(lambda: connection.execute(STORE))

        seconds = timed(figure, floor, budget=15)
        rows = connection.execute("SELECT count(*) FROM new_line").fetchone()
        connection.rollback()
    assert rows is not None
    detail = f"{rows[0]:,} instalments of {len(loans):,} loans, {rows[0] / seconds[0]:,.0f} a second"
    yield Line("schedules", *seconds, 2, details=(detail,))
