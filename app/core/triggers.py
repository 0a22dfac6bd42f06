"""Triggers made from the declarations: scope keys, reach tables, rows that others feed, field history."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy.dialects import postgresql

from app.core import custom_sql, registry
from app.core.history_triggers import FIRINGS, history_triggers
from app.core.notice_triggers import notice_triggers
from app.core.scope import TREES
from app.core.tallies import is_tallying, tally_triggers


def key_trigger(entity: Any) -> Iterator[str]:
    """Copies the tree numbers of the linked branch and region, and the product's kind, into the row.

    Locked, what is copied cannot be changed by somebody who does not see this row yet and would pass it by.
    """
    copied = entity.__scope__.copied_keys()
    if not copied:
        return
    table = entity.__table__.name
    body = " ".join(
        f"NEW.{key} := (SELECT {there} FROM {source} WHERE id = NEW.{column} FOR KEY SHARE);"
        for key, (column, source, there) in copied.items()
    )
    yield (
        f"CREATE OR REPLACE FUNCTION scope_keys_{table}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
        f"SET search_path = public, pg_temp AS $$ BEGIN {body} RETURN NEW; END $$"
    )
    yield f"DROP TRIGGER IF EXISTS scope_keys ON {table}"
    columns = ", ".join(column for column, _source, _there in copied.values())
    yield (
        f"CREATE TRIGGER scope_keys BEFORE INSERT OR UPDATE OF {columns} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION scope_keys_{table}()"
    )


def following_triggers(entity: Any) -> Iterator[str]:
    """Carries a changed value into every table that holds a copy of it; numbers of trees `tree.move` carries.

    Tallies come last: what the change adds to them is stored under the old value, too. The changed row is locked as
    if its key were to change: who copies from it waits, or is waited for, and nobody else meets that lock.
    """
    for key, (column, source, there) in entity.__scope__.copied_keys().items():
        if source in TREES:
            continue
        holders = [each for each in registry.entities() if {key, column} <= set(each.__table__.c.keys())]
        body = " ".join(
            f"UPDATE {each.__table__.name} SET {key} = NEW.{there} "
            f"WHERE {column} = NEW.id AND {key} IS DISTINCT FROM NEW.{there};"
            for each in sorted(holders, key=is_tallying)
        )
        name = f"follow_{key}"
        yield (
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
            f"SET search_path = public, pg_temp AS $$ BEGIN {body} RETURN NULL; END $$"
        )
        yield (
            f"CREATE OR REPLACE FUNCTION hold_{key}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
            f"SET search_path = public, pg_temp AS $$ BEGIN PERFORM FROM {source} WHERE id = NEW.id FOR UPDATE; RETURN NEW; END $$"
        )
        for trigger, moment in ((f"hold_{key}", "BEFORE"), (name, "AFTER")):
            yield f"DROP TRIGGER IF EXISTS {trigger} ON {source}"
            yield (
                f"CREATE TRIGGER {trigger} {moment} UPDATE OF {there} ON {source} FOR EACH ROW "
                f"WHEN (OLD.{there} IS DISTINCT FROM NEW.{there}) EXECUTE FUNCTION {trigger}()"
            )


_KEYS = {
    "branch": "branch_lft",
    "region": "region_lft",
    "officer": "officer_id",
    "client": "client_id",
    "product_kind": "product_kind",
}
"""Kind of grant → the reach table's column."""


def reach_triggers(entity: Any) -> Iterator[str]:
    """Keeps the reach table of what this entity opens: one row per opened row and distinct set of keys.

    The opened row's own keys stand there, too, so that everyone who may see it is found in one table.
    """
    sources = _sources(entity)
    if not sources:
        return
    reach, (table, column, _values) = f"{entity.__scope__.opens}_reach", sources[0]
    yield _reach_function(sources[0], reach, sources, entity)
    yield from _reach_kept(table, column, [column, *_said(entity)], is_removing=True)
    yield _reach_function(sources[1], reach, sources, entity)
    own, key, _values = sources[1]
    yield from _reach_kept(own, key, _said(_opened(entity)), is_removing=False)


Source = tuple[str, str, str]
"""Table, column with the id of the opened row, and the keys as SQL in the order of the reach table's columns."""


def _sources(entity: Any) -> list[Source]:
    """What fills the reach table: the rows that open, and those that are opened."""
    if not entity.__scope__.opens:
        return []
    opened, carried = _opened(entity), entity.__scope__.carries
    keys, own = entity.__scope__.key_columns(), opened.__scope__.key_columns()
    reach = registry.by_table(f"{entity.__scope__.opens}_reach").__table__
    nothing = {c.name: f"NULL::{c.type.compile(dialect=postgresql.dialect())}" for c in reach.columns}
    opening = [f"t.{keys[k]}" if k in keys else nothing[name] for k, name in _KEYS.items()]
    itself = [f"t.{own[k]}" if k in own else nothing[name] for k, name in _KEYS.items()]
    return [
        (
            entity.__table__.name,
            f"{entity.__scope__.opens}_id",
            ", ".join([*opening, *(f"t.{c}" for c in carried)]),
        ),
        (opened.__table__.name, "id", ", ".join([*itself, *(nothing[c] for c in carried)])),
    ]


def _opened(entity: Any) -> Any:
    return registry.entity(entity.__table__.c[f"{entity.__scope__.opens}_id"].info["link"])


