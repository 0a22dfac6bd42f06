"""Customers of newly imported loans, with their telephones, addresses, spouses and joint liability groups.

A person is one customer within the client whose book it is, known by the identity number (without one: by
name and mobile number). Other clients' customers are never looked at.
"""

from sqlalchemy.orm import Session

from app.servicing.intake.staging import run

PERSONS = """
    CREATE TEMP TABLE person (key text PRIMARY KEY, row int NOT NULL, customer_id bigint, is_new boolean NOT NULL
        DEFAULT false) ON COMMIT DROP"""

FIRST_ROWS = """
    INSERT INTO person (key, row, customer_id)
    SELECT DISTINCT ON (r.key) r.key, r.row, c.id
    FROM resolved r JOIN staged s USING (row)
    LEFT JOIN customer c ON c.client_id = :client AND c.identity_number = s.identity_number
    WHERE r.is_new ORDER BY r.key, r.row"""

BY_PHONE = """
    UPDATE person p SET customer_id = c.id
    FROM staged s, customer c, phone t
    WHERE p.customer_id IS NULL AND s.row = p.row AND s.identity_number IS NULL AND c.client_id = :client
        AND c.identity_number IS NULL AND c.name = s.customer_name AND t.customer_id = c.id AND t.number = s.mobile"""

NEW_IDS = """
    UPDATE person SET customer_id = n.id, is_new = true
    FROM (SELECT key, nextval(pg_get_serial_sequence('customer', 'id')) AS id
          FROM (SELECT key FROM person WHERE customer_id IS NULL ORDER BY row) k) n
    WHERE n.key = person.key"""

CUSTOMERS = """
    INSERT INTO customer (id, client_id, kind, name, identity_number, sex, born_on, manager_id, branch_id, language)
    SELECT p.customer_id, :client, 'person', s.customer_name, s.identity_number, s.sex, s.born_on, r.officer_id,
        r.branch_id, :language
    FROM person p JOIN staged s USING (row) JOIN resolved r USING (row) WHERE p.is_new ORDER BY p.row"""

OWNERS = "UPDATE resolved r SET customer_id = p.customer_id FROM person p WHERE r.is_new AND p.key = r.key"

PHONES = """
    INSERT INTO phone (customer_id, number, kind, is_primary, source)
    SELECT p.customer_id, t.number, t.kind,
        t.kind = 'mobile' AND NOT EXISTS (SELECT FROM phone o WHERE o.customer_id = p.customer_id AND o.is_primary),
        'import'
    FROM person p JOIN staged s USING (row)
    CROSS JOIN LATERAL (VALUES ('mobile', s.mobile), ('landline', s.landline)) t (kind, number)
    WHERE t.number IS NOT NULL ON CONFLICT (customer_id, number) DO NOTHING"""

ADDRESSES = """
    INSERT INTO address (customer_id, kind, region_id, house)
    SELECT DISTINCT r.customer_id, 'home', r.region_id, s.house FROM resolved r JOIN staged s USING (row)
    WHERE r.is_new AND (r.region_id IS NOT NULL OR s.house IS NOT NULL) ON CONFLICT DO NOTHING"""

SPOUSES = """
    INSERT INTO customer_link (customer_id, kind, linked_id, name, phone)
    SELECT DISTINCT ON (r.customer_id, s.spouse_name, s.spouse_mobile)
        r.customer_id, 'spouse', c.id, s.spouse_name, s.spouse_mobile
    FROM resolved r JOIN staged s USING (row)
    LEFT JOIN phone t ON t.number = s.spouse_mobile
    LEFT JOIN customer c ON c.id = t.customer_id AND c.client_id = :client AND c.name = s.spouse_name
    WHERE r.is_new AND s.spouse_name IS NOT NULL
    ORDER BY r.customer_id, s.spouse_name, s.spouse_mobile, c.id ON CONFLICT DO NOTHING"""

_NAMED = """(
    SELECT id, region_id, name FROM joint_liability_group WHERE client_id = :client
    UNION SELECT id, region_id, btrim(line, E' \\r') FROM joint_liability_group,
        string_to_table(names_in_files, E'\\n') line WHERE client_id = :client)"""
"""The client's groups by each name that files call them."""

GROUPS = f"""
    INSERT INTO joint_liability_group (client_id, name, branch_id, region_id)
    SELECT DISTINCT ON (r.region_id, s.joint_group) :client, s.joint_group, r.branch_id, r.region_id
    FROM resolved r JOIN staged s USING (row)
    WHERE s.joint_group IS NOT NULL AND NOT EXISTS (
        SELECT FROM {_NAMED} g WHERE g.name = s.joint_group AND g.region_id IS NOT DISTINCT FROM r.region_id)
    ORDER BY r.region_id, s.joint_group, r.row ON CONFLICT DO NOTHING"""

IN_GROUPS = f"""
    UPDATE resolved r SET joint_group_id = g.id
    FROM staged s, {_NAMED} g
    WHERE s.row = r.row AND g.name = s.joint_group AND g.region_id IS NOT DISTINCT FROM r.region_id"""

UNKNOWN_GROUPS = f"""
    SELECT s.row, s.joint_group, NULL
    FROM staged s LEFT JOIN place_named p ON p.path = s.path
    WHERE s.joint_group IS NOT NULL AND NOT EXISTS (
        SELECT FROM {_NAMED} g WHERE g.name = s.joint_group AND g.region_id IS NOT DISTINCT FROM p.region_id)"""

UNCLEAR_GROUPS = f"""
    SELECT s.row, s.joint_group, count(*)
    FROM staged s LEFT JOIN place_named p ON p.path = s.path
    JOIN {_NAMED} g ON g.name = s.joint_group AND g.region_id IS NOT DISTINCT FROM p.region_id
    GROUP BY s.row, s.joint_group HAVING count(*) > 1 ORDER BY s.row"""


def store_people(session: Session, client_id: int, language: str) -> None:
    """Customers for the new loans in `resolved`, which learns whose loan each is."""
    run(session, PERSONS)
    run(session, FIRST_ROWS, client=client_id)
    run(session, BY_PHONE, client=client_id)
    run(session, NEW_IDS)
    run(session, "ANALYZE person")
    run(session, CUSTOMERS, client=client_id, language=language)
    run(session, OWNERS)
    run(session, PHONES)
    run(session, ADDRESSES)
    run(session, SPOUSES, client=client_id)


def store_groups(session: Session, client_id: int) -> None:
    """Joint liability groups of the rows, new ones made; `resolved` learns which group each loan is in."""
    run(session, GROUPS, client=client_id)
    run(session, IN_GROUPS, client=client_id)
