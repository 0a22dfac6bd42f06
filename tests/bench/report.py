"""report: what each standard report costs beside SQL that adds up loans, instalments and payments directly."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

import psycopg

import app.reports  # noqa: F401  declares the reports
from app.core import registry
from app.core.db import unscoped
from app.core.report import Reader
from app.core.web.report_data import Figures
from app.core.web.report_form import Question
from app.servicing import snapshots
from tests.bench.database import Bench
from tests.bench.measure import Line, interleaved
from tests.bench.organisation import DAY
from tests.bench.viewers import sent, viewer

TARGET = 0.25
SINCE, HALF_YEAR = date(2018, 6, 1), date(2018, 1, 1)
VALUES = {"since": SINCE, "day": DAY, "half_year": HALF_YEAR}
GROUPS = ("village", "township", "county", "branch", "officer")

# The month's payments of instalments that are paid, which the book is made without.
JOURNAL = """
INSERT INTO repayment (client_id, loan_id, customer_id, received_on, amount, currency, kind, source, reference)
SELECT l.client_id, l.id, l.customer_id, i.paid_on, i.principal_paid + i.interest_paid, l.currency, 'repayment', 'bench-report',
    'report-' || i.id
FROM instalment i JOIN loan l ON l.id = i.loan_id WHERE i.paid_on BETWEEN %(since)s AND %(day)s;
INSERT INTO allocation (repayment_id, loan_id, instalment_id, component, amount)
SELECT r.id, i.loan_id, i.id, part.component, part.amount
FROM repayment r JOIN instalment i ON i.id = substr(r.reference, 8)::bigint
CROSS JOIN LATERAL (VALUES ('principal', i.principal_paid), ('interest', i.interest_paid)) part (component, amount)
WHERE r.source = 'bench-report'"""

# The place of a level is the loan's own place or one of those above it.
_UP = """(SELECT v.id, CASE '{by}' WHEN v.level THEN v.id WHEN a.level THEN a.id WHEN b.level THEN b.id WHEN c.level THEN c.id END
    AS place FROM region v LEFT JOIN region a ON a.id = v.parent_id LEFT JOIN region b ON b.id = a.parent_id
    LEFT JOIN region c ON c.id = b.parent_id)"""
_OPEN = "l.status IN ('current', 'grace', 'overdue')"
_PAID = """repayment r JOIN allocation a ON a.repayment_id = r.id JOIN loan l ON l.id = r.loan_id {up}
    WHERE r.received_on BETWEEN %(since)s AND %(day)s AND r.kind <> 'opening' AND l.currency = 'CNY' GROUP BY 1"""

PORTFOLIO = f"""
SELECT key, sum(loans), sum(disbursed), sum(principal), sum(interest), sum(owed), sum(late), sum(at_risk) FROM (
    SELECT {{key}} AS key, count(*) FILTER (WHERE {_OPEN}) AS loans, NULL::numeric AS principal, NULL::numeric AS interest,
        sum(l.principal) FILTER (WHERE l.disbursed_on BETWEEN %(since)s AND %(day)s) AS disbursed,
        sum(i.owed) FILTER (WHERE {_OPEN}) AS owed, sum(i.late) FILTER (WHERE {_OPEN}) AS late,
        sum(i.owed) FILTER (WHERE {_OPEN} AND i.since < %(day)s::date - 30) AS at_risk
    FROM loan l {{up}} JOIN (
        SELECT loan_id, sum(principal - principal_paid) AS owed, min(due_on) FILTER (WHERE paid_on IS NULL AND due_on < %(day)s) AS since,
            sum(principal + interest - principal_paid - interest_paid) FILTER (WHERE paid_on IS NULL AND due_on < %(day)s) AS late
        FROM instalment GROUP BY loan_id) i ON i.loan_id = l.id
    WHERE l.currency = 'CNY' GROUP BY 1
    UNION ALL
    SELECT {{key}}, NULL, sum(a.amount) FILTER (WHERE a.component = 'principal'),
        sum(a.amount) FILTER (WHERE a.component = 'interest'), NULL, NULL, NULL, NULL FROM {_PAID}) f
GROUP BY key"""
QUALITY = f"""
SELECT {{key}} AS key, sum(i.owed) FILTER (WHERE i.days <= 0), sum(i.owed) FILTER (WHERE i.days BETWEEN 1 AND 30),
    sum(i.owed) FILTER (WHERE i.days BETWEEN 31 AND 60), sum(i.owed) FILTER (WHERE i.days BETWEEN 61 AND 90),
    sum(i.owed) FILTER (WHERE i.days > 90), sum(i.owed)
FROM loan l {{up}} JOIN (
    SELECT loan_id, sum(principal - principal_paid) AS owed,
        coalesce(%(day)s::date - min(due_on) FILTER (WHERE paid_on IS NULL AND due_on < %(day)s), 0) AS days
    FROM instalment GROUP BY loan_id) i ON i.loan_id = l.id
WHERE l.currency = 'CNY' AND {_OPEN} GROUP BY 1"""
REPAYMENTS = f"""
SELECT {{key}} AS key, sum(a.amount) FILTER (WHERE a.component = 'principal'), sum(a.amount) FILTER (WHERE a.component = 'interest'),
    sum(a.amount) FROM {_PAID}"""
STATISTICS = f"""
SELECT {{key}} AS key, count(DISTINCT l.customer_id), count(*), sum(l.principal), sum(i.owed) FILTER (WHERE {_OPEN}),
    count(*) FILTER (WHERE i.late > 0), sum(i.late)
