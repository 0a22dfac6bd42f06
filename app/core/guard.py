"""The ORM's two layers of scope: criteria on every query, and a guard on every write.

A query on a scoped entity gets its condition whether it is a list, a lazy load, a joined load or a lookup
by id. A statement that could slip past (Core tables, `text()`) is refused outside of `unscoped()`.
"""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Table, TextClause, event, inspect, literal, select
from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.sql import visitors

from app.core import custom, registry
from app.core.db import ScopedSession
from app.core.errors import BeyondScope, OutOfScope, ReadOnlyScope, ScopeError
from app.core.reach import Reach, criteria, keyed
from app.core.scope import TREES
from app.core.scope_conditions import conditions


def _scoped_tables() -> dict[Any, Any]:
    return {cls.__table__: cls for cls in registry.entities() if not cls.__scope__.is_shared}


def refuse_plain_sql(statement: Any) -> None:
    """Raise ScopeError for text, and for scoped tables that are named without their entity."""
    if isinstance(statement, TextClause):
        raise ScopeError("plain SQL is only for unscoped() sessions")
    scoped = _scoped_tables()
    for element in visitors.iterate(statement):
        if isinstance(element, Table) and element in scoped and "parententity" not in element._annotations:  # noqa: SLF001  only there does SQLAlchemy tell
            raise ScopeError(f"{element.name} must be queried through its entity")


@event.listens_for(ScopedSession, "do_orm_execute")
def _restrict(state: ORMExecuteState) -> None:
    """Add the criteria to every query but refreshes of columns of a row already loaded."""
    session: Any = state.session
    if session.info.get("unscoped"):
        return
    if session.reach.is_all:
        _restrict_to_own(state, session.reach.user_id)
        return
    if not state.is_orm_statement:
        refuse_plain_sql(state.statement)
        return
    if state.is_insert or state.is_update or state.is_delete:
        _restrict_write(state, session)
    if not state.is_column_load:
        state.statement = state.statement.options(conditions(session.reach, registry.count()))


def _restrict_to_own(state: ORMExecuteState, user_id: int | None) -> None:
    """Who sees everything changes what is somebody's own as little as anybody else."""
    entity = state.bind_mapper.class_ if state.bind_mapper else None
    scope = getattr(entity, "__scope__", None)
    if scope is not None and scope.is_own_to_write and (state.is_update or state.is_delete):
        state.statement = state.statement.where(getattr(entity, scope.owner) == user_id)  # type: ignore[attr-defined]


def _restrict_write(state: ORMExecuteState, session: Any) -> None:
    """A statement that writes many rows at once reaches only those that may be written, and adds none."""
    entity = state.bind_mapper.class_ if state.bind_mapper else None
    scope = getattr(entity, "__scope__", None)
    if entity is None or scope is None or session.reach.kind == "login":
        return
    if state.is_insert:
        raise ScopeError(f"{entity.__name__}: rows are added to the session, where each is checked")
    if not scope.is_own_to_write and not session.reach.may_write:
        raise ReadOnlyScope
    writable = criteria(entity, session.reach.for_writing_of(scope))
    state.statement = state.statement.where(writable)  # type: ignore[attr-defined]


@event.listens_for(ScopedSession, "before_flush")
def _check_writes(session: ScopedSession, _context: Any, _instances: Any) -> None:
    """Every new or changed row, and every row it points to, must lie in scope."""
    if session.info.get("unscoped") or session.info.get("checking") or session.reach.kind == "login":
        # the login role has no right to any table but its own columns of the login's
        return
    session.info["checking"] = True
    try:
        with session.no_autoflush:
            for row in [
                *session.new,
                *(r for r in session.dirty if session.is_modified(r)),
                *session.deleted,
            ]:
                _check_row(session, row)
    finally:
        session.info["checking"] = False


def _check_row(session: ScopedSession, row: Any) -> None:
    scope = getattr(type(row), "__scope__", None)
    if scope is None:
        return
    reach = session.reach
    if scope.is_own_to_write:
        _check_own(session, row)
        return
    if reach.is_all:
        return
    if not reach.may_write:
        raise ReadOnlyScope
    if scope.mode == "house":
        raise OutOfScope
    if inspect(row).persistent and not scope.is_shared:
        _need_writable(session, type(row), row.id)
    _check_links(session, row)
    is_decided = scope.mode == "keyed" and scope.key_columns() and not _kept_scope(row, scope)
    if is_decided and not reach.admits(keys_of(session, row)):
        raise BeyondScope


def _check_own(session: ScopedSession, row: Any) -> None:
    """What is one's own to write is his before and after, and what it is about is in his sight."""
    scope, reach = type(row).__scope__, session.reach
    if reach.kind == "none":
        raise ReadOnlyScope
    owners = {getattr(row, scope.owner), *inspect(row).attrs[scope.owner].history.deleted}
    if owners != {reach.user_id}:
        raise OutOfScope
    if scope.is_of_author:
        _need_followed(session, row)


