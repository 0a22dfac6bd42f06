"""Lists: filters, order and keyset pages over any entity. Any depth costs the same.

A page is found by the values of the row before it, never by counting rows off. Every order ends in the id,
so that no row can be skipped or shown twice; empty values come last in both directions. Names stand by the
alphabet, whatever their case.
"""

import base64
import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from sqlalchemy import BigInteger, ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload, load_only
from werkzeug.datastructures import MultiDict

from app.core.errors import RuleError
from app.core.scope_conditions import opened
from app.core.types import Choice
from app.core.web import conditions, followed, ordering, quick_search, selecting
from app.core.web.driving import Page, ids_in_scope
from app.core.web.fields import FieldInfo, attribute, describe, label_columns, listable
from app.core.web.ordering import Order
from app.core.web.principal import Principal

COUNT_CAP = 10_000
SIZES = (25, 50, 100)
MOST_ORDERS = 5


@dataclass
class Found:
    """A page of rows and where it stands."""

    rows: list[Any]
    has_more: bool
    has_before: bool
    position: int
    """Number of the first row of the page, 1 for the first page; 0 when it is not known."""


class Listing:
    """One request for a list: what to show, of which rows, in which order.

    Raises RuleError for names, operators, values and page sizes that are not offered.
    """

    def __init__(self, entity: Any, args: MultiDict[str, str], principal: Principal, on: date) -> None:
        self.entity, self.args, self.principal, self.on = entity, args, principal, on
        self.all_columns = listable(entity)
        self.columns = self._columns()
        self.conditions = conditions.parse(entity, args, principal)
        self.q = args.get("q", "").strip().replace("\x00", "")
        self.picked = selecting.picked(args)
        self.orders = self._orders()
        self.size = self._size()

    def _columns(self) -> list[FieldInfo]:
        wanted = [
            name for name in self.args.get("cols", "").split(".") if name
        ] or self.entity.__screen__.columns("list")
        # dotted names cannot stand in `cols`, whose separator is the dot; they are written with a hyphen
        by_key = {field.name.replace(".", "-"): field for field in self.all_columns}
        named = [by_key.get(name.replace(".", "-")) for name in wanted]
        if None in named:
            raise RuleError(gettext("There is no such column here"))
        return [field for field in named if field is not None]

    def _size(self) -> int:
        raw = self.args.get("size", str(SIZES[0]))
        if raw not in map(str, SIZES):
            raise RuleError(gettext("A page has %(sizes)s rows", sizes=", ".join(map(str, SIZES))))
        return int(raw)

    def _orders(self) -> list[Order]:
        names = self.args.get("sort", "").replace(",", " ").split() or self.entity.__screen__.order.split()
        sortable = {f.name: f for f in self.all_columns if can_sort(f, self.principal)}
        orders: list[Order] = []
        for name in names:
            field = sortable.get(name.lstrip("-"))
            if field is None and name.lstrip("-") == "id":
                field = describe(self.entity, "id")
            if field is None:
                raise RuleError(gettext("The list cannot be sorted by %(name)s", name=name.lstrip("-")))
            if all(order.field.name != field.name for order in orders):
                orders.append(Order(field, name.startswith("-") != (field.derived is not None)))
        if len(orders) > MOST_ORDERS:
            raise RuleError(gettext("A list is sorted by at most %(most)s columns", most=MOST_ORDERS))
        if not any(order.field.name == "id" for order in orders):
            orders.append(Order(describe(self.entity, "id"), orders[0].descending if orders else True))
        return orders

    @property
    def is_by_several(self) -> bool:
        """Whether the address asks for an order by more than one column."""
        return len(self.args.get("sort", "").replace(",", " ").split()) > 1

    def where(self, session: Session | None = None, page: Page | None = None) -> list[ColumnElement[bool]]:
        """All filters and the quick search as SQL; with a session also what its scope lets the list begin with."""
        found = [] if session is None else ids_in_scope(self.entity, session, page)
        found += followed.open_to(self.entity, self.principal)
        found += conditions.where(self.entity, self.conditions, self.on)
        if self.q:
            found.append(quick_search.search(self.entity, self.q, self.principal))
        if self.picked:
            found.append(selecting.condition(self.entity, self.picked, self.principal))
        return found

    def rows_query(self, session: Session | None = None) -> Select[Any]:
        """The rows in order, with just the columns shown and the links' labels."""
        return self._shown(session).order_by(*self.terms())

    def terms(self) -> list[Any]:
        """The order as SQL."""
        return [term for order in self.orders for term in ordering.terms(self.entity, order)]

    def _shown(self, session: Session | None, page: Page | None = None) -> Select[Any]:
        """Only shown columns, and one join for each shown link: never a query for each row."""
        query = select(self.entity).where(*self.where(session, page))
        own, joins = {"id", self.entity.__scope__.owner or "id"}, []
        for field in [*self.columns, *(order.field for order in self.orders)]:
            if field.path:
                link = getattr(self.entity, field.path[0])
                joins.append(
                    joinedload(link).load_only(getattr(field_target(self.entity, field), field.stored))
                )
            elif field.custom:
                own.add(field.stored)
            elif field.kind == "link":
                own.add(field.column.key)
                query, label = self._label(query, field)
                joins.append(label)
            else:
                info, key = field.column.info, field.column.key
                own.update(
                    {key, *(info[name] for name in ("of", "told_by", "personal_by") if info.get(name))}
                )
        own |= {c.key for c in self.entity.__table__.columns if c.name in label_columns(self.entity)}
        return query.options(load_only(*(getattr(self.entity, key) for key in own)), *joins)

    def _label(self, query: Select[Any], field: FieldInfo) -> tuple[Select[Any], Any]:
        """The query and the option that joins the columns that make a link's label."""
        link, target, names = getattr(self.entity, field.name), field.target, label_columns(field.target)
        alias = opened(self.entity, field.name)
        if alias is None:
            return query, joinedload(link).load_only(*(getattr(target, name) for name in names))
        # SQLAlchemy joins a `joinedload` by the criteria of the table, whatever the alias is exempt from
        link = link.of_type(alias)
        label = contains_eager(link).load_only(*(getattr(alias, name) for name in names))
        return query.outerjoin(link), label

    def count(self, session: Session) -> int:
        """How many rows there are, counted no further than one past the cap."""
        # the id keeps the entity in the statement, so that its scope criteria apply
        inner = select(self.entity.id).where(*self.where(session)).limit(COUNT_CAP + 1)
        return session.scalar(select(func.count()).select_from(inner.subquery())) or 0

    def page(self, session: Session) -> Found:
        """The page that the address asks for."""
        after, before = self.args.get("after"), self.args.get("before")
        backwards = bool(before) or "last" in self.args
        orders = [Order(o.field, not o.descending) for o in self.orders] if backwards else self.orders
        cursor = decode(after or before or "", len(self.orders))
        nearest = self._nearest(orders, cursor)
        query = self._shown(session, nearest)
        if cursor:
            query = query.where(self._beyond(cursor, orders, backwards=backwards))
        terms = [t for order in orders for t in ordering.terms(self.entity, order, nulls_first=backwards)]
        rows = list(session.scalars(query.order_by(*terms).limit(self.size + 1)).unique())
        more, rows = len(rows) > self.size, rows[: self.size]
        told = re.fullmatch("[0-9]{1,9}", self.args.get("at", ""))
        position = int(told[0]) if told else 0
        if backwards:
            return Found(rows[::-1], bool(before), more, position)
        return Found(rows, more, bool(after), position or (0 if after else 1))

    def _nearest(self, orders: list[Order], cursor: list[Any] | None) -> Page | None:
        """The page as the ids alone decide it; None when a filter or another order has a say."""
        if len(orders) > 1 or self.conditions or self.q or self.picked:
            return None
        beyond = typed(orders[0].field, cursor[0]) if cursor else None
        return Page(self.size + 1, orders[0].descending, beyond)

    def _beyond(self, cursor: list[Any], orders: list[Order], *, backwards: bool) -> ColumnElement[bool]:
        """Rows after the cursor in the given order (which is the reverse one when going backwards)."""
        arms: list[Any] = []
        equal: list[Any] = []
        for order, raw in zip(orders, cursor, strict=True):
            value = typed(order.field, raw)
            arms.append(and_(*equal, ordering.after(self.entity, order, value, nulls_last=not backwards)))
            column = attribute(self.entity, order.field)
            equal.append(
                column.is_(None)
                if value is None
                else ordering.compared(order, column) == ordering.bound(order, value)
            )
        return or_(false(), *arms)

    def beside(self, session: Session, row: Any, *, before: bool = False) -> int | None:
        """The id of the row that stands next to this one in the list; None at its end."""
        orders = [Order(o.field, not o.descending) for o in self.orders] if before else self.orders
        place = decode(self.cursor(row), len(orders)) or []
        beyond = self._beyond(place, orders, backwards=before)
        terms = [t for order in orders for t in ordering.terms(self.entity, order, nulls_first=before)]
        query = select(self.entity.id).where(*self.where(session), beyond)
        return session.scalar(query.order_by(*terms).limit(1))

    def cursor(self, row: Any) -> str:
        """The place of a row in the order, for the address of the next page."""
        values = [getattr(row, order.field.column.key) for order in self.orders]
        return encode(values)