FROM loan l {{up}} JOIN (
    SELECT loan_id, sum(principal - principal_paid) AS owed,
        sum(principal + interest - principal_paid - interest_paid) FILTER (WHERE paid_on IS NULL AND due_on < %(day)s) AS late
    FROM instalment GROUP BY loan_id) i ON i.loan_id = l.id
WHERE l.currency = 'CNY' GROUP BY 1"""
TREND = """
SELECT date_trunc('month', on_day)::date AS key, sum(due_principal), sum(due_interest), sum(due_principal + due_interest),
    sum(principal), sum(interest), sum(principal + interest)
FROM (
    SELECT i.due_on AS on_day, i.principal AS due_principal, i.interest AS due_interest, 0 AS principal, 0 AS interest
    FROM instalment i JOIN loan l ON l.id = i.loan_id WHERE i.due_on BETWEEN %(half_year)s AND %(day)s AND l.currency = 'CNY'
    UNION ALL
    SELECT r.received_on, 0, 0, CASE WHEN a.component = 'principal' THEN a.amount ELSE 0 END,
        CASE WHEN a.component = 'interest' THEN a.amount ELSE 0 END
    FROM repayment r JOIN allocation a ON a.repayment_id = r.id JOIN loan l ON l.id = r.loan_id
    WHERE r.received_on BETWEEN %(half_year)s AND %(day)s AND r.kind <> 'opening' AND l.currency = 'CNY') f
GROUP BY 1"""
SNAPSHOTS = "portfolio_snapshot, collection_snapshot, collection_by_place, collection_by_unit"
DIRECT = {
    "portfolio": PORTFOLIO,
    "quality": QUALITY,
    "repayments": REPAYMENTS,
    "statistics": STATISTICS,
    "trend": TREND,
}


def prepare(bench: Bench) -> None:
    """Give the book the month's payments, today's portfolio and half a year's collections, unless it has them."""
    with bench.superuser(cursor_factory=psycopg.ClientCursor) as connection:
        if connection.execute("SELECT 1 FROM repayment WHERE source = 'bench-report' LIMIT 1").fetchone():
            return
        connection.execute("SET session_replication_role = replica")
        connection.execute(JOURNAL, VALUES)
    with unscoped("the benchmarks' snapshots") as session:
        snapshots.collections(session, HALF_YEAR, DAY - timedelta(days=1))
        snapshots.take(session, DAY)
    with bench.superuser(autocommit=True) as connection:
        connection.execute(f"VACUUM ANALYZE {SNAPSHOTS}, repayment, allocation")


def by_hand(name: str, by: str) -> str:
    """The statement of a person who adds up the rows themselves."""
    places = ("village", "township", "county")
    up = f"LEFT JOIN {_UP.format(by=by)} u ON u.id = l.region_id" if by in places else ""
    return DIRECT[name].format(key="u.place" if by in places else f"l.{by}_id", up=up)


def compared(bench: Bench, name: str, by: str, budget: float = 1.0) -> tuple[float, float]:
    """Seconds of the statement of a report's page under row security, and of the direct one without policies.

    Raises:
        ValueError: they do not tell the same.
    """
    reader = viewer("all")
    with reader.session() as session, bench.superuser(prepare_threshold=None) as free:
        figures = _figures(name, by, Reader(session, DAY, reader.user_id))
        page = figures.with_totals().limit(figures.question.report.most_rows)
        statement = sent(session, lambda given: given.execute(page).all())[-1]
        held: Any = session.connection().connection.driver_connection
        free.execute("SET plan_cache_mode = force_custom_plan")

        def figure() -> list[Any]:
            return held.execute(*statement).fetchall()  # type: ignore[no-any-return]

        def floor() -> list[Any]:
            return free.execute(by_hand(name, by), VALUES).fetchall()

        ours = _told((line.key, (line.values[one.name] for one in figures.measures if one.of is None))
                     for line in figures.every_line())  # fmt: skip
        if ours != _told((row[0], row[1:]) for row in floor()):
            raise ValueError(f"{name} by {by}: not the figures that SQL by hand finds")
        return interleaved(figure, floor, budget=budget)


def _figures(name: str, by: str, reader: Reader) -> Figures:
    """The report as its page asks for it."""
    report = registry.report(name)
    period = {"since": SINCE, "until": DAY} if name in ("portfolio", "repayments") else {}
    asked = report.asked(currency="CNY", **period).settled(reader)
    return Figures(Question(report, asked, None, reader, None), by)


def _told(lines: Iterable[tuple[Any, Iterable[Any]]]) -> dict[Any, list[Any]]:
    """Key → figures of the lines that tell anything; in none of them may the two differ."""
    found = {key: [value or 0 for value in values] for key, values in lines}
    return {key: values for key, values in found.items() if any(values)}


def measure(bench: Bench) -> Iterator[tuple[str, float, float]]:
    """(report and group, seconds, seconds of the direct SQL) of every standard report."""
    prepare(bench)
    for name in DIRECT:
        for by in ("month",) if name == "trend" else GROUPS:
            yield (f"{name}, {by}", *compared(bench, name, by))


def report(bench: Bench) -> Iterator[Line]:
    """Every standard report by every group; the worst one is the figure."""
    found = {name: (figure, floor) for name, figure, floor in measure(bench)}
    worst = max(found.values(), key=lambda pair: pair[0] / pair[1])
    details = tuple(
        f"{what:<24} {a * 1000:9.1f} ms {b * 1000:9.1f} ms {a / b:7.3f}" for what, (a, b) in found.items()
    )
    yield Line("report", *worst, TARGET, details=details)
