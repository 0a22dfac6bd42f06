"""Daily sums of the book by village, branch, officer and product, from which reports of any day are read.

The portfolio is what stood at the end of a day; collections are what moved on it. Taking a day again replaces
it. What is stored for a day after it was taken, or while it was, notes the day (UntakenDay), and the next night
takes it again. Amounts are stored as whole cents. What moved is kept a second and third time by month, once by place and
once by unit: that is what most questions are about, and it is a fraction of the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, func, select, text
from sqlalchemy.orm import Session

from app.core.locks import Lock
from app.core.planning import by_hash
from app.core.tree import hold_still
from app.models.lending import Product
from app.servicing.arrears import bucket_sql, status_sql

KEPT_DAYS = 35
"""Older days of the portfolio are dropped unless they end a month. Collections are kept: they add up."""

_KEYS = (
    "region_id, region_lft, branch_id, branch_lft, officer_id, client_id, product_id, product_kind, currency"
)
_OF_LOAN = ", ".join(f"l.{key}" for key in _KEYS.split(", "))

_BOOK = f"{_KEYS}, bucket_id, status, loans, principal, outstanding, overdue"
_STANDS = f"""{_OF_LOAN}, {{bucket}}, {{status}}, count(*), 100 * sum(l.principal), 100 * sum({{owed}}),
        100 * sum({{late}})
    FROM loan l {{sources}}
    WHERE {{which}} GROUP BY {_OF_LOAN}, {{bucket}}, {{status}}"""
_PORTFOLIO = f"INSERT INTO portfolio_snapshot (taken_on, {_BOOK}) SELECT :day, {_STANDS}"

_NOW = {
    "bucket": "l.bucket_id", "status": "l.status", "owed": "l.principal_outstanding",
    "late": "l.overdue_principal + l.overdue_interest", "sources": "",
}  # fmt: skip
_IS_LATEST = "coalesce((SELECT max(taken_on) FROM portfolio_snapshot) <= :day, true)"
# The changes go in the statement that reads the loans: whoever commits after it began is neither among the loans that
# it sums up nor among the changes that it deletes. Loans paid out after the day are no part of it, but of the book.
_TAKEN = f"""
    WITH taken_up AS (DELETE FROM portfolio_change WHERE {_IS_LATEST}),
    ahead AS (
        INSERT INTO portfolio_change ({_BOOK})
        SELECT {_STANDS.format(**_NOW, which=f"l.disbursed_on > :day AND {_IS_LATEST}")})
    {_PORTFOLIO.format(**_NOW, which="l.disbursed_on <= :day")}"""


def take(session: Session, day: date) -> int:
    """Sums of a day: the portfolio as the loans stand now, and what moved on it and on days noted since the last.

    Returns the rows. Whose money is not seen yet when the notes are read keeps its own for the next time.
    """
    _lock(session)
    rows = _replace(session, "portfolio_snapshot", _TAKEN, day)
    noted = session.scalars(text(_NOTED), {"day": day}).all()
    return rows + _moves(session, sorted({day, *noted}))


def is_behind(session: Session, day: date) -> bool:
    """Whether loans were stored or changed since the sums of a day, the latest, were taken."""
    behind = text(f"SELECT EXISTS (SELECT FROM portfolio_change) AND {_IS_LATEST}")
    return bool(session.scalar(behind, {"day": day}))


_NOTED = "DELETE FROM untaken_day WHERE moved_on <= :day RETURNING moved_on"


def prune(session: Session, day: date) -> int:
    """Drop days of the portfolio that are neither recent nor the end of a month."""
    ends_month = "extract(day FROM taken_on + 1) = 1"
    dropped = f"DELETE FROM portfolio_snapshot WHERE taken_on < :day AND NOT {ends_month}"
    return _run(session, dropped, day=day - timedelta(days=KEPT_DAYS))


_MOVES = f"""
    INSERT INTO collection_snapshot (taken_on, {_KEYS}, loans_disbursed, disbursed, due_principal,
        due_interest, collected_principal, collected_interest)
    SELECT m.day, {_OF_LOAN}, sum(m.loans), 100 * sum(m.disbursed), 100 * sum(m.due_principal),
        100 * sum(m.due_interest), 100 * sum(m.principal), 100 * sum(m.interest)
    FROM (
        SELECT disbursed_on AS day, id AS loan_id, 1 AS loans, principal AS disbursed, 0 AS due_principal,
            0 AS due_interest, 0 AS principal, 0 AS interest
        FROM loan WHERE disbursed_on = ANY(:days) AND taken_over_on IS NULL
        UNION ALL
        SELECT due_on, loan_id, 0, 0, principal, interest, 0, 0 FROM instalment
        WHERE due_on = ANY(:days) AND NOT is_before_takeover
        UNION ALL
        SELECT r.received_on, a.loan_id, 0, 0, 0, 0,
            CASE WHEN a.component = 'principal' THEN a.amount ELSE 0 END,
            CASE WHEN a.component = 'interest' THEN a.amount ELSE 0 END
        FROM repayment r JOIN allocation a ON a.repayment_id = r.id
        WHERE r.received_on = ANY(:days) AND r.kind <> 'opening'
            AND a.component IN ('principal', 'interest')) m
    JOIN loan l ON l.id = m.loan_id WHERE true {{which}} GROUP BY m.day, {_OF_LOAN}"""

_MONTHS = {
    "collection_by_place": ("region", "client_id, currency"),
    "collection_by_unit": ("branch", "officer_id, client_id, product_id, product_kind, currency"),
}
"""Sums of months: table → the tree it is about, and its other keys. Numbers of the tree are those of now."""
_MOVED = ("disbursed", "due_principal", "due_interest", "collected_principal", "collected_interest")
_NOTHING = ", ".join("0" for _ in _MOVED)
_SUMS = ", ".join(f"total({one})" for one in _MOVED)
_NEW, _OLD = (", ".join(f"{row}.{one}" for one in _MOVED) for row in ("excluded", "{table}"))

# A night changes few of a month's rows, so the others are left as they are. Keys of which there is nothing any
# more take part with noughts.
_MONTH = f"""
    INSERT INTO {{table}} (month_on, {{tree}}_lft, {{tree}}_id, {{keys}}, {", ".join(_MOVED)})
    SELECT month_on, t.lft, {{tree}}_id, {{keys}}, {_SUMS}
    FROM (
        SELECT date_trunc('month', taken_on::timestamp)::date AS month_on, {{tree}}_id, {{keys}}, {", ".join(_MOVED)}
        FROM collection_snapshot WHERE taken_on >= :first AND taken_on < :beyond {{which}}
        UNION ALL
        SELECT month_on, {{tree}}_id, {{keys}}, {_NOTHING}
        FROM {{table}} WHERE month_on >= :first AND month_on < :beyond {{which}}) m
    LEFT JOIN {{tree}} t ON t.id = {{tree}}_id
    GROUP BY month_on, t.lft, {{tree}}_id, {{keys}} ORDER BY month_on, t.lft
    ON CONFLICT (month_on, {{tree}}_id, {{keys}}) DO UPDATE
    SET ({{tree}}_lft, {", ".join(_MOVED)}) = (excluded.{{tree}}_lft, {_NEW})
    WHERE ({{table}}.{{tree}}_lft, {_OLD}) IS DISTINCT FROM (excluded.{{tree}}_lft, {_NEW})"""
_EMPTY = f"""
    DELETE FROM {{table}} WHERE month_on >= :first AND month_on < :beyond
        AND ({", ".join(_MOVED)}) = ({_NOTHING}) {{which}}"""


def collections(session: Session, day: date, last: date | None = None) -> int:
    """What was paid out, fell due and came in on a day, or on each day up to and with `last`. Returns the rows.

    A payment counts on the day it was received.
    """
    return _moves(session, _every_day(day, last or day))


def _every_day(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _moves(session: Session, days: Sequence[date], client_id: int | None = None) -> int:
    """The moves of some days, in one statement, in place of those stored; then of each of their months."""
    mine = "" if client_id is None else f" AND client_id = {int(client_id)}"
    of_loan = "" if client_id is None else f" AND l.client_id = {int(client_id)}"
    wanted = {"days": list(days)}
    session.execute(text(f"DELETE FROM collection_snapshot WHERE taken_on = ANY(:days){mine}"), wanted)
    done = session.execute(text(_MOVES.format(which=of_loan)), wanted)
    for month in sorted({day.replace(day=1) for day in days}):
        _month(session, month, mine)
    return int(cast("CursorResult[Any]", done).rowcount)


def _month(session: Session, first: date, mine: str) -> None:
    """The sums of the month that begins on `first`, from its days as they are stored now."""
    period = {"first": first, "beyond": (first + timedelta(days=31)).replace(day=1)}
    for table, (tree, keys) in _MONTHS.items():
        session.execute(text(_MONTH.format(table=table, tree=tree, keys=keys, which=mine)), period)
        session.execute(text(_EMPTY.format(table=table, which=mine)), period)


_SUMMED = ("loans", "principal", "outstanding", "overdue")
_CHANGES = ", ".join(f"sum({one})" for one in _SUMMED)
# The changes of a client anew: what the loans are now less what the latest snapshot says of them.
_CHANGED = f"""
    WITH taken_up AS (DELETE FROM portfolio_change WHERE client_id = :client)
    INSERT INTO portfolio_change ({_BOOK})
    SELECT {_KEYS}, bucket_id, status, {_CHANGES}
    FROM (
        SELECT {_OF_LOAN}, bucket_id, status, 1 AS loans, 100 * principal AS principal,
            100 * principal_outstanding AS outstanding, 100 * (overdue_principal + overdue_interest) AS overdue
        FROM loan l WHERE client_id = :client
        UNION ALL
        SELECT {_KEYS}, bucket_id, status, {", ".join(f"-{one}" for one in _SUMMED)}
        FROM portfolio_snapshot
        WHERE client_id = :client AND taken_on = (SELECT max(taken_on) FROM portfolio_snapshot)) d
    GROUP BY {_KEYS}, bucket_id, status HAVING ({_CHANGES}) <> (0, 0, 0, 0)"""

# What stood at the end of :day by the journal alone: nothing but amounts and days of its rows is read.
_STOOD = """
    JOIN product p ON p.id = l.product_id
    LEFT JOIN (
        SELECT a.loan_id, sum(a.amount) AS principal
        FROM allocation a JOIN repayment r ON r.id = a.repayment_id
        WHERE r.received_on <= :day AND a.component = 'principal' GROUP BY a.loan_id
    ) paid ON paid.loan_id = l.id
    LEFT JOIN (
        SELECT i.loan_id, min(i.due_on) AS since,
            sum(i.principal + i.interest - coalesce(s.amount, 0)) AS amount
        FROM instalment i
        LEFT JOIN (
            SELECT a.instalment_id, sum(a.amount) AS amount
            FROM allocation a JOIN repayment r ON r.id = a.repayment_id
            WHERE r.received_on <= :day GROUP BY a.instalment_id) s ON s.instalment_id = i.id
        WHERE i.due_on < :day AND i.principal + i.interest > coalesce(s.amount, 0)
        GROUP BY i.loan_id) late ON late.loan_id = l.id AND coalesce(paid.principal, 0) < l.principal
    LEFT JOIN write_off w ON w.loan_id = l.id AND w.written_off_on <= :day"""


def backfill(session: Session, client_id: int, dates: Iterable[date]) -> int:
    """Sums of past days of one client's book, from the journal: balances, arrears and status as they were.

    What moved is filled for every day from the first of `dates` to the last, since moves add up to periods.

    A loan that a ledger took over has no past before the ledger's day and is left out of the days before. One whose
    principal was paid off is settled whatever interest its schedule had planned.
    """
    days = "coalesce(:day - late.since, 0)"
    owed = "l.principal - coalesce(paid.principal, 0)"
    bucket = f"CASE WHEN {owed} > 0 THEN {bucket_sql(session, days)} END"
    status = status_sql(days, f"{owed} <= 0", "w.loan_id IS NOT NULL")
    mine = f"l.client_id = {int(client_id)} AND greatest(l.disbursed_on, l.taken_over_on) <= :day"
    past = {"bucket": bucket, "status": status, "owed": owed, "late": "coalesce(late.amount, 0)"}
    portfolio = _PORTFOLIO.format(**past, sources=_STOOD, which=mine)
    _lock(session)
    wanted = sorted(dates)
    rows = 0
    with by_hash(session):
        for day in wanted:
            rows += _replace(session, "portfolio_snapshot", portfolio, day, client_id)
        _run(session, _CHANGED, client=client_id)
        return rows + (_moves(session, _every_day(wanted[0], wanted[-1]), client_id) if wanted else 0)


def month_ends(first: date, last: date) -> list[date]:
    """The last days of the months from the one of `first` on, up to and with `last` itself.

    >>> [str(day) for day in month_ends(date(2018, 4, 10), date(2018, 6, 25))]
    ['2018-04-30', '2018-05-31', '2018-06-25']
    """
    found = []
    day = first.replace(day=1)
    while day <= last:
        following = (day + timedelta(days=31)).replace(day=1)
        found.append(min(following - timedelta(days=1), last))
        day = following
    return found


def _lock(session: Session) -> None:
    """Two who take the same day at once would both miss the other's rows.

    Who moves a place, or says that a product is of another kind, would miss those of the sums.
    """
    hold_still(session)
    session.execute(select(Product.id).with_for_update(read=True, key_share=True))
    session.execute(select(func.pg_advisory_xact_lock(Lock.JOB, func.hashtext("snapshots"))))


def _replace(session: Session, table: str, insert: str, day: date, client_id: int | None = None) -> int:
    mine = "" if client_id is None else f" AND client_id = {int(client_id)}"
    _run(session, f"DELETE FROM {table} WHERE taken_on = :day{mine}", day=day)
    return _run(session, insert, day=day)


def _run(session: Session, statement: str, **values: Any) -> int:
    done = session.execute(text(statement.replace(":day", "CAST(:day AS date)")), values)
    return int(cast("CursorResult[Any]", done).rowcount)
