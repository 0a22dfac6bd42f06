"""Loans that are there already: what a file says anew about them and their customers, stored only where it differs.

Master data follow the file: contract number, branch, officer, place, group, purpose, account, name, sex, birth
date, telephones, address, spouse. An empty cell changes nothing. What was agreed and what was paid never follow a
file; where it states them differently, that is listed (`differences`).
"""

from sqlalchemy.orm import Session

from app.servicing.intake.staging import run

CHANGED = "CREATE TEMP TABLE changed (row int PRIMARY KEY) ON COMMIT DROP"
_NOTE = "INSERT INTO changed SELECT DISTINCT row FROM done ON CONFLICT DO NOTHING"

_LOAN_COLUMNS = {
    "contract_number": "s.contract_number", "branch_id": "r.branch_id", "officer_id": "r.officer_id",
    "region_id": "r.region_id", "joint_group_id": "r.joint_group_id", "purpose": "s.purpose",
    "repayment_account": "s.repayment_account",
}  # fmt: skip
_CUSTOMER_COLUMNS = {"name": "s.customer_name", "sex": "s.sex", "born_on": "s.born_on"}


def _differ(columns: dict[str, str], table: str) -> str:
    return " OR ".join(
        f"coalesce({new}, {table}.{old}) IS DISTINCT FROM {table}.{old}" for old, new in columns.items()
    )


def _taken(columns: dict[str, str], table: str) -> str:
    return ", ".join(f"{old} = coalesce({new}, {table}.{old})" for old, new in columns.items())


LOANS = f"""
    WITH done AS (
        UPDATE loan SET {_taken(_LOAN_COLUMNS, "loan")}
        FROM resolved r JOIN staged s USING (row)
        WHERE NOT r.is_new AND loan.id = r.loan_id AND ({_differ(_LOAN_COLUMNS, "loan")})
        RETURNING r.row)
    {_NOTE}"""

KNOWN = """
    CREATE TEMP TABLE known ON COMMIT DROP AS
    SELECT DISTINCT ON (r.customer_id) r.customer_id, r.row, r.region_id, s.customer_name, s.sex, s.born_on, s.mobile,
        s.landline, s.spouse_name, s.spouse_mobile, s.house
    FROM resolved r JOIN staged s USING (row) JOIN customer c ON c.id = r.customer_id
    WHERE NOT r.is_new AND (s.identity_number IS NULL OR s.identity_number = c.identity_number)
    ORDER BY r.customer_id, r.row"""
"""A customer's first row speaks for him; a row that names somebody else's identity number does not."""

CUSTOMERS = f"""
    WITH done AS (
        UPDATE customer c SET {_taken(_CUSTOMER_COLUMNS, "c")}
        FROM known s WHERE c.id = s.customer_id AND ({_differ(_CUSTOMER_COLUMNS, "c")})
        RETURNING s.row)
    {_NOTE}"""

_NEW_MOBILE = """
    SELECT k.row, k.customer_id, k.mobile FROM known k WHERE k.mobile IS NOT NULL
        AND NOT EXISTS (SELECT FROM phone t WHERE t.customer_id = k.customer_id AND t.number = k.mobile)"""

SECOND_NUMBERS = f"""
    UPDATE phone t SET is_primary = false FROM ({_NEW_MOBILE}) n WHERE t.customer_id = n.customer_id AND t.is_primary"""

MOBILES = f"""
    WITH n AS ({_NEW_MOBILE}), done AS (
        INSERT INTO phone (customer_id, number, kind, is_primary, source)
        SELECT customer_id, mobile, 'mobile', true, 'import' FROM n RETURNING customer_id)
    INSERT INTO changed SELECT DISTINCT n.row FROM n JOIN done USING (customer_id) ON CONFLICT DO NOTHING"""

LANDLINES = """
    WITH done AS (
        INSERT INTO phone (customer_id, number, kind, source)
        SELECT customer_id, landline, 'landline', 'import' FROM known WHERE landline IS NOT NULL
        ON CONFLICT (customer_id, number) DO NOTHING RETURNING customer_id)
    INSERT INTO changed SELECT k.row FROM known k JOIN done USING (customer_id) ON CONFLICT DO NOTHING"""

ADDRESSES = """
    WITH done AS (
        INSERT INTO address (customer_id, kind, region_id, house)
        SELECT DISTINCT r.customer_id, 'home', r.region_id, s.house FROM resolved r JOIN staged s USING (row)
        WHERE NOT r.is_new AND r.customer_id IN (SELECT customer_id FROM known)
            AND (r.region_id IS NOT NULL OR s.house IS NOT NULL)
        ON CONFLICT DO NOTHING RETURNING customer_id, region_id, house)
    INSERT INTO changed SELECT r.row FROM resolved r JOIN staged s USING (row)
    JOIN done d ON d.customer_id = r.customer_id AND d.region_id IS NOT DISTINCT FROM r.region_id
        AND d.house IS NOT DISTINCT FROM s.house ON CONFLICT DO NOTHING"""

SPOUSES = """
    WITH done AS (
        INSERT INTO customer_link (customer_id, kind, name, phone)
        SELECT customer_id, 'spouse', spouse_name, spouse_mobile FROM known WHERE spouse_name IS NOT NULL
        ON CONFLICT DO NOTHING RETURNING customer_id)
    INSERT INTO changed SELECT k.row FROM known k JOIN done USING (customer_id) ON CONFLICT DO NOTHING"""


def store_changes(session: Session) -> int:
    """Bring master data of loans already there in line with the file; returns how many rows changed something."""
    for statement in (
        CHANGED, LOANS, KNOWN, CUSTOMERS, SECOND_NUMBERS, MOBILES, LANDLINES, ADDRESSES, SPOUSES,
    ):  # fmt: skip
        run(session, statement)
    return int(run(session, "SELECT count(*) FROM changed").scalar_one())
