"""A bank's book in SQL: made from the numbers of its rows alone, so that every run has the same one."""

CHANCE = """
CREATE FUNCTION pg_temp.chance(number bigint, salt int) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(number, salt) & 2147483647)::float8 / 2147483648"""
"""A number from 0 up to 1 that depends on two others and on nothing else."""

FRAME = """
CREATE TEMP TABLE leaf AS SELECT row_number() OVER (ORDER BY lft) AS n, id, lft FROM branch WHERE used_to = lft;
CREATE TEMP TABLE place AS SELECT row_number() OVER (ORDER BY lft) AS n, id, lft FROM region WHERE used_to = lft;
CREATE TEMP TABLE lender AS SELECT row_number() OVER (ORDER BY id) AS n, id FROM client;
CREATE TEMP TABLE sold AS SELECT row_number() OVER (ORDER BY id) AS n, * FROM product;
CREATE TEMP TABLE crew AS SELECT row_number() OVER (ORDER BY id) AS n, id FROM team;
CREATE TEMP TABLE size AS SELECT (SELECT count(*) FROM leaf) AS leaves, (SELECT count(*) FROM place) AS places,
    (SELECT count(*) FROM crew) AS crews, (SELECT coalesce(max(id), 0) FROM ab_user) AS others;
CREATE UNIQUE INDEX ON leaf (n); CREATE UNIQUE INDEX ON place (n); ANALYZE leaf; ANALYZE place;

INSERT INTO ab_user (id, first_name, last_name, username, active, email, role_id, branch_id, team_id)
SELECT others + j, 'Officer', j::text, 'officer-' || j, true, 'officer-' || j || '@example.invalid',
    (SELECT id FROM ab_role WHERE name = 'Officer'), l.id, c.id
FROM size, generate_series(1, %(officers)s) j
JOIN leaf l ON l.n = 1 + (j - 1) %% (SELECT leaves FROM size)
JOIN crew c ON c.n = 1 + (l.n - 1) * (SELECT crews FROM size) / (SELECT leaves FROM size);
SELECT setval('ab_user_id_seq', (SELECT max(id) FROM ab_user))"""

# Branches differ in size; the villages of a branch lie beside each other; one of its officers has the customer.
CUSTOMERS = """
CREATE TEMP TABLE person AS
SELECT i, 1 + floor(s.leaves * pg_temp.chance(i, 1) ^ 1.4)::int AS leaf, pg_temp.chance(i, 2) AS of_villages,
    (%(officers)s / s.leaves * pg_temp.chance(i, 3))::int AS of_officers
FROM size s, generate_series(1, %(customers)s) i;
CREATE TEMP TABLE home AS
SELECT p.i, p.leaf, b.id AS branch_id, b.lft AS branch_lft, r.id AS region_id, r.lft AS region_lft,
    s.others + p.leaf + s.leaves * least(p.of_officers, %(officers)s / s.leaves - 1) AS officer_id,
    (SELECT id FROM lender WHERE n = CASE WHEN pg_temp.chance(p.i, 4) < 0.85 THEN 1 ELSE 2 END) AS client_id
FROM size s, person p JOIN leaf b ON b.n = p.leaf
JOIN LATERAL (SELECT * FROM place, size WHERE n = 1 + floor((p.leaf - 1 + p.of_villages) * places / leaves)::int) r ON true;
CREATE UNIQUE INDEX ON home (i); ANALYZE home;

INSERT INTO customer (id, client_id, kind, name, identity_number, manager_id, branch_id, branch_lft, zone, language)
SELECT i, client_id, 'person', (ARRAY['王','李','张','刘','陈','杨','黄','赵','吴','周'])[1 + floor(10 * pg_temp.chance(i, 5))::int]
    || chr(20000 + floor(5000 * pg_temp.chance(i, 6))::int) || chr(20000 + floor(5000 * pg_temp.chance(i, 7))::int),
    '62' || lpad(i::text, 16, '0'), officer_id, branch_id, branch_lft, 'Asia/Shanghai', 'zh_Hans' FROM home ORDER BY i;
INSERT INTO phone (customer_id, number, kind, is_primary, state)
SELECT i, '+86138' || lpad(i::text, 8, '0'), 'mobile', true, 'unknown' FROM home ORDER BY i;
INSERT INTO address (customer_id, kind, region_id) SELECT i, 'home', region_id FROM home ORDER BY i"""

