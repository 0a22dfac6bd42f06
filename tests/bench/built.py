"""report-builder: what a report that a user built costs beside the same statement by hand."""

from collections.abc import Iterator
from typing import Any

from flask import g
from werkzeug.datastructures import MultiDict

from app import create_app
from app.core.web.builder import statement
from app.core.web.builder.asked import Asked, read
from app.models import Loan
from tests.bench.database import Bench
from tests.bench.measure import Line, interleaved
from tests.bench.organisation import DAY
from tests.bench.viewers import Viewer, sent, viewer

TARGET = 1.5
READERS = ("all", "branch", "client", "region", "team")
_ABOVE = """LEFT JOIN (SELECT n.id, t.id AS top FROM region t JOIN region n ON n.lft BETWEEN t.lft AND t.rgt WHERE t.level = 'county') u
    ON u.id = l.region_id"""
REPORTS: dict[str, tuple[dict[str, Any], str]] = {
    "loans by status": ({"_row": "status"}, "SELECT status, count(*) FROM loan l {where} GROUP BY 1"),
    "amounts by branch and status": (
        {"_row": "branch", "_col": "status", "_m": ["count", "principal__sum", "principal_outstanding__sum"]},
        (
            "SELECT branch_id, status, currency, count(*), sum(principal), count(principal), sum(principal_outstanding), "
            "count(principal_outstanding) FROM loan l {where} GROUP BY 1, 2, 3"
        ),
    ),
    "loans by month": (
        {"_row": "disbursed_on", "_m": ["count", "principal__avg"]},
        (
            "SELECT date_trunc('month', disbursed_on)::date, currency, count(*), sum(principal), count(principal) "
            "FROM loan l {where} GROUP BY 1, 2"
        ),
    ),
    "by county": (
        {"_row": "region__county", "_m": ["count", "principal_outstanding__sum"]},
        (
            "SELECT u.top, currency, count(*), sum(principal_outstanding), count(principal_outstanding) "
            f"FROM loan l {_ABOVE} {{where}} GROUP BY 1, 2"
        ),
    ),
    "by the product's kind, two years": (
        {"_row": "product.kind", "_on": "disbursed_on", "_period": "this-year", "_versus": "year"},
        (
            "SELECT p.kind, count(*) FILTER (WHERE disbursed_on BETWEEN '2018-01-01' AND '2018-12-31'), "
            "count(*) FILTER (WHERE disbursed_on BETWEEN '2017-01-01' AND '2017-12-31') "
            "FROM loan l LEFT JOIN product p ON p.id = l.product_id "
            "{where} AND disbursed_on BETWEEN '2017-01-01' AND '2018-12-31' GROUP BY 1"
        ),
    ),
}
"""What is told → the builder's address, and the statement of a person who knows the tables."""


def report_builder(bench: Bench) -> Iterator[Line]:
    """Every report for every reader; the worst is the figure."""
    found = {}
    with create_app().test_request_context("/user_report/build/loan"):
        for kind in READERS:
            reader = viewer(kind)
            g.principal = reader.principal
            for what, (address, by_hand) in REPORTS.items():
                found[f"{kind}: {what}"] = _compared(bench, reader, _asked(reader, address), by_hand)
    worst = max(found.values(), key=lambda pair: pair[0] / pair[1])
    details = tuple(
        f"{what:<44} {a * 1000:8.2f} ms {b * 1000:8.2f} ms {a / b:6.2f}" for what, (a, b) in found.items()
    )
    yield Line("report-builder", *worst, TARGET, details=details)


def _asked(reader: Viewer, address: dict[str, Any]) -> Asked:
    return read(Loan, MultiDict(address), reader.principal, DAY)


def _compared(bench: Bench, reader: Viewer, asked: Asked, by_hand: str) -> tuple[float, float]:
    """Seconds of the report's statement, and of the one by hand with the scope as a condition, by the same reader.

    Row security holds for both: what it costs is told by scope-list. Raises ValueError where the groups differ.
    """
    with reader.session() as session:
        sql, values = [
            one for one in sent(session, lambda given: statement.run(asked, given)) if "GROUP BY" in one[0]
        ][-1]
        held: Any = session.connection().connection.driver_connection
        written = by_hand.format(where=f"WHERE {_scope(session.reach)}")

        def ours() -> list[Any]:
            return held.execute(sql, values).fetchall()  # type: ignore[no-any-return]

        def floor() -> list[Any]:
            return held.execute(written).fetchall()  # type: ignore[no-any-return]

        if sorted(map(str, ours())) != sorted(map(str, floor())):
            raise ValueError(f"{written}: not the groups that SQL by hand finds")
        return interleaved(ours, floor, budget=1.0)


def _scope(reach: Any) -> str:
    """The reader's scope as somebody writes it who looks at loans alone."""
    ranges = [("branch_lft", reach.branches), ("region_lft", reach.regions)]
    said = [f"l.{key} BETWEEN {low} AND {high}" for key, found in ranges for low, high in found]
    said += [f"l.officer_id = ANY ('{{{','.join(map(str, reach.officers))}}}')"] * bool(reach.officers)
    said += [f"l.client_id = ANY ('{{{','.join(map(str, reach.clients))}}}')"] * bool(reach.clients)
    return f"({' OR '.join(said)})" if said else "true"
