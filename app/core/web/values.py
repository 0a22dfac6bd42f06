"""The values of a list for a file: read and made column by column, with no object made of any row.

Objects cost a file of 10 000 rows twenty times what its writer takes, a step of Python for each value half of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from psycopg.pq import Format
from sqlalchemy import (
    ARRAY,
    Double,
    Numeric,
    Select,
    Text,
    TypeDecorator,
    case,
    cast,
    event,
    func,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, aliased

from app.core.export.cells import DIGITS, Fit, numbers
from app.core.i18n import shown, told
from app.core.labels import singular
from app.core.personal import mask
from app.core.types import Choice, ChoiceText, OpenedJson
from app.core.web.cells import text_of, zone
from app.core.web.fields import FieldInfo, attribute, describe, label_columns
from app.core.web.link_names import names
from app.core.web.listing import Listing
from app.core.web.principal import Principal

BATCH = 5000
"""Rows read at a time."""
_TYPED = ("money", "rate", "number", "days", "date", "bool", "id")
_TEXTS = ("text", "longtext", "code", "phone")
Make = Callable[..., Any]
"""What makes a value of a cell of what is stored."""
MakeAll = Callable[..., Sequence[Any]]
"""The same for all values of a column."""


class Values:
    """The shown columns of a listing as one statement, and what makes the cells of a file of them."""

    def __init__(self, listing: Listing) -> None:
        self.listing, self.links = listing, {}  # type: Listing, dict[tuple[str, ...], tuple[Any, Any, Any]]
        self.session: Session | None = None
        self.columns: list[Any] = []
        self._made: dict[int, TypeDecorator[Any]] = {}  # by place: what is stored is not yet the value
        self.cells = [self._cell(field) for field in listing.columns]

    def query(self, session: Session) -> Select[Any]:
        """All rows in the order of the list; a linked row that is not in scope leaves its cell empty."""
        query = select(*self.columns).select_from(self.listing.entity)
        for alias, link, on in self.links.values():
            query = query.outerjoin(alias, on) if link is None else query.outerjoin(link.of_type(alias))
        return query.where(*self.listing.where(session)).order_by(*self.listing.terms())

    def blocks(self, session: Session, size: int = BATCH) -> Iterator[list[Sequence[Any]]]:
        """The cells of all rows, the columns of `size` rows at a time, read through one cursor of the server."""
        dialect, self.session = session.get_bind().dialect, session
        result = self._begun(session, size)
        try:
            for found in result.raw:
                read: list[Sequence[Any]] = list(found)
                for place, kind in self._made.items():
                    read[place] = [kind.process_result_value(value, dialect) for value in read[place]]
                yield [
                    read[places[0]] if make is None else make(*(read[place] for place in places))
                    for places, make in self.cells
                ]
        finally:
            result.close()

    def _begun(self, session: Session, size: int) -> Any:
        """The columns of blocks of rows, as the database holds them in memory: they need not be written out and read again."""
        connection = session.connection()

        def ask(_connection: Any, cursor: Any, *_statement: Any) -> None:
            cursor.format = Format.BINARY

        event.listen(connection, "before_cursor_execute", ask)
        try:
            return session.execute(self._by_block(session, size).execution_options(yield_per=1))
        finally:
            event.remove(connection, "before_cursor_execute", ask)

    def _by_block(self, session: Session, size: int) -> Select[Any]:
        """`query` with `size` rows in one, an array of each column: reading every value by itself took thrice as long."""
        number = func.row_number().over(order_by=self.listing.terms()).label("number")
        named = [column.label(f"c{place}") for place, column in enumerate(self.columns)]
        *columns, at = self.query(session).order_by(None).with_only_columns(*named, number).subquery().c
        block = (at - 1) // size
        arrays: list[Any] = [func.array_agg(aggregate_order_by(column, at)) for column in columns]
        return select(*arrays).group_by(block).order_by(block)

    def _cell(self, field: FieldInfo) -> tuple[list[int], MakeAll | None]:
        """Which columns a cell is made of, and how; None where it is the column's value."""
        entity = self._linked(field.path)
        if field.kind == "link":
            name = field.name.rpartition(".")[2]
            linked, names = self._linked((*field.path, name), field), label_columns(field.target)
            return [self._place(_name(linked, names))], _each(_label(field.target, names))
        if field.kind == "json":
            of = field.column.info.get("of")
            places = [self._place(getattr(entity, one)) for one in (field.column.key, *([of] if of else []))]
            return places, partial(self._kept, field)
        column = attribute(entity, field)
        if keeper := field.column.info.get("told_by"):
            return [self._place(column), self._place(getattr(entity, keeper))], _each(_told)
        if field.personal_by and not self.listing.principal.may_reveal:
            make = maker(field, self.listing.principal, self.listing.on)
            return [self._place(column), self._place(getattr(entity, field.personal_by))], _each(
                _masked(make)
            )
        if field.derived is None and field.kind in _TYPED and isinstance(column.type, Numeric):
            # as the workbook holds it: a number made of the text of every amount took as long as reading the rows
            exact = case((func.abs(column) >= 10 ** (DIGITS - (column.type.scale or 0)), cast(column, Text)))
            return [self._place(cast(column, Double)), self._place(exact)], numbers
        make = maker(field, self.listing.principal, self.listing.on)
        return [self._place(column)], _each(make, Fit if field.kind == "choice" else list)

    def _kept(
        self, field: FieldInfo, values: Sequence[Any], of: Sequence[str | None] | None = None
    ) -> list[str]:
        """What a JSON column keeps, in words; links by what they are called."""
        told = list(zip(of or [None] * len(values), values, strict=True))
        called = names(self.session, told) if self.session else {}
        return [text_of(field, value, self.listing.principal, one, called) for one, value in told]

    def _place(self, column: Any) -> int:
        place, kind = len(self.columns), column.type
        if isinstance(kind, OpenedJson):
            column = type_coerce(kind.column_expression(column), kind.impl_instance)
        elif isinstance(kind, TypeDecorator):
            column = type_coerce(column, kind.impl_instance)
            # a member made of every choice and asked for its label took as long as the writer: its text does
            if not isinstance(kind, ChoiceText):
                self._made[place] = kind
        # an array of arrays has to have rows of one length
        self.columns.append(func.to_jsonb(column) if isinstance(kind, ARRAY) else column)
        return place

    def _linked(self, path: tuple[str, ...], field: FieldInfo | None = None) -> Any:
        """The entity itself, or an alias of what lies at the end of these links."""
        if not path:
            return self.listing.entity
        if path not in self.links:
            before = self._linked(path[:-1])
            if field is not None and field.custom:
                target = aliased(field.target)
                self.links[path] = (target, None, target.id == attribute(before, field))
            else:
                link = getattr(before, path[-1])
                self.links[path] = (aliased(link.property.mapper.class_), link, None)
        return self.links[path][0]


