"""Deleted records as they were: what a rule of deletions looks at, and the record to which it puts what it does.

The event keeps the whole row. It stands in for the table in the one statement that asks about it, so that the rule's
conditions and the scope of its user are judged by the same SQL as of a row that is there.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, column, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB

from app.core import registry
from app.core.custom_column import COLUMN, PREFIX, is_open
from app.core.db import ScopedSession
from app.core.org import Comment


def row(
    session: ScopedSession, entity: Any, kept: str, conditions: Sequence[ColumnElement[bool]]
) -> Any | None:
    """The record as it was, if it meets the conditions and lay in the session's scope; the session does not hold it.

    `kept` is the row as JSON, which stays text on its way: a float would round long amounts.
    """
    table = entity.__table__
    nothing: Any = literal_column(f'NULL::"{table.name}"')
    there = func.jsonb_populate_record(nothing, cast(literal(kept, Text), JSONB))
    was = there.table_valued(*(column(one.name, one.type) for one in table.columns), name="was")
    stands_in = select(*was.c).cte(table.name)
    found = session.scalars(select(entity).where(*conditions).add_cte(stands_in)).unique().one_or_none()
    if found is not None:
        session.expunge(found)
    return found


def homes(entity: Any) -> list[tuple[str, Any]]:
    """Links of an entity to the records on whose pages its own are listed, each with that entity."""
    followed = {cls.slug(): cls for cls in registry.followed(Comment)}
    linked = [(c.key, followed.get(c.info.get("link", ""))) for c in entity.__table__.columns]
    return [(key, cls) for key, cls in linked if cls and entity.slug() in cls.__screen__.columns("tabs")]


def home(session: ScopedSession, was: Any) -> Any | None:
    """The record on whose page a deleted one stood, if the session sees it."""
    for key, cls in homes(type(was)):
        found = session.scalars(select(cls).where(cls.id == getattr(was, key))).unique().one_or_none()
        if found is not None:
            return found
    return None


def remembered(session: ScopedSession, entity: Any, row_id: int, changes: Mapping[str, Any]) -> str:
    """A deleted row as its history keeps it, with the numbers by which scopes go: what an event would have kept."""
    said = {name: before for name, (before, _after) in changes.items()}
    kept = {"id": row_id, **{name: value for name, value in said.items() if not name.startswith(PREFIX)}}
    if is_open(entity):
        kept[COLUMN] = {n.removeprefix(PREFIX): value for n, value in said.items() if n.startswith(PREFIX)}
    for key, (link, table, there) in entity.__scope__.copied_keys().items():
        source = registry.by_table(table)
        kept[key] = session.scalar(select(getattr(source, there)).where(source.id == kept.get(link)))
    return json.dumps(kept)
