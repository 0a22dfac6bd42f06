"""The one statement behind a report: groups and their parts, in the reader's scope, under a limit of time and number."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext
from sqlalchemy import Select, event, func, or_, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import aliased

from app.core.db import ScopedSession
from app.core.errors import RuleError
from app.core.scope_conditions import opened
from app.core.web.builder import axes, measures
from app.core.web.builder.asked import Asked
from app.core.web.builder.axes import Axis
from app.core.web.fields import FieldInfo, attribute, describe

MOST_GROUPS = 5_000
"""Groups that a page puts together."""
SECONDS = 20
CANCELLED = "57014"
NOW, EARLIER = "now", "earlier"


@dataclass(frozen=True)
class Group:
    """One group as the database tells it: its keys, its currency, its parts of the period and of the earlier one."""

    keys: tuple[Any, ...]
    currency: Any
    parts: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Groups:
    """The groups of a report, at most so many, and the statement that gave them."""

    found: list[Group]
    is_capped: bool
    sql: str
    values: dict[str, Any]


class _Tables:
    """The entity and what its rows point to, each joined once."""

    def __init__(self, entity: Any) -> None:
        self.entity = entity
        self.joins: dict[str, tuple[Any, Any]] = {}

    def at(self, field: FieldInfo) -> Any:
        """The entity itself, or an alias of the one at the end of the path."""
        if not field.path:
            return self.entity
        name = field.path[0]
        if name not in self.joins:
            link = describe(self.entity, name)
            # who sees the row that opens it sees it, too: its condition would say the same again
            target = opened(self.entity, name) or aliased(link.target)
            self.joins[name] = (target, target.id == attribute(self.entity, link))
        return self.joins[name][0]

    def key(self, axis: Axis) -> Any:
        """The value of an axis; of a level the place above."""
        if axis.level is None:
            return axis.sql(self.at(axis.field))
        place = axes.above(axis)
        self.joins[axis.name] = (place, place.c.node == attribute(self.at(axis.field), axis.inner))
        return place.c.top

    def joined(self, query: Select[Any]) -> Select[Any]:
        query = query.select_from(self.entity)
        for target, condition in self.joins.values():
            query = query.outerjoin(target, condition)
        return query


def statement(asked: Asked, session: ScopedSession | None, most: int = MOST_GROUPS) -> Select[Any]:
    """Groups by their keys and currency with their parts, the largest first, one more than are put together."""
    tables = _Tables(asked.entity)
    keys = [_key(asked, tables, axis).label(f"key_{n}") for n, axis in enumerate(asked.axes)]
    if asked.currency is not None:
        keys.append(attribute(tables.at(asked.currency), _own(asked.currency)).label("key_of_money"))
    parts = [(f"{when}_{n}", sql) for when, found in _parts(asked) for n, (_name, sql) in enumerate(found)]
    query = tables.joined(select(*keys, *(sql.label(name) for name, sql in parts)))
    query = query.where(*asked.listing.where(session), *_period(asked))
    if keys:
        query = query.group_by(*(key.name for key in keys)).order_by(
            _first(asked), *(key.name for key in keys)
        )
    return query.limit(most + 1)


def _own(field: FieldInfo) -> FieldInfo:
    return Axis(field.entity, field).inner


def _key(asked: Asked, tables: _Tables, axis: Axis) -> Any:
    if asked.compared is not None and asked.compared.is_about(axis):
        column = attribute(asked.entity, axis.field)
        return asked.compared.shifted(asked.entity, axis, column, asked.on)
    return tables.key(axis)


def _parts(asked: Asked) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """The parts of the period, and of the earlier one where that stands beside it."""
    found = list(measures.asked_parts(asked.entity, asked.measures, asked.on))
    if asked.compared is None or not asked.is_compared:
        yield NOW, found
        return
    for when, span in ((NOW, asked.compared.span), (EARLIER, asked.compared.earlier)):
        inside = asked.compared.within(asked.entity, span, asked.on)
        yield when, [(name, sql.filter(inside)) for name, sql in found]


def _period(asked: Asked) -> list[Any]:
    if asked.compared is None:
        return []
    spans = [asked.compared.span, *([asked.compared.earlier] if asked.is_compared else [])]
    return [or_(*(asked.compared.within(asked.entity, span, asked.on) for span in spans))]


def _first(asked: Asked) -> Any:
    """The order that decides which groups are kept where there are too many: by the figure of the lines, else by number."""
    name, _descending = asked.ordered_by
    names = [name for name, _sql in measures.asked_parts(asked.entity, asked.measures, asked.on)]
    wanted = next((one for one in asked.measures if one.name == name and one.parts), None)
    place = names.index(wanted.key(wanted.parts[0])) if wanted else 0
    found = next(iter(_parts(asked)))[1][place][1]
    is_ascending = name != "name" and not asked.ordered_by[1]
    return (found.asc() if is_ascending else found.desc()).nulls_last()


def run(asked: Asked, session: ScopedSession, most: int = MOST_GROUPS) -> Groups:
    """The groups as this session sees them. Raises RuleError where the database took too long."""
    query = statement(asked, session, most)
    with _limited(session), _watched(session) as sent:
        rows = session.execute(query).all()
    names = [name for name, _sql in measures.asked_parts(asked.entity, asked.measures, asked.on)]
    size, has_money = len(asked.axes), asked.currency is not None
    found = []
    for row in rows[:most]:
        values = list(row[size + has_money :])
        parts = {NOW: dict(zip(names, values[: len(names)], strict=True))}
        if asked.is_compared:
            parts[EARLIER] = dict(zip(names, values[len(names) :], strict=True))
        found.append(Group(tuple(row[:size]), row[size] if has_money else None, parts))
    return Groups(found, len(rows) > most, *(sent[-1] if sent else ("", {})))


def whole(asked: Asked) -> Asked:
    """The same without the groups of its lines: the totals of what stands beside each other, asked by themselves."""
    return replace(asked, rows=(), sort="", top=None)


@contextmanager
def _limited(session: ScopedSession) -> Iterator[None]:
    """End a statement that takes too long, so that nobody's report holds up the others."""
    session.execute(select(func.set_config("statement_timeout", f"{SECONDS}s", True)))  # noqa: FBT003  of this transaction
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", "") != CANCELLED:
            raise
        session.rollback()
        said = gettext(
            "This report took longer than %(n)s seconds: add a filter or choose fewer groups", n=SECONDS
        )
        raise RuleError(said) from error
    session.execute(select(func.set_config("statement_timeout", "0", True)))  # noqa: FBT003  of this transaction


@contextmanager
def _watched(session: ScopedSession) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """The statements that are sent meanwhile, as they are sent: with the conditions of the reader's scope."""
    sent: list[tuple[str, dict[str, Any]]] = []
    connection = session.connection()

    def note(_connection: Any, _cursor: Any, sql: str, values: Any, *_rest: Any) -> None:
        sent.append((sql, dict(values)))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(connection, "before_cursor_execute", note)
