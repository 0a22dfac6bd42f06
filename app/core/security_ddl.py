"""Roles, rights, policies and triggers, brought in line with the declarations after every migration.

They are synchronised rather than migrated: what the code declares is what the database enforces, and an
entity that was added yesterday cannot lack its policy because somebody forgot to write it down.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from app.core import alphabet, custom_sql, personal_ddl, policy, registry, seal_ddl
from app.core.tree import Tree, line_of
from app.core.triggers import all_triggers

RESOLVE = """
CREATE OR REPLACE FUNCTION scope_resolve(who int) RETURNS TABLE (
    kind text, lo bigint, hi bigint, own boolean, branches text, regions text, kind_regions jsonb,
    officers text, clients text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
WITH g AS (SELECT d.* FROM data_grant d JOIN ab_user u ON u.id = d.user_id WHERE d.user_id = who AND u.active),
node AS (
    SELECT g.kind, g.product_kinds,
        int8range(t.lft, CASE WHEN t.used_to = t.lft THEN t.lft ELSE t.rgt END, '[]') AS span
    FROM g JOIN branch t ON g.kind = 'branch' AND t.id = g.branch_id
    UNION ALL
    SELECT g.kind, g.product_kinds,
        int8range(t.lft, CASE WHEN t.used_to = t.lft THEN t.lft ELSE t.rgt END, '[]')
    FROM g JOIN region t ON g.kind = 'region' AND t.id = g.region_id),
f AS (SELECT
    (SELECT bool_or(g.kind = 'all') FROM g) AS everything,
    coalesce((SELECT bool_or(g.kind = 'own') FROM g), false) AS own,
    (SELECT range_agg(span) FROM node WHERE node.kind = 'branch') AS b,
    (SELECT range_agg(span) FROM node WHERE node.kind = 'region' AND coalesce(product_kinds, '{}') = '{}') AS r,
    (SELECT jsonb_object_agg(k, m) FROM (
        SELECT k, range_agg(span)::text AS m FROM node, unnest(product_kinds) k WHERE node.kind = 'region' GROUP BY k) x) AS k,
    (SELECT array_agg(DISTINCT u.id) FROM g JOIN ab_user u ON g.kind = 'team' AND (u.team_id = g.team_id
        OR u.team_id IN (SELECT t.id FROM team t WHERE t.department_id = g.department_id))) AS t,
    (SELECT array_agg(DISTINCT g.client_id) FROM g WHERE g.kind = 'client' AND g.client_id IS NOT NULL) AS c),
n AS (SELECT f.*, own::int + (b IS NOT NULL)::int + (r IS NOT NULL)::int + (k IS NOT NULL)::int
    + (t IS NOT NULL)::int + (c IS NOT NULL)::int AS sorts,
    (SELECT count(*) FROM unnest(coalesce(b, r)) x) AS spans FROM f)
SELECT CASE
        WHEN everything THEN 'all'
        WHEN sorts = 0 THEN 'none'
        WHEN sorts > 1 OR k IS NOT NULL OR cardinality(c) > 1 OR spans > 1 THEN 'multi'
        WHEN own THEN 'own'
        WHEN t IS NOT NULL THEN 'team'
        WHEN c IS NOT NULL THEN 'client'
        ELSE CASE WHEN b IS NOT NULL THEN 'branch' ELSE 'region' END
            || CASE WHEN lower(coalesce(b, r)) = upper(coalesce(b, r)) - 1 THEN '_leaf' ELSE '' END
    END,
    coalesce(c[1], lower(coalesce(b, r))), upper(coalesce(b, r)) - 1, own, b::text, r::text, k,
    (CASE WHEN own AND sorts > 1 THEN array_append(array_remove(t, who), who) ELSE t END)::text, c::text
FROM n $$"""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def roles(prefix: str, app_login: str, existing: set[str]) -> Iterator[str]:
    """Make the scope roles; the app's login may take one by SET ROLE but inherits none of them."""
    for kind in policy.KINDS:
        name = policy.role(prefix, kind)
        if name not in existing:
            yield f"CREATE ROLE {_quoted(name)} NOLOGIN NOBYPASSRLS"
        yield f"GRANT {_quoted(name)} TO {_quoted(app_login)} WITH INHERIT FALSE, SET TRUE"


_STEERING = ("setting", "custom_field", "custom_choice")
"""What every request needs to know; read with who sends it. No secret is kept there."""
_USER_COLUMNS_HIDDEN = {"password", "session_stamp"}


def grants(prefix: str, app_login: str) -> Iterator[str]:
    """Rights of the scope roles on the entities' tables (never on partitions) and on the login's tables."""
    everyone = ", ".join(_quoted(policy.role(prefix, kind)) for kind in (*policy.READERS, "none"))
    writers = ", ".join(_quoted(policy.role(prefix, kind)) for kind in policy.WRITERS)
    readers = ", ".join(_quoted(policy.role(prefix, k)) for k in ("region", "region_leaf", "none"))
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {everyone}"
    yield f"GRANT USAGE ON SCHEMA public TO {everyone}, {_quoted(policy.role(prefix, 'login'))}"
    yield f"GRANT TEMPORARY ON DATABASE {_quoted(prefix)} TO {_quoted(policy.role(prefix, 'all'))}"
    for entity in registry.entities():
        table = entity.__table__.name
        if table.startswith("ab_"):
            continue
        yield f"GRANT {_written(entity)} ON {table} TO {writers}"
        is_own = entity.__scope__.is_own_to_write
        yield f"GRANT SELECT{', INSERT, UPDATE, DELETE' if is_own else ''} ON {table} TO {readers}"
    yield from _user_grants(prefix, everyone)
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {everyone}, {_quoted(policy.role(prefix, 'login'))}"
    yield from seal_ddl.grants(prefix)
    yield from personal_ddl.grants(prefix)
    yield f"GRANT EXECUTE ON FUNCTION scope_resolve(int) TO {_quoted(app_login)}"
    yield f"GRANT EXECUTE ON FUNCTION custom_index_keep() TO {_quoted(policy.role(prefix, 'all'))}"
    yield f"GRANT EXECUTE ON FUNCTION scope_prefix() TO {_quoted(app_login)}"
    yield f"GRANT EXECUTE ON FUNCTION alphabetical(text) TO {_quoted(app_login)}, {everyone}, {_quoted(policy.role(prefix, 'login'))}"


def _written(entity: Any) -> str:
    """The rights of those who write an entity's rows. What triggers write is only read; a kept row stays as it is.

    Nobody says himself by which transaction he writes: the seals go by that.
    """
    if entity.__scope__.mode == "follows" and not entity.__scope__.is_of_author:
        return "SELECT"
    if not entity.__append_only__:
        return "SELECT, INSERT, UPDATE, DELETE"
    named = ", ".join(column.name for column in entity.__table__.columns if column.name != "written_in")
    return f"SELECT, INSERT ({named})"


def _user_grants(prefix: str, everyone: str) -> Iterator[str]:
    user = registry.entity("user").__table__
    seen = ", ".join(c.name for c in user.columns if c.name not in _USER_COLUMNS_HIDDEN)
    house, login = _quoted(policy.role(prefix, "all")), _quoted(policy.role(prefix, "login"))
    yield f"GRANT SELECT ({seen}) ON ab_user TO {everyone}"
    yield f"GRANT SELECT ON ab_role TO {everyone}"
    for table in sorted(t.name for t in user.metadata.tables.values() if t.name.startswith("ab_")):
        yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {house}"
        yield f"GRANT SELECT ON {table} TO {login}"
    yield f"GRANT SELECT ON {', '.join(_STEERING)} TO {login}"
    counted = "last_login, login_count, fail_login_count, session_stamp, changed_on, changed_by_fk"
    yield f"GRANT UPDATE ({counted}) ON ab_user TO {login}"


def lines() -> Iterator[str]:
    """Sequences that count the roots of the trees: numbers of one that is gone are never given again."""
    for entity in registry.entities():
        if issubclass(entity, Tree):
            yield f"CREATE SEQUENCE IF NOT EXISTS {line_of(entity.__table__.name)}"


def drop_policies(connection: Any) -> Iterator[str]:
    """Remove all our policies; they are made anew in the same transaction."""
    from sqlalchemy import text

    rows = connection.execute(
        text("SELECT policyname, tablename FROM pg_policies WHERE schemaname = 'public'")
    )
    for name, table in rows.all():
        yield f"DROP POLICY {_quoted(name)} ON {_quoted(table)}"


def statements(connection: Any, prefix: str, app_login: str) -> Iterator[str]:
    """Everything that makes the database enforce the declarations, in order."""
    from sqlalchemy import text

    existing = set(connection.execute(text("SELECT rolname FROM pg_roles")).scalars())
    yield from seal_ddl.statements(connection)
    yield from lines()
    yield RESOLVE
    yield alphabet.FUNCTION
    yield from custom_sql.functions()
    yield from personal_ddl.functions()
    # a copy of the database keeps the roles its policies name
    yield f"CREATE OR REPLACE FUNCTION scope_prefix() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '{prefix}' $$"
    yield "REVOKE ALL ON FUNCTION scope_resolve(int) FROM PUBLIC"
    yield from roles(prefix, app_login, existing)
    yield from grants(prefix, app_login)
    yield from drop_policies(connection)
    for entity in registry.entities():
        yield from policy.policies(entity, prefix)
    yield from all_triggers()


def fingerprint() -> str:
    """Changes whenever a declaration would lead to other roles, policies or triggers."""
    parts = [
        RESOLVE, alphabet.FUNCTION, *custom_sql.functions(), *personal_ddl.functions(), *seal_ddl.declared(), *lines(),
        *grants("p", "a"), *all_triggers(),
    ]  # fmt: skip
    for entity in registry.entities():
        parts += policy.policies(entity, "p")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
