"""history: an update whose changes are kept field by field, against the same update without triggers.

bulk-edit: one change to many loans as the screen makes it, against the same update by hand.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import app.views  # noqa: F401 - the rules that a change must ask
from app.core.web import bulk
from app.models import Loan
from tests.bench.database import Bench
from tests.bench.measure import Line, taken, timed
from tests.bench.viewers import viewer

MOST_ROWS = 5_000
MOST_CHANGED = 10_000
CHANGES: tuple[dict[str, Any], ...] = ({"purpose": "changed"}, {"matures_on": date(2035, 1, 1)})
"""One that no rule looks at, which is judged, and one for which every row is shown to a rule."""
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


def bulk_edit(bench: Bench) -> Iterator[Line]:
    """The same field of so many loans: locked, checked by scope and rules, stored with their history; undone each time."""
    ids = list(range(1, min(bench.scale, MOST_CHANGED) + 1))
    pairs = [_changed(bench, ids, values) for values in CHANGES]
    details = tuple(
        f"{next(iter(values)):<12} {figure * 1000:8.1f} ms {floor * 1000:8.1f} ms {figure / floor:6.2f}, {len(ids):,} rows"
        for values, (figure, floor) in zip(CHANGES, pairs, strict=True)
    )
    yield Line("bulk-edit", *pairs[0], 2, details=details)


def _changed(bench: Bench, ids: list[int], values: dict[str, Any]) -> tuple[float, float]:
    reader, [(name, value)] = viewer("all"), values.items()
    with bench.superuser() as connection, reader.session() as session:

        def ours() -> float:
            session.connection()
            seconds = taken(lambda: bulk.change(session, Loan, ids, values, reader.user_id))
            session.rollback()
            return seconds

        def by_hand() -> float:
            written = f"UPDATE loan SET {name} = %s WHERE id = ANY (%s)"
            seconds = taken(lambda: connection.execute(written, (value, ids)))
            connection.rollback()
            return seconds

        return timed(ours, by_hand, budget=6, fewest=5)