def field_target(entity: Any, field: FieldInfo) -> Any:
    """The entity at the end of a dotted name."""
    return describe(entity, field.path[0]).target


def can_sort(field: FieldInfo, principal: Principal) -> bool:
    """Links, long texts, masked values and words that only this program knows give no order."""
    return (
        not field.path
        and field.is_compared
        and field.kind not in ("link", "longtext", "json", "codes", "file")
        and field.is_open_to(principal)
    )


def encode(values: list[Any]) -> str:
    """Values as a cursor for an address."""

    def simple(value: Any) -> Any:
        if isinstance(value, (date, datetime)):
            return value.isoformat()
        return str(value) if isinstance(value, (Decimal, Choice)) else value

    return base64.urlsafe_b64encode(json.dumps([simple(v) for v in values]).encode()).decode().rstrip("=")


def decode(cursor: str, length: int) -> list[Any] | None:
    """The values of a cursor; None for no cursor. Raises RuleError for one that is not ours."""
    if not cursor:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise RuleError(gettext("This page address is damaged; start from the first page")) from error
    if (
        not isinstance(values, list)
        or len(values) != length
        or any(isinstance(v, (dict, list)) for v in values)
    ):
        raise RuleError(gettext("This page address is damaged; start from the first page"))
    return values


def typed(field: FieldInfo, raw: Any) -> Any:
    """A cursor's value in the column's type. Raises RuleError for one that `encode` never writes."""
    if raw is None:
        return None
    try:
        return _read(field, raw)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise RuleError(gettext("This page address is damaged; start from the first page")) from error


def _read(field: FieldInfo, raw: Any) -> Any:
    kind = field.column.type.python_type if field.kind != "choice" else field.choices
    if type(raw) is not (kind if kind in (int, bool) else str):
        raise TypeError(raw)
    if kind in (datetime, date):
        return kind.fromisoformat(raw)
    value = kind(raw)
    bits = 63 if isinstance(field.column.type, BigInteger) else 31
    is_out = kind is int and not -(2**bits) <= value < 2**bits
    if is_out or (kind is Decimal and not value.is_finite()) or (kind is str and "\x00" in value):
        raise ValueError(raw)
    if kind is str:
        value.encode()
    return value
