"""Row security as SQL: one database role and one policy per kind of scope, from each entity's `Scope`.

One policy that ORs every kind of user would make indexes useless (measured up to 3 300 times slower), so
each kind has a role of its own, and a single value (`leaf`) another than a range. `_counted_once` says in which form
the planner meets a condition.
"""

import re
from collections.abc import Iterator
from typing import Any

from app.core import registry

KINDS = (
    "login",
    "none",
    "all",
    "own",
    "team",
    "branch",
    "branch_leaf",
    "region",
    "region_leaf",
    "client",
    "multi",
)
WRITERS = ("all", "own", "team", "branch", "branch_leaf", "client", "multi")
READERS = (*WRITERS, "region", "region_leaf")


def role(prefix: str, kind: str) -> str:
    """The database role of a scope kind; the prefix is the database's name, so that two can share a server."""
    return f"{prefix}_s_{kind}"


def setting(name: str, cast: str) -> str:
    """SQL that reads one of the transaction's settings; NULL when it is not set."""
    return f"nullif(current_setting('app.{name}', true), '')::{cast}"


USER = setting("user_id", "int")
_ROLE_HELD = f"(SELECT u.role_id FROM ab_user u WHERE u.id = {USER})"
_SINGLE = {
    "own": ("officer", f"{{}} = {USER}"),
    "team": ("officer", f"{{}} = ANY ({setting('officers', 'int[]')})"),
    "client": ("client", f"{{}} = {setting('lo', 'bigint')}"),
    "branch": ("branch", f"{{}} BETWEEN {setting('lo', 'bigint')} AND {setting('hi', 'bigint')}"),
    "branch_leaf": ("branch", f"{{}} = {setting('lo', 'bigint')}"),
    "region": ("region", f"{{}} BETWEEN {setting('lo', 'bigint')} AND {setting('hi', 'bigint')}"),
    "region_leaf": ("region", f"{{}} = {setting('lo', 'bigint')}"),
}


def keyed(columns: dict[str, str], alias: str, kind: str, *, write: bool) -> str:
    """Condition on the key columns under one role. Territory never gives the right to write."""
    if kind in _SINGLE:
        key, condition = _SINGLE[kind]
        return condition.format(f"{alias}.{columns[key]}") if key in columns else "false"
    if kind != "multi":
        return "false"
    return " OR ".join(_multi(columns, alias, write=write)) or "false"


def _multi(columns: dict[str, str], alias: str, *, write: bool) -> Iterator[str]:
    """The grants of several kinds; whoever has his own rows among them is one of his officers."""
    if "officer" in columns:
        officer = f"{alias}.{columns['officer']}"
        yield f"{officer} = ANY ({setting('officers', 'int[]')})"
    if "client" in columns:
        yield f"{alias}.{columns['client']} = ANY ({setting('clients', 'bigint[]')})"
    if "branch" in columns:
        yield f"{alias}.branch_lft <@ {setting('branches', 'int8multirange')}"
    if "region" in columns and not write:
        yield f"{alias}.region_lft <@ {setting('regions', 'int8multirange')}"
        if "product_kind" in columns:
            ranges = f"({setting('kind_regions', 'jsonb')} ->> {alias}.{columns['product_kind']})"
            yield f"{alias}.region_lft <@ {ranges}::int8multirange"


def condition(entity: Any, alias: str, kind: str, *, write: bool) -> str:
    """SQL that a row must meet for a role. Linked rows are judged by their own policies."""
    scope = entity.__scope__
    if kind == "all" or scope.is_shared:
        return "true"
    if kind in ("login", "none") or scope.mode == "house":
        return "false"
    if scope.mode == "owned":
        lent = f" OR {alias}.{scope.lent_to} = {_ROLE_HELD}" if scope.lent_to and not write else ""
        shown = f" OR {USER} = ANY ({alias}.{scope.shown_to})" if scope.shown_to and not write else ""
        return f"{alias}.{scope.owner} = {USER}{lent}{shown}"
    if scope.mode == "follows":
        own = f"{alias}.{scope.owner} = {USER} AND " if scope.owner and write else ""
        return f"{own}{_follows(entity, alias)}"
    if scope.mode == "through":
        return " AND ".join(_parent(entity, alias, name, kind, write=write) for name in scope.parents)
    return _keyed_or_opened(scope, alias, kind, write=write)


