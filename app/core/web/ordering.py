"""The order of a list in SQL: names by the alphabet, all else by value, and what stands after a place in it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, false, literal, or_

from app.core.alphabet import by_alphabet
from app.core.web.fields import FieldInfo, attribute


@dataclass(frozen=True)
class Order:
    """One column of the order."""

    field: FieldInfo
    descending: bool


def compared(order: Order, value: Any) -> Any:
    """What a column or a value is ordered by: names by the alphabet, all else as it is."""
    return by_alphabet(value) if order.field.kind == "text" else value


def bound(order: Order, value: Any) -> Any:
    """A value to compare a column's with, of the column's type: SQLAlchemy compares nothing with a bare True."""
    return compared(order, literal(value, order.field.column.type))


def terms(entity: Any, order: Order, *, nulls_first: bool = False) -> list[Any]:
    """One column of the order as SQL."""
    column = compared(order, attribute(entity, order.field))
    term = column.desc() if order.descending else column.asc()
    if not order.field.column.nullable:
        return [term]
    return [term.nulls_first() if nulls_first else term.nulls_last()]


def after(entity: Any, order: Order, value: Any, *, nulls_last: bool) -> ColumnElement[bool]:
    """Strictly after `value`, with empty values last (first when walking backwards)."""
    column = attribute(entity, order.field)
    if value is None:
        return false() if nulls_last else column.is_not(None)
    place, last = compared(order, column), bound(order, value)
    beyond = place < last if order.descending else place > last
    return or_(beyond, column.is_(None)) if nulls_last and order.field.column.nullable else beyond
