"""Where loans stood on any day, by the journal alone: balance, overdue date and status."""

from datetime import date

from sqlalchemy.orm import Session

from app.servicing.arrears import status_sql
from app.servicing.intake.staging import run

TABLE = """
    CREATE TEMP TABLE IF NOT EXISTS standing (
        loan_id bigint PRIMARY KEY, balance numeric(18,2), overdue_since date, status text) ON COMMIT DROP"""

STANDING = """
    INSERT INTO standing
    SELECT l.id, l.balance, l.since, {status}
    FROM (
        SELECT o.id, o.product_id, o.principal - coalesce(paid.principal, 0) AS balance,
            CASE WHEN o.principal > coalesce(paid.principal, 0) OR late.since IS NOT NULL THEN late.since END AS since,
            off.loan_id IS NOT NULL AS is_written_off
        FROM loan o
        LEFT JOIN (
            SELECT a.loan_id, sum(a.amount) AS principal
            FROM allocation a JOIN repayment e ON e.id = a.repayment_id
            WHERE a.component = 'principal' AND e.received_on <= :day GROUP BY a.loan_id) paid ON paid.loan_id = o.id
        LEFT JOIN (
            SELECT i.loan_id, min(i.due_on) AS since FROM instalment i
            WHERE i.due_on < :day AND (i.paid_on IS NULL OR i.paid_on > :day) AND i.principal + i.interest > 0
            GROUP BY i.loan_id) late ON late.loan_id = o.id
        LEFT JOIN write_off off ON off.loan_id = o.id AND off.written_off_on <= :day
        WHERE o.id IN ({which})) l
    JOIN product p ON p.id = l.product_id"""


def stand(session: Session, which: str, on: date, **values: object) -> None:
    """Fill the temporary table `standing` with loans as they stood at the end of postings of a day.

    which: SQL that gives the ids of the loans. What falls due on the day itself is not overdue yet.
    """
    run(session, TABLE)
    run(session, "DELETE FROM standing")
    days = "coalesce(:day - l.since, 0)"
    statement = STANDING.format(
        which=which, status=status_sql(days, "l.balance = 0 AND l.since IS NULL", "l.is_written_off")
    )
    run(session, statement.replace(":day", "CAST(:day AS date)"), day=on, **values)