def _need_followed(session: ScopedSession, row: Any) -> None:
    """The row that this one is about, which stays the same. Raises OutOfScope where the session does not see it."""
    attributes, slug = inspect(row).attrs, getattr(row, "entity", None)
    entity = next((cls for cls in registry.followed(type(row)) if cls.slug() == slug), None)
    moved = inspect(row).persistent and any(attributes[name].history.deleted for name in ("entity", "row_id"))
    if entity is None or moved or session.scalar(select(entity.id).where(entity.id == row.row_id)) is None:
        raise OutOfScope


def _need_writable(session: ScopedSession, entity: Any, row_id: int) -> None:
    """Raise unless this stored row is in scope and may be changed: a grant of territory only shows."""
    stored = select(entity.id).where(entity.id == row_id)
    if session.scalar(stored.where(criteria(entity, session.reach.for_writing))) is None:
        raise ReadOnlyScope if session.scalar(stored) is not None else OutOfScope


def _kept_scope(row: Any, scope: Any) -> bool:
    """Whether the columns that decide about a stored row stay as they are."""
    state = inspect(row)
    if not state.persistent:
        return False
    deciding = [scope.branch, scope.region, scope.officer, scope.client, scope.product_kind]
    return not any(state.attrs[name].history.has_changes() for name in deciding if name)


def keys_of(session: ScopedSession, row: Any) -> dict[str, Any]:
    """What decides about the row as it is about to be written: {"branch": number, "officer": id, …}."""
    scope = type(row).__scope__
    keys = {kind: getattr(row, column) for kind, column in scope.key_columns().items() if kind not in TREES}
    for tree, column in scope.tree_links().items():
        node = registry.entity(tree)
        keys[tree] = session.scalar(select(node.lft).where(node.id == getattr(row, column)))
    return keys


def _check_links(session: ScopedSession, row: Any) -> None:
    """Each changed link to a scoped entity must point to a row that this session can see.

    The row through which this one is seen must be one that may be written, too.
    """
    state, parents = inspect(row), {f"{name}_id" for name in type(row).__scope__.parents}
    for column in type(row).__table__.columns:
        target = column.info.get("link")
        if not target or registry.entity(target).__scope__.is_shared:
            continue
        value = getattr(row, column.key, None)
        if value is None or (state.persistent and not state.attrs[column.key].history.has_changes()):
            continue
        entity = registry.entity(target)
        if column.key in parents:
            _need_writable(session, entity, value)
        elif session.scalar(select(entity.id).where(entity.id == value)) is None:
            raise OutOfScope
    for definition, value in custom.changes(row):
        if definition.kind == "link" and value is not None:
            seen = select(definition.target.id).where(definition.target.id == value)
            if session.scalar(seen) is None:
                raise OutOfScope


def check_links(session: ScopedSession, entity: Any, values: Mapping[str, Any]) -> None:
    """What `_check_links` asks of a row, asked once of values by column that many rows are to be given."""
    if session.reach.is_all:
        return
    parents = {f"{name}_id" for name in entity.__scope__.parents}
    for name, value in values.items():
        target = custom.column_of(entity, name).info.get("link")
        if value is None or not target or registry.entity(target).__scope__.is_shared:
            continue
        linked = registry.entity(target)
        if name in parents:
            _need_writable(session, linked, value)
        elif session.scalar(select(linked.id).where(linked.id == value)) is None:
            raise OutOfScope


def admitted(
    session: ScopedSession, entity: Any, rows: ColumnElement[bool], values: Mapping[str, Any]
) -> set[int] | None:
    """The ids of those of these rows that may be written still when they have these values; None for all of them."""
    scope, reach = entity.__scope__, session.reach
    deciding = [scope.branch, scope.region, scope.officer, scope.client, scope.product_kind]
    if reach.is_all or scope.mode != "keyed" or not any(name in values for name in deciding if name):
        return None
    said = {
        column: _as_said(session, entity, kind, column, values)
        for kind, column in scope.key_columns().items()
    }
    kept = keyed(SimpleNamespace(**said), scope.key_columns(), reach.for_writing)
    return set(session.scalars(select(entity.id).where(rows, kept)))


def _as_said(
    session: ScopedSession, entity: Any, kind: str, column: str, values: Mapping[str, Any]
) -> ColumnElement[Any]:
    """A key of a row as it will stand there: what its new values say, or the column where they do not speak of it."""
    stored: ColumnElement[Any] = getattr(entity, column)
    link = entity.__scope__.tree_links().get(kind, column)
    if link not in values:
        return stored
    value = values[link]
    if link != column:
        node = registry.entity(kind)
        value = session.scalar(select(node.lft).where(node.id == value))
    return literal(value, stored.type)


def reach_of(session: ScopedSession) -> Reach:
    """The reach of the running transaction; for code that must name the scope in its own SQL."""
    return session.reach