# Every fourth customer has two loans; one loan in twenty is kept by another branch than the customer.
TERMS = """
CREATE UNLOGGED TABLE bench_terms AS
SELECT g, h.i, h.client_id, h.region_id, h.region_lft, b.id AS branch_id, b.lft AS branch_lft, p.id AS product_id,
    p.kind AS product_kind, p.method, p.grace_days, a.*, %(day)s::date - floor(pg_temp.chance(g, 8) * 800)::int AS disbursed_on,
    CASE WHEN a.is_moved THEN (SELECT others FROM size) + b.n ELSE h.officer_id END AS officer_id,
    CASE WHEN pg_temp.chance(g, 9) < %(late_share)s THEN 1 + floor(-ln(1 - pg_temp.chance(g, 10)) * 2)::int ELSE 0 END AS late
FROM generate_series(1, %(loans)s) g
JOIN home h ON h.i = 1 + (g - 1) %% %(customers)s
CROSS JOIN LATERAL (SELECT (ARRAY[12, 12, 18, 24, 24, 36])[1 + floor(6 * pg_temp.chance(g, 11))::int] AS count,
    1000 * round(exp(2.3 + 2.3 * pg_temp.chance(g, 12)))::numeric AS amount,
    round((5 + 10 * pg_temp.chance(g, 13))::numeric, 2) AS rate, pg_temp.chance(g, 14) < 0.05 AS is_moved,
    1 + floor((SELECT leaves FROM size) * pg_temp.chance(g, 15))::int AS other_leaf) a
JOIN leaf b ON b.n = CASE WHEN a.is_moved THEN a.other_leaf ELSE h.leaf END
JOIN sold p ON p.n = 1 + floor(5 * pg_temp.chance(g, 16) ^ 1.5)::int;
ANALYZE bench_terms"""

# Equal principal: what is left after n of N instalments is the amount × (N − n) / N, rounded to the cent.
INSTALMENTS = """
INSERT INTO instalment (loan_id, customer_id, number, due_on, principal, interest, balance,
    principal_paid, interest_paid, paid_on)
SELECT g, i, n, due_on, before - after, interest, after, CASE WHEN is_paid THEN before - after ELSE 0 END,
    CASE WHEN is_paid THEN interest ELSE 0 END, CASE WHEN is_paid THEN due_on END
FROM (SELECT t.*, least(count, floor(date_part('year', age(%(day)s::date, disbursed_on)) * 12
        + date_part('month', age(%(day)s::date, disbursed_on)))::int) AS due FROM bench_terms t) t
CROSS JOIN generate_series(1, t.count) n
CROSS JOIN LATERAL (SELECT (disbursed_on + n * interval '1 month')::date AS due_on,
    round(amount * (count - n + 1) / count, 2) AS before, round(amount * (count - n) / count, 2) AS after,
    round(round(amount * (count - n + 1) / count, 2) * rate / 1200, 2) AS interest) m
CROSS JOIN LATERAL (SELECT (due_on < %(day)s::date AND n <= t.due - t.late)
    OR (due_on = %(day)s::date AND t.late = 0 AND pg_temp.chance(g, 17) < 0.95) AS is_paid) p
ORDER BY g, n"""

