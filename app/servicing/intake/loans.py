"""New loans with their instalments and, where a ledger takes over their history, the entries that explain it."""

from datetime import date

from sqlalchemy.orm import Session

from app.servicing.arrears import bucket_sql, status_sql
from app.servicing.intake.staging import run

OPENING = "opening"
"""Source of the entries that open a loan taken over with a history; the reference is the loan's number."""
NO_DATE = "date '0001-01-01'"

LOANS = """
    INSERT INTO loan (
        id, client_id, number, contract_number, customer_id, product_id, branch_id, officer_id, region_id,
        joint_group_id, repayment_account, purpose, currency, principal, annual_rate, disbursed_on, matures_on, method,
        terms, principal_outstanding, overdue_principal, overdue_interest, overdue_since, next_due_on, bucket_id, status,
        settled_on, written_off_on, taken_over_on)
    SELECT id, client, number, contract_number, customer_id, product_id, branch_id, officer_id, region_id,
        joint_group_id, repayment_account, purpose, currency, principal, annual_rate, disbursed_on, matures_on, method,
        terms, owed, late_principal, late_interest, since, next_due_on,
        CASE WHEN NOT is_settled THEN {bucket} END, {status}, CASE WHEN is_settled THEN day END, written_off_on,
        taken_over_on
    FROM (
        SELECT r.loan_id AS id, CAST(:client AS bigint) AS client, s.number, s.contract_number, r.customer_id,
            r.product_id, r.branch_id, r.officer_id, r.region_id, r.joint_group_id, s.repayment_account, s.purpose,
            coalesce(s.currency, :currency) AS currency, s.principal, s.annual_rate, s.disbursed_on, s.matures_on,
            r.method, r.terms || jsonb_strip_nulls(jsonb_build_object('due_day', s.due_day,
                'first_due_on', s.first_due_on)) AS terms,
            n.owed, n.late_principal, n.late_interest, nullif(n.since, {none}) AS since,
            nullif(n.next_due_on, {none}) AS next_due_on, n.is_settled = 1 AS is_settled,
            nullif(n.taken_over_on, {none}) AS taken_over_on,
            coalesce(s.as_of, :day) AS day,
            CASE WHEN s.stated_status = 'written_off' THEN coalesce(s.as_of, :day) END AS written_off_on
        FROM resolved r JOIN staged s USING (row) JOIN new_loan n USING (row) WHERE r.is_new) l
    JOIN (SELECT id AS product, grace_days FROM product) p ON p.product = l.product_id
    ORDER BY id"""

INSTALMENTS = f"""
    INSERT INTO instalment (loan_id, customer_id, number, due_on, principal, interest, balance, principal_paid,
        interest_paid, paid_on, is_before_takeover)
    SELECT r.loan_id, r.customer_id, l.number, l.due_on, l.principal, l.interest, l.balance, l.principal_paid,
        l.interest_paid, nullif(l.paid_on, {NO_DATE}), l.is_before_takeover = 1
    FROM new_line l JOIN resolved r USING (row) ORDER BY r.loan_id, l.number"""

NOTES = """
    INSERT INTO untaken_day (moved_on)
    SELECT DISTINCT due_on FROM new_line WHERE is_before_takeover = 0 AND due_on <= CAST(:until AS date)"""

ENTRIES = f"""
    INSERT INTO repayment (client_id, loan_id, customer_id, received_on, amount, currency, kind, source, reference,
        posted_by_id)
    SELECT :client, r.loan_id, r.customer_id, coalesce(s.as_of, :day), l.paid, coalesce(s.currency, :currency),
        'opening', '{OPENING}', s.number, :user
    FROM (SELECT row, sum(principal_paid + interest_paid) AS paid FROM new_line GROUP BY row) l
    JOIN resolved r USING (row) JOIN staged s USING (row) WHERE l.paid > 0 ORDER BY r.loan_id"""

SHARES = f"""
    INSERT INTO allocation (repayment_id, loan_id, instalment_id, component, amount)
    SELECT e.id, i.loan_id, i.id, share.component, share.amount
    FROM resolved r JOIN repayment e ON e.loan_id = r.loan_id AND e.source = '{OPENING}'
    JOIN instalment i ON i.loan_id = r.loan_id
    CROSS JOIN LATERAL (VALUES ('principal', i.principal_paid), ('interest', i.interest_paid)) share (component, amount)
    WHERE r.is_new AND share.amount > 0 ORDER BY i.loan_id, i.number"""

WRITE_OFFS = """
    INSERT INTO write_off (loan_id, written_off_on, principal, reason, posted_by_id)
    SELECT l.id, l.written_off_on, l.principal_outstanding, :reason, :user
    FROM resolved r JOIN loan l ON l.id = r.loan_id WHERE r.is_new AND l.written_off_on IS NOT NULL"""


def store_loans(session: Session, client_id: int, currency: str, on: date) -> None:
    """The loans that are new, as they stand on the business date, with their instalments and the days these fell due."""
    days = "coalesce(:day - since, 0)"
    statement = LOANS.format(
        bucket=bucket_sql(session, days), none=NO_DATE,
        status=status_sql(days, "is_settled", "written_off_on IS NOT NULL"),
    ).replace(":day", "CAST(:day AS date)")  # fmt: skip
    run(session, statement, client=client_id, currency=currency, day=on)
    run(session, INSTALMENTS)
    run(session, NOTES, until=on)


def store_opening(
    session: Session, client_id: int, currency: str, on: date, reason: str, user_id: int | None
) -> None:
    """The journal of loans that come with a history: what had been paid, and what had been written off."""
    given = {"client": client_id, "user": user_id}
    statement = ENTRIES.replace(":day", "CAST(:day AS date)").replace(":user", "CAST(:user AS int)")
    run(session, statement, currency=currency, day=on, **given)
    run(session, SHARES)
    run(session, WRITE_OFFS.replace(":user", "CAST(:user AS int)"), reason=reason, user=user_id)
