"""Where a ledger states something else than the agreement or the journal gives. Listed, never applied."""

from datetime import date

from sqlalchemy.orm import Session

from app.servicing.intake import standing
from app.servicing.intake.staging import run

AGREED = """
    INSERT INTO stated_difference (run_id, loan_id, as_of, field, stated, computed, personal)
    SELECT :run, l.id, coalesce(s.as_of, CAST(:day AS date)), d.field, d.stated, d.known,
        CASE d.field WHEN 'identity_number' THEN 'code' END
    FROM resolved r JOIN staged s USING (row) JOIN loan l ON l.id = r.loan_id
    JOIN customer c ON c.id = l.customer_id JOIN product_named p ON p.name = s.product
    CROSS JOIN LATERAL (VALUES
        ('principal', s.principal::text, l.principal::text),
        ('annual_rate', trim_scale(s.annual_rate)::text, trim_scale(l.annual_rate)::text),
        ('disbursed_on', s.disbursed_on::text, l.disbursed_on::text),
        ('matures_on', s.matures_on::text, l.matures_on::text),
        ('method', r.method, l.method),
        ('currency', s.currency, l.currency),
        ('product', CASE WHEN p.id <> l.product_id THEN s.product END, (SELECT name FROM product WHERE id = l.product_id)),
        ('identity_number', CASE WHEN s.identity_number <> c.identity_number THEN s.identity_number END, NULL),
        ('customer_name', CASE WHEN r.is_new THEN s.customer_name END, c.name)
    ) d (field, stated, known)
    WHERE d.stated IS NOT NULL AND d.stated IS DISTINCT FROM d.known"""
"""Another person's identity number is not repeated: the file's is told, the stored one is on the loan."""

DAYS = """
    SELECT coalesce(s.as_of, CAST(:day AS date)) AS day FROM staged s JOIN resolved r USING (row)
    GROUP BY 1 ORDER BY 1"""

_STATED = """
    INSERT INTO stated_difference (run_id, loan_id, as_of, field, stated, computed)
    SELECT :run, t.loan_id, CAST(:as_of AS date), d.field, d.stated, d.computed
    FROM resolved r JOIN staged s USING (row) JOIN {standing} t ON t.loan_id = r.loan_id
    CROSS JOIN LATERAL (VALUES
        ('principal_outstanding', s.stated_balance::text, t.balance::text),
        ('overdue_since', CASE WHEN s.stated_status IS NOT NULL OR s.stated_overdue_since IS NOT NULL
            THEN coalesce(s.stated_overdue_since::text, '') END, coalesce(t.overdue_since::text, '')),
        ('status', s.stated_status, t.status)) d (field, stated, computed)
    WHERE coalesce(s.as_of, CAST(:day AS date)) = CAST(:as_of AS date) AND {which}
        AND d.stated IS NOT NULL AND d.stated <> d.computed"""

_AS_STORED = "(SELECT id AS loan_id, principal_outstanding AS balance, overdue_since, status FROM loan)"


def list_differences(session: Session, run_id: int, day: date) -> int:
    """Compare every row with its loan; returns how many differences there are.

    A loan just stored stands as of the business date `day`, and so is read as stored where its row speaks of
    that day; all others are put together from the journal.
    """
    count = run(session, AGREED, run=run_id, day=day).rowcount
    if not run(session, "SELECT EXISTS (SELECT FROM staged WHERE stated_balance IS NOT NULL)").scalar():
        return int(count)
    for (as_of,) in run(session, DAYS, day=day).all():
        told = {"run": run_id, "day": day, "as_of": as_of}
        journal = "true"
        if as_of == day:
            statement = _STATED.format(standing=_AS_STORED, which="r.is_new")
            count += run(session, statement, **told).rowcount
            journal = "NOT r.is_new"
        ids = f"""SELECT r.loan_id FROM resolved r JOIN staged s USING (row)
            WHERE {journal} AND coalesce(s.as_of, CAST(:today AS date)) = CAST(:day AS date)"""
        standing.stand(session, ids, as_of, today=day)
        count += run(session, _STATED.format(standing="standing", which=journal), **told).rowcount
    return int(count)