LOANS = """
INSERT INTO loan (id, client_id, number, contract_number, customer_id, product_id, branch_id, officer_id, region_id,
    branch_lft, region_lft, product_kind, currency, principal, annual_rate, disbursed_on, matures_on, method, terms,
    principal_outstanding, overdue_principal, overdue_interest, overdue_since, next_due_on, bucket_id, status, settled_on)
SELECT l.g, l.client_id, 'L' || lpad(l.g::text, 9, '0'), 'C' || lpad(l.g::text, 9, '0'), i, product_id, branch_id, officer_id,
    region_id, branch_lft, region_lft, product_kind, 'CNY', amount, rate, disbursed_on, s.last_due, l.method,
    '{{"frequency": "monthly", "day_count": "30/360", "rounding_unit": "0.01"}}',
    owed, late_principal, late_interest, since, next, CASE WHEN open > 0 THEN {bucket} END, {status},
    CASE WHEN open = 0 THEN last_paid END
FROM bench_terms l JOIN (
    SELECT loan_id, max(due_on) AS last_due, sum(principal - principal_paid) AS owed, count(*) FILTER (WHERE paid_on IS NULL) AS open,
        min(due_on) FILTER (WHERE paid_on IS NULL AND due_on < %(day)s::date) AS since,
        coalesce(sum(principal) FILTER (WHERE paid_on IS NULL AND due_on < %(day)s::date), 0) AS late_principal,
        coalesce(sum(interest) FILTER (WHERE paid_on IS NULL AND due_on < %(day)s::date), 0) AS late_interest,
        min(due_on) FILTER (WHERE paid_on IS NULL AND due_on >= %(day)s::date) AS next, max(paid_on) AS last_paid
    FROM instalment GROUP BY loan_id) s ON s.loan_id = l.g
JOIN product p ON p.id = l.product_id ORDER BY l.g"""

REACH = """
INSERT INTO customer_reach (customer_id, branch_lft, region_lft, officer_id, client_id, product_kind, joint_group_id)
SELECT DISTINCT customer_id, branch_lft, region_lft, officer_id, client_id, product_kind, joint_group_id FROM loan
UNION ALL SELECT id, branch_lft, NULL, manager_id, client_id, NULL, NULL FROM customer ORDER BY 1"""

SEQUENCES = """
SELECT setval('loan_id_seq', (SELECT max(id) FROM loan)); SELECT setval('customer_id_seq', (SELECT max(id) FROM customer));
DROP TABLE bench_terms"""

# One officer for each way to see a part of the book: officer-1 everything, officer-2 his own, and so on.
VIEWERS = """
CREATE TEMP TABLE viewer AS
SELECT u.n, u.id, u.team_id, u.branch_id FROM (
    SELECT id, team_id, branch_id, split_part(username, '-', 2)::int AS n FROM ab_user WHERE username LIKE 'officer-%%') u
WHERE u.n <= 9;
UPDATE ab_user SET role_id = (SELECT id FROM ab_role WHERE name = 'Manager') WHERE id IN (SELECT id FROM viewer);
CREATE TEMP TABLE county AS SELECT row_number() OVER (ORDER BY lft) AS n, id FROM region WHERE level = 'county';
CREATE TEMP TABLE village AS SELECT region_id AS id FROM loan GROUP BY region_id ORDER BY count(*) DESC, region_id LIMIT 1;
INSERT INTO data_grant (user_id, kind, branch_id, region_id, team_id, client_id)
SELECT id, 'all', NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint FROM viewer WHERE n = 1
UNION ALL SELECT id, 'own', NULL, NULL, NULL, NULL FROM viewer WHERE n IN (2, 9)
UNION ALL SELECT id, 'team', NULL, NULL, team_id, NULL FROM viewer WHERE n = 3
UNION ALL SELECT v.id, 'branch', b.parent_id, NULL, NULL, NULL FROM viewer v JOIN branch b ON b.id = v.branch_id WHERE n = 4
UNION ALL SELECT id, 'branch', branch_id, NULL, NULL, NULL FROM viewer WHERE n IN (5, 9)
UNION ALL SELECT v.id, 'region', NULL, county.id, NULL, NULL FROM viewer v, county WHERE v.n = 6 AND county.n = 5
UNION ALL SELECT v.id, 'region', NULL, village.id, NULL, NULL FROM viewer v, village WHERE v.n = 7
UNION ALL SELECT v.id, 'region', NULL, county.id, NULL, NULL FROM viewer v, county WHERE v.n = 9 AND county.n = 7
UNION ALL SELECT v.id, 'client', NULL, NULL, NULL, (SELECT id FROM client WHERE code = 'placed') FROM viewer v WHERE n = 8"""