def _said(entity: Any) -> list[str]:
    """Columns whose change the reach table must follow."""
    return [*entity.__scope__.key_columns().values(), *entity.__scope__.carries]


def _reach_kept(table: str, column: str, said: list[str], *, is_removing: bool) -> Iterator[str]:
    changed = " OR ".join(f"o.{c} IS DISTINCT FROM n.{c}" for c in said)
    yield _reach_statement(
        table, "ins", f"PERFORM reach_refresh_{table}(array(SELECT DISTINCT {column} FROM n), false);"
    )
    moved = f"SELECT unnest(ARRAY[o.{column}, n.{column}]) FROM o JOIN n USING (id) WHERE {changed}"
    yield _reach_statement(
        table, "upd",
        f"DECLARE ids bigint[] := array({moved}); BEGIN IF ids <> '{{}}' THEN PERFORM reach_refresh_{table}(ids, true); END IF; END;",
    )  # fmt: skip
    tables = {"ins": ("INSERT", "NEW TABLE AS n"), "upd": ("UPDATE", "OLD TABLE AS o NEW TABLE AS n")}
    if is_removing:
        tables["del"] = ("DELETE", "OLD TABLE AS o")
        yield _reach_statement(
            table, "del", f"PERFORM reach_refresh_{table}(array(SELECT DISTINCT {column} FROM o), true);"
        )
    for short, (verb, referencing) in tables.items():
        yield f"DROP TRIGGER IF EXISTS reach_{short} ON {table}"
        yield (
            f"CREATE TRIGGER reach_{short} AFTER {verb} ON {table} REFERENCING {referencing} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION reach_{short}_{table}()"
        )


def _reach_function(of: Source, reach: str, sources: list[Source], entity: Any) -> str:
    """Adds what one source says about some rows; with prune, removes first what none says any more."""
    table, column, values = of
    opened, targets = f"{entity.__scope__.opens}_id", [*_KEYS.values(), *entity.__scope__.carries]
    kept = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {one} t WHERE t.{key} = r.{opened} AND ({said}) "
        f"IS NOT DISTINCT FROM ({', '.join(f'r.{name}' for name in targets)}))"
        for one, key, said in sources
    )
    return (
        f"CREATE OR REPLACE FUNCTION reach_refresh_{table}(ids bigint[], prune boolean) RETURNS void "
        f"LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$ BEGIN "
        f"IF prune THEN DELETE FROM {reach} r WHERE r.{opened} = ANY (ids) AND {kept}; END IF; "
        f"INSERT INTO {reach} ({opened}, {', '.join(targets)}) SELECT DISTINCT t.{column}, {values} FROM {table} t "
        f"WHERE t.{column} = ANY (ids) ON CONFLICT DO NOTHING; END $$"
    )


def _reach_statement(table: str, short: str, body: str) -> str:
    block = body if body.startswith("DECLARE") else f"BEGIN {body} END;"
    return (
        f"CREATE OR REPLACE FUNCTION reach_{short}_{table}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
        f"SET search_path = public, pg_temp AS $$ BEGIN {block} RETURN NULL; END $$"
    )


def feeding_triggers(entity: Any) -> Iterator[str]:
    """Adds what new rows of other tables say of it, once a statement, and what corrected ones said and say."""
    table = entity.__table__.name
    for feed in getattr(entity, "__fed_by__", ()):
        into = f"INSERT INTO {table} ({', '.join(feed.columns)})"
        said = ", ".join(feed.columns.values())
        added = f"{into} SELECT DISTINCT {said} FROM n WHERE {feed.where}"
        yield from _feeding(table, feed.table, "add", added)
        yield (
            f"CREATE TRIGGER feed_{table}_add AFTER INSERT ON {feed.table} REFERENCING NEW TABLE AS n "
            f"FOR EACH STATEMENT EXECUTE FUNCTION feed_{table}_add_{feed.table}()"
        )
        if feed.corrected:
            rows = "(SELECT OLD.* UNION ALL SELECT NEW.*)"
            yield from _feeding(
                table, feed.table, "set", f"{into} SELECT DISTINCT {said} FROM {rows} n WHERE {feed.where}"
            )
            old, new = (", ".join(f"{row}.{one}" for one in feed.corrected) for row in ("OLD", "NEW"))
            yield (
                f"CREATE TRIGGER feed_{table}_set AFTER UPDATE OF {', '.join(feed.corrected)} ON {feed.table} "
                f"FOR EACH ROW WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION feed_{table}_set_{feed.table}()"
            )


def _feeding(table: str, source: str, short: str, statement: str) -> Iterator[str]:
    yield (
        f"CREATE OR REPLACE FUNCTION feed_{table}_{short}_{source}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
        f"SET search_path = public, pg_temp AS $$ BEGIN {statement}; RETURN NULL; END $$"
    )
    yield f"DROP TRIGGER IF EXISTS feed_{table}_{short} ON {source}"


def all_triggers() -> Iterator[str]:
    """Every trigger statement of every entity."""
    yield from custom_sql.HISTORY
    yield from FIRINGS
    for entity in registry.entities():
        yield from key_trigger(entity)
        yield from following_triggers(entity)
        yield from reach_triggers(entity)
        yield from feeding_triggers(entity)
        yield from tally_triggers(entity)
        yield from history_triggers(entity)
        yield from notice_triggers(entity)
