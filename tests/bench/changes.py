"""history: an update whose changes are kept field by field, against the same update without triggers."""

from collections.abc import Iterator

from tests.bench.database import Bench
from tests.bench.measure import Line, taken, timed

MOST_ROWS = 5_000
UPDATE = "UPDATE loan SET purpose = 'changed', repayment_account = 'A' || id WHERE id <= %s"


def history(bench: Bench) -> Iterator[Line]:
    """Two fields of so many loans in one statement."""
    rows = min(bench.scale, MOST_ROWS)
    with bench.superuser() as connection:

        def update(mode: str) -> float:
            connection.execute(f"SET LOCAL session_replication_role = {mode}")
            seconds = taken(lambda: connection.execute(UPDATE, (rows,)))
            connection.rollback()
            return seconds

        seconds = timed(lambda: update("origin"), lambda: update("replica"), budget=6, fewest=5)
    yield Line("history", *seconds, 7, details=(f"{rows:,} rows, {seconds[0] / rows * 1e6:,.0f} µs a row",))
