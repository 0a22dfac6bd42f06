"""What the database does for custom fields: their history, and indexes made while the installation runs.

The application's login may make no index. It may ask a function of the owner's to bring the indexes in line with what
is declared: that function takes no argument, so nothing can be asked of it but this. ADR 0010.
"""

import logging
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import OperationalError

from app.core import registry
from app.core.custom_column import PREFIX, is_open
from app.core.db import unscoped

log = logging.getLogger("loandesk.jobs")
LARGEST = 3_000_000
"""Rows of a table that is indexed at once. Nobody writes to it meanwhile, about two seconds a million rows; a larger
one is indexed by the next deployment, which lets others write."""
LOCK_NOT_AVAILABLE = "55P03"
INDEX = "custom_ix_"
HISTORY = (
    f"""CREATE OR REPLACE FUNCTION custom_changed(o jsonb, n jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT string_agg(to_json('{PREFIX}' || k)::text || ':' || json_build_array(o -> k, n -> k)::text, ',')
FROM jsonb_object_keys(coalesce(o, '{{}}') || coalesce(n, '{{}}')) k WHERE o -> k IS DISTINCT FROM n -> k $$""",
    f"""CREATE OR REPLACE FUNCTION custom_removed(o jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
SELECT coalesce(jsonb_object_agg('{PREFIX}' || key, jsonb_build_array(value, NULL)), '{{}}') FROM jsonb_each(o) $$""",
    f"""CREATE OR REPLACE FUNCTION custom_changed_of(o jsonb, n jsonb, hidden text[], kind text, before bigint, after bigint)
RETURNS text LANGUAGE sql AS $$
SELECT string_agg(to_json('{PREFIX}' || k)::text || ':' || (CASE WHEN k = ANY (hidden) THEN json_build_array(
    personal_encrypted(kind, before, (o -> k)::json), personal_encrypted(kind, after, (n -> k)::json))
    ELSE json_build_array(o -> k, n -> k) END)::text, ',')
FROM jsonb_object_keys(coalesce(o, '{{}}') || coalesce(n, '{{}}')) k WHERE o -> k IS DISTINCT FROM n -> k $$""",
    f"""CREATE OR REPLACE FUNCTION custom_removed_of(o jsonb, hidden text[], kind text, person bigint)
RETURNS jsonb LANGUAGE sql AS $$
SELECT coalesce(jsonb_object_agg('{PREFIX}' || key, jsonb_build_array(CASE WHEN key = ANY (hidden)
    THEN personal_encrypted(kind, person, value::json)::jsonb ELSE value END, NULL)), '{{}}') FROM jsonb_each(o) $$""",
)
"""What the triggers of history keep of the column: each custom field by itself, like a column; a person's, encrypted."""


def functions() -> Iterator[str]:
    """The functions of indexes, made by the deployment; the second is the one that the application calls."""
    owners = ", ".join(
        f"('{cls.slug()}', '{cls.__table__.name}')" for cls in registry.entities() if is_open(cls)
    )
    yield f"""
CREATE OR REPLACE FUNCTION custom_index_wanted() RETURNS TABLE (name text, relation regclass, statement text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
SELECT w.name, w.relation, format('%%I ON %%s ((%%s), id)', w.name, w.relation, CASE
    WHEN f.kind = 'number' AND coalesce(f.places, 0) = 0 THEN format('(custom ->> %%L)::integer', f.code)
    WHEN f.kind IN ('number', 'money') THEN format('(custom ->> %%L)::numeric', f.code)
    WHEN f.kind = 'bool' THEN format('coalesce(custom ->> %%L = ''true'', false)', f.code)
    ELSE format('custom ->> %%L', f.code) END)
FROM custom_field f JOIN (VALUES {owners}) o(slug, relation) ON o.slug = f.entity,
LATERAL (SELECT '{INDEX}' || f.id || '_' || left(md5(concat_ws('/', f.entity, f.code, f.kind, f.places)), 8),
    o.relation::regclass) w(name, relation)
WHERE f.is_indexed AND NOT f.is_hidden $$"""
    yield f"""
CREATE OR REPLACE FUNCTION custom_index_keep() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE done text;
BEGIN
    SELECT 'DROP INDEX ' || quote_ident(c.relname) INTO done FROM pg_class c WHERE c.relkind = 'i'
        AND starts_with(c.relname, '{INDEX}') AND c.relname NOT IN (SELECT name FROM custom_index_wanted()) LIMIT 1;
    IF done IS NULL THEN
        SELECT 'CREATE INDEX ' || w.statement INTO done FROM custom_index_wanted() w JOIN pg_class c ON c.oid = w.relation
            WHERE to_regclass(w.name) IS NULL AND c.reltuples <= {LARGEST} LIMIT 1;
    END IF;
    IF done IS NULL THEN RETURN false; END IF;
    EXECUTE done;
    RETURN true;
END $$"""
    yield "REVOKE ALL ON FUNCTION custom_index_keep() FROM PUBLIC"


def bring_in_line() -> int:
    """Make the indexes that lack and drop those that nobody wants any more, each by itself; how many.

    Where a table is in use for long the rest is left to the next time: whoever waits for a lock holds up others.
    """
    count = 0
    try:
        while _one():
            count += 1
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", "") != LOCK_NOT_AVAILABLE:
            raise
        log.info("a table is in use; its custom fields are indexed later")
    return count


def _one() -> bool:
    with unscoped("indexes of custom fields") as session:
        return bool(session.scalar(select(func.custom_index_keep())))


def bring_in_line_as_owner(connection: Connection) -> None:
    """The same for tables of any size, with others writing to them; `connection` is the owner's and in no transaction."""
    free: Any = connection.execution_options(isolation_level="AUTOCOMMIT")
    for name, statement in free.execute(text("SELECT name, statement FROM custom_index_wanted()")).all():
        broken = text("SELECT FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid")
        if free.execute(broken, {"name": name}).rowcount:
            free.exec_driver_sql(f"DROP INDEX {name}")
        free.exec_driver_sql(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {statement}")
