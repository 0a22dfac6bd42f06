"""The one column in which a row keeps the values of its custom fields (ADR 0010).

It is null until a custom field of the row is filled in, so that a table without custom fields is as large and as fast
as if it had no such column.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ARRAY, ClauseElement, ColumnElement, Text, cast, event, func, inspect, literal
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapper, mapped_column

COLUMN = "custom"
PREFIX = "c_"
"""What the name of a custom field begins with, in addresses and for programs; no column of an entity does."""


def add(cls: type[Any]) -> None:
    """Give the class the column if people type its rows and neither the house nor one of them keeps these to himself."""
    typed = {"add", "edit"} & set(cls.__screen__.operations.split())
    if (
        cls.__custom__
        and cls.__screen__.form
        and typed
        and cls.__scope__.mode not in ("owned", "house", "follows")
    ):
        column = mapped_column(JSONB(none_as_null=True), nullable=True, info={"kind": COLUMN}, sort_order=9)
        setattr(cls, COLUMN, column)


def is_open(entity: Any) -> bool:
    """Whether rows of the entity can have custom fields."""
    return COLUMN in entity.__table__.c


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What differs: values to put, and codes to take away.

    >>> changed({"a": 1, "b": 2}, {"a": 1, "c": 3})
    ({'c': 3}, ['b'])
    """
    put = {code: value for code, value in after.items() if before.get(code) != value}
    return put, [code for code in before if code not in after]


def merged(column: Any, put: Mapping[str, Any], taken: Iterable[str]) -> ColumnElement[Any]:
    """The column with some values put or taken away, whatever else stands there by now."""
    kept: ColumnElement[Any] = func.coalesce(column, cast(literal({}, JSONB), JSONB), type_=JSONB)
    gone = list(taken)
    if gone:
        kept = kept.op("-", return_type=JSONB())(cast(literal(gone, ARRAY(Text)), ARRAY(Text)))
    return kept.op("||", return_type=JSONB())(cast(literal(dict(put), JSONB), JSONB)) if put else kept


@event.listens_for(Mapper, "before_update")
def _merge(mapper: Any, _connection: Any, row: Any) -> None:
    """Two who change different fields of a row at once both keep theirs, as with columns."""
    if COLUMN not in mapper.columns:
        return
    history = inspect(row).attrs[COLUMN].history
    if not history.has_changes() or isinstance(history.added[0], ClauseElement):
        return
    before, after = (history.deleted or [None])[0] or {}, history.added[0] or {}
    setattr(row, COLUMN, merged(mapper.columns[COLUMN], *changed(before, after)))
