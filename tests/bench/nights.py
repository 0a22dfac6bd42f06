"""night-arrears, night-queue, night-rerun: what closing a day costs beside the least that could be asked."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from app.core.db import ScopedSession, session_for
from app.core.jobs import Record
from app.messaging.queue import queue
from app.servicing.arrears import advance, classify
from tasks import nightly
from tests.bench.copies import columns_of, like, put, rows_of
from tests.bench.database import Bench
from tests.bench.measure import Line, interleaved, taken, timed
from tests.bench.organisation import DAY

TOMORROW = DAY + timedelta(days=1)
_LATE = f"FILTER (WHERE paid_on IS NULL AND due_on < DATE '{TOMORROW}')"
AGGREGATE = f"""
SELECT count(since), min(since), sum(principal), sum(interest), min(next) FROM (
    SELECT loan_id, min(due_on) {_LATE} AS since,
        sum(principal - principal_paid) {_LATE} AS principal, sum(interest - interest_paid) {_LATE} AS interest,
        min(due_on) FILTER (WHERE paid_on IS NULL AND due_on >= DATE '{TOMORROW}') AS next
    FROM instalment GROUP BY loan_id) each"""
"""What the step knows of each loan when it is done. All of it is used, for the planner leaves out what is not."""


Step = Callable[[ScopedSession], object]


def undone(work: Step, before: Step = lambda _session: None) -> float:
    """Seconds of a step of the night in a transaction of its own, which is rolled back; `before` is not counted."""
    with session_for(lambda: ("all", None)) as session:
        session.info["unscoped"] = "benchmark"
        before(session)
        seconds = taken(lambda: (work(session), session.flush()))
        session.rollback()
    return seconds


def night_arrears(bench: Bench) -> Iterator[Line]:
    """From the business date to the next day: newly unpaid loans, and those that reach a bound.

    What the round before left behind when it was undone is swept first: a night meets a day's loans once.
    """
    rows: list[int] = []

    def step(session: ScopedSession) -> None:
        record = Record("nightly", "arrears", TOMORROW)
        rows[:] = [advance(session, TOMORROW, record), classify(session, TOMORROW, record)]

    with bench.superuser(autocommit=True) as connection:

        def swept() -> float:
            connection.execute("VACUUM (INDEX_CLEANUP ON) loan")
            return undone(step)

        seconds = timed(swept, lambda: taken(lambda: connection.execute(AGGREGATE).fetchall()), budget=10)
    detail = f"{rows[0]:,} loans newly unpaid, {rows[1]:,} moved to another bucket or status"
    yield Line("night-arrears", *seconds, 0.1, details=(detail,))


def night_queue(bench: Bench) -> Iterator[Line]:
    """The day's reminders with all rules and texts, against the same rows inserted from a table.

    What the round before left behind when it was undone is swept first.
    """
    made: list[Any] = []

    def before(session: ScopedSession) -> None:
        advance(session, TOMORROW, Record("nightly", "arrears", TOMORROW))

    def step(session: ScopedSession) -> None:
        made[:] = [queue(session, TOMORROW, Record("nightly", "messages", TOMORROW))]

    with bench.superuser() as connection, bench.superuser(autocommit=True) as sweeper:
        columns = [name for name in columns_of(connection, "message") if name != "id"]
        listed = ", ".join(columns)
        source = like(connection, "message")
        put(connection, source, columns, _messages(listed))
        connection.commit()

        def swept(work: Callable[[], float]) -> Callable[[], float]:
            return lambda: (sweeper.execute("VACUUM (INDEX_CLEANUP ON) message"), work())[1]

        def plain() -> float:
            seconds = taken(
                lambda: connection.execute(f"INSERT INTO message ({listed}) SELECT {listed} FROM {source}")
            )
            connection.rollback()
            return seconds

        seconds = timed(swept(lambda: undone(step, before)), swept(plain), budget=15)
        connection.execute(f"DROP TABLE {source}")
    yield Line(
        "night-queue", *seconds, 3, details=(f"{made[0]:,} messages, {made[0] / seconds[0]:,.0f} a second",)
    )


def _messages(listed: str) -> bytes:
    """The next day's messages as rows, none of them kept in the database."""
    with session_for(lambda: ("all", None)) as session:
        session.info["unscoped"] = "benchmark"
        advance(session, TOMORROW, Record("nightly", "arrears", TOMORROW))
        queue(session, TOMORROW, Record("nightly", "messages", TOMORROW))
        session.flush()
        driver: Any = session.connection().connection.driver_connection
        rows = rows_of(driver, f"SELECT {listed} FROM message WHERE business_on = '{TOMORROW}'")
        session.rollback()
    return rows


SNAPSHOT = (
    "SELECT region_id, branch_id, officer_id, product_id, client_id, currency FROM {} WHERE taken_on = %s"
)
KEYS = (
    "SELECT customer_id, template_id, slot, loan_id FROM message WHERE business_on = %s",
    SNAPSHOT.format("portfolio_snapshot"),
    SNAPSHOT.format("collection_snapshot"),
)


def night_rerun(bench: Bench) -> Iterator[Line]:
    """The night that was done when the book was made, asked for again, against reading the keys of its rows."""
    with bench.superuser() as connection:

        def floor() -> list[int]:
            return [len(connection.execute(query, (DAY,)).fetchall()) for query in KEYS]

        rows = floor()
        seconds = interleaved(lambda: nightly.run(DAY, str), floor)
        if floor() != rows:
            raise ValueError("the night made rows when it was run again")
    yield Line("night-rerun", *seconds, 1.5, details=(f"{sum(rows):,} rows made that night",))