def _keyed_or_opened(scope: Any, alias: str, kind: str, *, write: bool) -> str:
    """By its own keys, or because a row of the reach table that is in scope points to it.

    The reach table's own policy decides which are in scope; its condition is only said again where an index
    on a key finds such a row sooner than one on the pointer (few officers of a client with a million rows),
    and for writing under several grants, where territory does not count. A subquery of one row is looked up for each row shown;
    for EXISTS the planner may collect all rows in scope first (85 ms instead of 3), and plans both.
    """
    seen = keyed(scope.key_columns(), alias, kind, write=write)
    if not scope.opened_in:
        return seen
    table, column = scope.opened_in
    opener = registry.by_table(table)
    keys = opener.__scope__.key_columns()
    is_said_again = write if kind == "multi" else column in keys.values()
    extra = f" AND ({keyed(keys, 'r', kind, write=write)})" if is_said_again else ""
    return f"({seen}) OR (SELECT true FROM {table} r WHERE r.{column} = {alias}.id{extra} LIMIT 1)"


def _parent(entity: Any, alias: str, name: str, kind: str, *, write: bool) -> str:
    column = entity.__table__.c[f"{name}_id"]
    parent = registry.entity(column.info["link"])
    if parent.__scope__.is_shared:
        return "true"
    inner = f"p_{name}"
    extra = f" AND ({condition(parent, inner, kind, write=True)})" if write and kind == "multi" else ""
    table = parent.__table__.name
    seen = f"EXISTS (SELECT 1 FROM {table} {inner} WHERE {inner}.id = {alias}.{name}_id{extra})"
    return f"({alias}.{name}_id IS NULL OR {seen})" if column.nullable else seen


def _follows(entity: Any, alias: str) -> str:
    """What is about a row is seen by whoever sees that row, where it is now."""
    arms = [
        f"WHEN '{cls.slug()}' THEN {_is_seen(cls, alias)}"
        for cls in registry.followed(entity)
        if cls.__scope__.mode != "house"
    ]
    return f"CASE {alias}.entity {' '.join(arms)} ELSE false END"


def _is_seen(followed: Any, alias: str) -> str:
    """What everybody sees need not be looked for; a subquery of one row is looked up for each row shown."""
    if followed.__scope__.is_shared:
        return "true"
    return f"(SELECT true FROM {followed.__table__.name} f WHERE f.id = {alias}.row_id LIMIT 1)"


def policies(entity: Any, prefix: str) -> Iterator[str]:
    """Statements that put row security on the entity's table; run after the old policies are dropped."""
    table = entity.__table__.name
    if entity.__scope__.is_shared:
        yield f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"
        return
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    for kind in READERS:
        see = condition(entity, table, kind, write=False)
        if see != "false":
            change = condition(entity, table, kind, write=True)
            yield from _policy(
                table, role(prefix, kind), kind, _counted_once(kind, see), _counted_once(kind, change),
                only_shows=kind in ("region", "region_leaf") and not entity.__scope__.is_own_to_write,
            )  # fmt: skip


def _counted_once(kind: str, seen: str) -> str:
    """The condition in a form that the planner takes to hold for nearly every row.

    The application's own WHERE says the same and uses the indexes. Said twice, the planner weighs every index twice,
    and of two lists, multiranges or subqueries it would count both, expect a fraction of the rows and choose the plan
    for that: a team's list took 35 ms instead of 2.8. What has to be parsed is read once a statement and not for
    every row: a team's customers took 28 ms instead of 10, those of several grants 270 instead of 42.
    """
    if seen == "true":
        return seen
    return f"({_BARE.sub(_once, seen) if kind in ('team', 'multi') else seen})::int <> 0"


_BARE = re.compile(r"nullif\(current_setting\('app\.(?!clients)\w+', true\), ''\)::(?P<cast>[\w\[\]]+)")
"""Settings but that of the clients: few are granted any, and never many, so that reading it costs less than planning to."""


def _once(bare: re.Match[str]) -> str:
    """A setting as a value of the whole statement; the cast keeps `= ANY` from taking it for a set of rows."""
    return f"(SELECT {bare[0]})::{bare['cast']}"


def _policy(table: str, to: str, kind: str, see: str, change: str, *, only_shows: bool) -> Iterator[str]:
    """Territory only shows; what is a user's own he may change whatever his grants are."""
    name = f"s_{kind}"
    if only_shows:
        yield f"CREATE POLICY {name} ON {table} FOR SELECT TO {to} USING ({see})"
    elif see == change:
        yield f"CREATE POLICY {name} ON {table} FOR ALL TO {to} USING ({see}) WITH CHECK ({see})"
    else:
        yield f"CREATE POLICY {name} ON {table} FOR SELECT TO {to} USING ({see})"
        yield f"CREATE POLICY {name}_add ON {table} FOR INSERT TO {to} WITH CHECK ({change})"
        yield f"CREATE POLICY {name}_set ON {table} FOR UPDATE TO {to} USING ({change}) WITH CHECK ({change})"
        yield f"CREATE POLICY {name}_del ON {table} FOR DELETE TO {to} USING ({change})"
