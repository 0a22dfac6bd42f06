"""Arrears of the book: what is late, since when, in which bucket; kept on the loan as of the business date.

A night looks only at loans whose standing changes that day: an instalment fell due unpaid, or the days past
due reach a bound. Nothing counts days: days past due are the business date less `overdue_since`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, TextClause, select, text
from sqlalchemy.orm import Session

from app.core import clock, faults
from app.core.jobs import Record
from app.core.planning import by_hash
from app.models.lending import Bucket, Loan
from app.models.snapshots import BOOK_MOVES

ONE_DAY = timedelta(days=1)
Values = dict[str, Any]
FEW = 500
"""Up to so many loans are looked up one by one."""


def bucket_sql(session: Session, days: str) -> str:
    """The id of the delinquency bucket for an SQL expression of days past due; NULL below the first bound."""
    bounds = session.execute(select(Bucket.from_days, Bucket.id).order_by(Bucket.from_days.desc())).all()
    arms = " ".join(f"WHEN {days} >= {int(first)} THEN {int(number)}" for first, number in bounds)
    return f"(CASE {arms} END)::bigint" if arms else "NULL::bigint"


_BUCKET = "(SELECT b.id FROM bucket b WHERE b.from_days <= {days} ORDER BY b.from_days DESC LIMIT 1)"
"""The same for the few loans of a night: looked up for each, it spares asking for the bounds first."""


def status_sql(days: str, is_settled: str, is_written_off: str = "l.written_off_on IS NOT NULL") -> str:
    """The status of a loan `l` of a product `p` for an expression of its days past due."""
    return (
        f"CASE WHEN {is_written_off} THEN 'written_off' WHEN {is_settled} THEN 'settled' "
        f"WHEN {days} <= 0 THEN 'current' WHEN {days} <= p.grace_days THEN 'grace' ELSE 'overdue' END"
    )


OPEN = "i.paid_on IS NULL AND i.principal + i.interest > i.principal_paid + i.interest_paid"
_LATE = f"FILTER (WHERE {OPEN} AND i.due_on < :day)"

_STANDING = f"""
    SELECT i.loan_id, sum(i.principal - i.principal_paid) AS owed, count(*) FILTER (WHERE {OPEN}) AS open,
        min(i.due_on) {_LATE} AS since,
        coalesce(sum(i.principal - i.principal_paid) {_LATE}, 0) AS late_principal,
        coalesce(sum(i.interest - i.interest_paid) {_LATE}, 0) AS late_interest,
        min(i.due_on) FILTER (WHERE {OPEN} AND i.due_on >= :day) AS next, max(i.paid_on) AS last_paid
    FROM instalment i WHERE {{which}} GROUP BY i.loan_id"""

_RECOMPUTE = """
    UPDATE loan SET principal_outstanding = n.owed, overdue_principal = n.late_principal,
        overdue_interest = n.late_interest, overdue_since = n.since, next_due_on = n.next,
        bucket_id = n.bucket, status = n.status, settled_on = n.settled_on
    FROM (
        SELECT l.id, s.*, CASE WHEN s.open = 0 AND s.owed = 0 THEN s.last_paid END AS settled_on,
            CASE WHEN s.open > 0 OR s.owed > 0 THEN {bucket} END AS bucket, {status} AS status
        FROM loan l JOIN product p ON p.id = l.product_id JOIN ({standing}) s ON s.loan_id = l.id) n
    WHERE loan.id = n.id AND (
        loan.principal_outstanding, loan.overdue_principal, loan.overdue_interest, loan.overdue_since,
        loan.next_due_on, loan.bucket_id, loan.status, loan.settled_on) IS DISTINCT FROM (
        n.owed, n.late_principal, n.late_interest, n.since, n.next, n.bucket, n.status, n.settled_on)"""


def recompute(session: Session, loan_ids: Sequence[int] | None, day: date) -> int:
    """Bring loans (None: all) to their standing at the beginning of a day from their instalments alone.

    For imports, reversals and whatever the nightly step could not do. Returns how many changed.
    """
    days = "coalesce(:day - s.since, 0)"
    standing = _STANDING.format(which="true" if loan_ids is None else "i.loan_id = ANY(:ids)")
    statement = _RECOMPUTE.format(
        bucket=bucket_sql(session, days),
        status=status_sql(days, "s.open = 0 AND s.owed = 0"),
        standing=standing,
    )
    values: Values = {"day": day} | ({} if loan_ids is None else {"ids": list(loan_ids)})
    if loan_ids is not None and len(loan_ids) <= FEW:
        return _rows(session, statement, values)
    with by_hash(session):
        return _rows(session, statement, values)


# The business date, and the loans that the same step could not work on in the night that led to it.
_BEGINNING = """
    SELECT nullif(s.value, '')::date, r.errors FROM setting s
    LEFT JOIN job_run r ON r.job = :job AND r.step = :step AND r.business_on = nullif(s.value, '')::date
    WHERE s.name = :name"""

# Keep no changes of balances in this transaction: until a snapshot of the day is taken, reports read the loans. The
# greatest day is looked up in an index; asked whether there is one after this, the planner read all days of new tables.
_LEFT_TO_SNAPSHOT = f"""(SELECT set_config('{BOOK_MOVES}', 'on', true)
    WHERE coalesce((SELECT max(taken_on) FROM portfolio_snapshot) < :day, true))"""

# Postings hold the same lock, so what they wrote is seen by the statement that comes after this one.
_NEWLY = f"""
    SELECT ARRAY(SELECT l.id FROM loan l WHERE l.id IN (
        SELECT i.loan_id FROM instalment i
        WHERE i.paid_on IS NULL AND i.due_on >= :previous AND i.due_on < :day)
    ORDER BY l.id FOR UPDATE), {_LEFT_TO_SNAPSHOT}"""

_DAYS_THEN = "(:day - least(l.overdue_since, s.since))"
# That what is next is open stands in a FILTER: as a condition of a book that nobody has analysed yet it led the planner to
# walk the index of all open instalments for every loan.
_ADVANCE = f"""
    UPDATE loan l SET overdue_since = least(l.overdue_since, s.since),
        overdue_principal = l.overdue_principal + s.late_principal,
        overdue_interest = l.overdue_interest + s.late_interest,
        next_due_on = (
            SELECT min(i.due_on) FILTER (WHERE {OPEN}) FROM instalment i
            WHERE i.loan_id = s.loan_id AND i.number > s.last),
        bucket_id = {_BUCKET.format(days=_DAYS_THEN)}, status = {status_sql(_DAYS_THEN, "false")}
    FROM (
        SELECT i.loan_id, min(i.due_on) AS since, max(i.number) AS last,
            sum(i.principal - i.principal_paid) AS late_principal,
            sum(i.interest - i.interest_paid) AS late_interest
        FROM instalment i
        WHERE {OPEN} AND i.due_on >= :previous AND i.due_on < :day AND i.loan_id = ANY(:ids)
        GROUP BY i.loan_id) s, product p
    WHERE l.id = s.loan_id AND p.id = l.product_id"""


def advance(session: Session, day: date, record: Record) -> int:
    """Bring the book from the business date to the next day: instalments that fell due and are not paid.

    Moves the business date in the same transaction. On any other day (the first night ever, the same day
    again) every loan is recomputed. A loan that cannot be worked on is told to `record` and tried again, from
    its instalments, the next night.
    """
    clock.wait_to_move(session)
    present, left = _beginning(session, record)
    if present is None or day - present != ONE_DAY:
        clock.set_business_date(session, day)
        return recompute(session, None, day)
    ids = session.scalar(_text(_NEWLY), {"previous": present, "day": day})
    rows = _apart(session, ids, _ADVANCE, {"previous": present, "day": day}, record)
    rows += faults.isolated(
        session, left, lambda some: recompute(session, some, day), _teller(session, record)
    )
    clock.set_business_date(session, day)
    return rows


_DAYS = "(:day - l.overdue_since)"
_STANDS = f"({_BUCKET.format(days=_DAYS)}, {status_sql(_DAYS, 'false')})"
_CROSSING = f"""
    SELECT ARRAY(SELECT l.id FROM loan l JOIN product p ON p.id = l.product_id
    WHERE l.overdue_since IN (
        SELECT :day - bound.days FROM (
            SELECT from_days AS days FROM bucket UNION SELECT grace_days + 1 FROM product) bound
        WHERE bound.days > 0) AND (l.bucket_id, l.status) IS DISTINCT FROM {_STANDS}
    ORDER BY l.id FOR UPDATE OF l), {_LEFT_TO_SNAPSHOT}"""

_CLASSIFY = f"""
    UPDATE loan l SET (bucket_id, status) = ROW{_STANDS}
    FROM product p WHERE p.id = l.product_id AND l.id = ANY(:ids)"""


def classify(session: Session, day: date, record: Record) -> int:
    """Move the overdue loans whose days past due reach a bound that day to their bucket and status."""
    ids = session.scalar(_text(_CROSSING), {"day": day})
    return _apart(session, ids, _CLASSIFY, {"day": day}, record)


def _apart(session: Session, ids: Sequence[int], sql: str, values: Values, record: Record) -> int:
    """Run a statement over the loans, those at fault apart."""

    def apply(some: Sequence[int]) -> int:
        return _rows(session, sql, {**values, "ids": list(some)})

    return faults.isolated(session, ids, apply, _teller(session, record))


def _teller(session: Session, record: Record) -> faults.Problem:
    def tell(loan_id: int, reason: Any) -> None:
        record.problem(session.scalar(select(Loan.number).where(Loan.id == loan_id)), reason, id=loan_id)

    return tell


def _beginning(session: Session, record: Record) -> tuple[date | None, list[int]]:
    """The business date, and the loans that the same step could not work on the night before."""
    values = {"job": record.job, "step": record.step, "name": clock.BUSINESS_DATE}
    row = session.execute(text(_BEGINNING), values).one_or_none()
    if row is None:
        return None, []
    present, errors = row
    return present, [int(error["id"]) for error in errors or () if error.get("id")]


def _text(sql: str) -> TextClause:
    return text(sql.replace(":day", "CAST(:day AS date)").replace(":previous", "CAST(:previous AS date)"))


def _rows(session: Session, sql: str, values: Values) -> int:
    done = cast("CursorResult[Any]", session.execute(_text(sql), values))
    return int(done.rowcount)
