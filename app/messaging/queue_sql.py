"""The statements of `app.messaging.queue`: staging candidates, leaving one a person and time, inserting."""

OUTGOING = "('queued', 'sending', 'sent', 'delivered', 'unknown')"
"""States of messages that count as a contact."""

STAGE = """
    CREATE TEMP TABLE staged_message (customer_id bigint, loan_id bigint, instalment_id bigint,
        template_id bigint, slot text, place int, has_zone boolean) ON COMMIT DROP"""

ZONES = "CREATE TEMP TABLE staged_zones (number text PRIMARY KEY, zones text[]) ON COMMIT DROP"
KNOWN_ZONES = "CREATE TEMP TABLE known_zone (name text) ON COMMIT DROP"
ADD_KNOWN_ZONES = "INSERT INTO known_zone SELECT unnest(CAST(:names AS text[]))"
KNOWN_ZONE = "SELECT name FROM known_zone"
UNKNOWN_ZONES = """
    SELECT DISTINCT p.number FROM staged_message s
    JOIN phone p ON p.customer_id = s.customer_id AND p.is_primary
    WHERE NOT s.has_zone
        AND NOT EXISTS (SELECT 1 FROM staged_zones z WHERE z.number = p.number)"""
ADD_ZONES = """
    INSERT INTO staged_zones
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (number text, zones text[])"""

LATE = """
    SELECT DISTINCT ON (l.customer_id) l.customer_id, l.id AS loan_id, i.id AS instalment_id
    FROM loan l JOIN instalment i ON i.loan_id = l.id AND i.due_on = l.overdue_since AND i.paid_on IS NULL
    WHERE l.client_id = :client AND l.overdue_since < :day AND l.overdue_since >= :day - CAST(:span AS int)
        AND l.status IN ('grace', 'overdue')
    ORDER BY l.customer_id, l.overdue_since, l.id"""

COMING = """
    SELECT DISTINCT ON (l.customer_id) l.customer_id, l.id AS loan_id, i.id AS instalment_id
    FROM instalment i JOIN loan l ON l.id = i.loan_id
    WHERE i.paid_on IS NULL AND i.due_on = :day + CAST(:span AS int) AND l.client_id = :client
        AND l.status IN ('current', 'grace', 'overdue')
        AND i.principal + i.interest > i.principal_paid + i.interest_paid
    ORDER BY l.customer_id, l.id"""

CANDIDATES = """
    INSERT INTO staged_message
    SELECT f.customer_id, f.loan_id, f.instalment_id, {template}, s.slot, :place,
        coalesce(c.zone, '') <> ''
    FROM ({found}) f JOIN customer c ON c.id = f.customer_id
    CROSS JOIN unnest(CAST(:slots AS text[])) AS s (slot)"""

# One message a customer, channel and time of day: places follow the families' ranks.
ONLY_ONE = """
    DELETE FROM staged_message s USING staged_message o
    WHERE o.customer_id = s.customer_id AND o.slot = s.slot AND o.place < s.place
        AND o.place = ANY(CAST(:others AS int[])) AND s.place = :place"""

NOT_AGAIN = """
    DELETE FROM staged_message s USING message m
    WHERE m.business_on = :day AND m.customer_id = s.customer_id AND m.slot = s.slot
        AND m.channel = :channel AND s.place = ANY(CAST(:places AS int[]))"""

INSERT = """
    INSERT INTO message (customer_id, loan_id, template_id, business_on, slot, channel, phone, language, text,
        state, reason, send_after)
    SELECT g.customer_id, g.loan_id, g.template_id, :day, g.slot, :channel, g.number, g.language, g.text,
        CASE WHEN g.refusal IS NULL THEN 'queued' ELSE 'refused' END, g.refusal, g.at
    FROM (SELECT g.*, coalesce({refusal}, g.missing) AS refusal FROM (
        SELECT s.customer_id, s.loan_id, s.template_id, s.slot, p.number, t.language, {body} AS text,
            CASE WHEN {missing} THEN '{missing_code}' END AS missing,
            (:day + s.slot::time) AT TIME ZONE k.zone AS at, {facts}
        FROM staged_message s
        JOIN message_template t ON t.id = s.template_id
        JOIN customer c ON c.id = s.customer_id
        JOIN client k ON k.id = c.client_id
        JOIN loan l ON l.id = s.loan_id
        JOIN instalment i ON i.id = s.instalment_id
        LEFT JOIN phone p ON p.customer_id = s.customer_id AND p.is_primary
        LEFT JOIN staged_zones z ON z.number = p.number
        LEFT JOIN branch b ON b.id = coalesce(l.branch_id, c.branch_id)
        LEFT JOIN ab_user o ON o.id = coalesce(l.officer_id, c.manager_id)
        CROSS JOIN (SELECT :day AS business_on) r
        CROSS JOIN LATERAL (SELECT l.overdue_principal + l.overdue_interest AS overdue_amount,
            coalesce(:day - l.overdue_since, 0) AS days_past_due,
            l.overdue_principal + l.overdue_interest + CASE WHEN i.due_on < :day THEN 0
                ELSE i.principal + i.interest - i.principal_paid - i.interest_paid END AS total_to_pay) d
        WHERE s.place = ANY(CAST(:places AS int[])) {some}) g OFFSET 0) g
    ORDER BY g.customer_id, g.template_id, g.slot, g.loan_id
    ON CONFLICT DO NOTHING"""

COUNTED = (
    "(SELECT count(*) FROM message x WHERE x.customer_id = s.customer_id AND x.business_on <= :day "
    "AND x.business_on > :day - {days} AND NOT x.is_inbound AND x.channel IN ({ways}) "
    f"AND x.state IN {OUTGOING}) + row_number() OVER (PARTITION BY s.customer_id ORDER BY s.slot) - 1"
)
FACTS = {
    "is_settled": "l.status = 'settled'", "has_paid_since": "false", "is_suspended": "l.is_dunning_stopped",
    "is_do_not_contact": "c.is_do_not_contact", "is_vulnerable": "c.is_vulnerable",
    "is_third_party": "p.holder IS NOT NULL", "is_number_blocked": "p.state IN ('dead', 'blocked')",
    "zones": "CASE WHEN c.zone <> '' THEN ARRAY[c.zone::text] ELSE z.zones END",
    "days_since_conversation": "(SELECT :day - max(x.at)::date FROM contact_note x "
    "WHERE x.customer_id = s.customer_id AND x.way = 'phone')",
    "agreed_from": "NULL::time", "agreed_until": "NULL::time",
}  # fmt: skip
SPANS = {"contacts_day": 1, "contacts_week": 7, "contacts_month": 30}