def _each(make: Make | None, into: type[list[Any]] = list) -> MakeAll | None:
    """What makes a column, of what makes a value."""
    return None if make is None else lambda *columns: into(map(make, *columns))


def maker(field: FieldInfo, principal: Principal, on: Any) -> Make | None:
    """What makes a cell of a stored value: typed, masked like on the screen; None where it is the value itself."""
    if field.derived is not None:
        return cache(
            lambda value: _said(field.derived.value(SimpleNamespace(**{field.derived.column: value}), on))
        )
    if field.kind in _TYPED:
        return None
    if field.kind == "datetime":
        return partial(_local, ZoneInfo(zone()))
    if field.personal and not principal.may_reveal:
        return lambda value: None if value is None else mask(str(value), str(field.personal))
    if field.kind == "choice":
        return {None: None, **{one.value: str(one.label) for one in field.choices}}.__getitem__
    if field.column is not None and field.column.info.get("holds_days"):
        return partial(_day, field.spoken)
    if field.spoken:
        return partial(_spoken, field.spoken)
    return None if field.kind in _TEXTS else lambda value: None if value is None else str(value)


def _said(value: Any) -> Any:
    """A derived value; a choice by its label."""
    return str(value.label) if isinstance(value, Choice) else value


def _masked(make: Make | None) -> Make:
    """What makes a cell of a value and the kind of personal number that it is, if it is one."""

    def made(value: Any, personal: str | None) -> Any:
        if personal and value is not None:
            return mask(str(value), personal)
        return make(value) if make else value

    return made


def _told(reason: str | None, said: Mapping[str, Any] | None) -> str | None:
    """A sentence in the reader's language."""
    return None if reason is None else told({"reason": reason, **(said or {})})


def _local(here: ZoneInfo, value: datetime | None) -> datetime | None:
    """An instant by the installation's clock, as the screen shows it."""
    # what is stored without a zone, by Flask-AppBuilder, is UTC
    return None if value is None else (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(here)


def _spoken(words: Mapping[Any, Any], value: Any) -> str | None:
    """A code in words, or each of several codes."""
    if isinstance(value, list):
        return ", ".join(str(words.get(one, one)) for one in value)
    return None if value is None else str(words.get(value, value))


def _day(words: Mapping[Any, Any], value: Any) -> str | None:
    """The same, and a day or instant kept as text as the screen writes it."""
    return None if value is None else shown(str(words.get(value, value)))


def _name(linked: Any, names: tuple[str, ...]) -> Any:
    """What `_label` says a linked row's name with; several columns make one text, NULL where all are empty."""
    columns = [getattr(linked, one) for one in names]
    if len(columns) == 1:
        return columns[0]
    return func.nullif(func.btrim(func.concat_ws(" ", *columns)), "")


def _label(target: Any, names: tuple[str, ...]) -> Make | None:
    """What `str(row)` says of a linked row, from the columns that it needs."""
    if names == ("id",):
        kind = singular(target)
        return lambda number: None if number is None else f"{kind} {number}"
    field = describe(target, names[0])
    words = field.spoken
    if len(names) > 1 or (not words and field.kind in _TEXTS):
        return None
    return cache(lambda name: None if name is None else str(words.get(name, name)))
