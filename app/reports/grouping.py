"""Grouping of figures: facts of one or several kinds below each other, added up by place, unit or person.

Rows of snapshots are looked up in the tree of places first and added up once, by what is asked for: adding
up by village first and then by township keeps ten thousand sums in memory for nothing (measured 1.5 times
slower).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Numeric,
    Select,
    String,
    and_,
    cast,
    func,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import Subquery

from app.core.org import Branch, Region, User
from app.models import Client, Customer
from app.reports.asked import Limits
from app.reports.dimensions import LEVELS

Columns = Mapping[str, Any]


def key_of(entity: Any, by: str, on: Any = None) -> ColumnElement[Any]:
    """What decides in which row of a dimension a fact counts; `on` is the fact's day."""
    if not by:
        return cast(null(), BigInteger)
    if by in LEVELS:
        return entity.region_lft
    if by in ("day", "month"):
        return on if by == "day" else cast(func.date_trunc("month", on), Date)
    return getattr(entity, "product_kind" if by == "kind" else f"{by}_id")


def facts(
    entity: Any, asked: Limits, by: str, columns: Columns, conditions: Sequence[Any] = (), on: Any = None
) -> Select[Any]:
    """An entity's rows within what is asked: the key of the dimension and the amounts to add up."""
    amounts = [expression.label(name) for name, expression in columns.items()]
    return select(key_of(entity, by, on).label("key"), *amounts).where(*asked.where(entity), *conditions)


def together(names: Sequence[str], *parts: Select[Any]) -> Subquery:
    """Facts of several kinds below each other, each with the amounts it has."""
    completed = []
    for part in parts:
        inner = part.subquery()
        own = [
            inner.c[name] if name in inner.c else cast(null(), Numeric(18, 2)).label(name) for name in names
        ]
        completed.append(select(inner.c.key, *own))
    return completed[0].subquery() if len(completed) == 1 else union_all(*completed).subquery()


def grouped(source: Subquery, by: str, names: Sequence[str]) -> Select[Any]:
    """Facts by rows of the dimension: key, name, perhaps detail, and the sums of the named amounts."""
    return by_rows(source, by, {name: func.sum(source.c[name]) for name in names})


def by_rows(source: Subquery, by: str, sums: Columns) -> Select[Any]:
    """Any sums over a source that has a `key`, by rows of the dimension; in one row without a dimension."""
    columns = [expression.label(name) for name, expression in sums.items()]
    if not by:
        nothing: list[Any] = [cast(null(), BigInteger).label("key"), cast(null(), String).label("name")]
        return select(*nothing, *columns)
    if by in LEVELS:
        return _placed(_added(source, by, columns), list(sums))
    added = select(source.c.key, *columns).group_by(source.c.key).subquery()
    return _NAMED.get(by, _bare)(added, [added.c[name] for name in sums])


def _added(source: Subquery, level: str, columns: list[Any]) -> Subquery:
    """The sums by the places of a level in which the facts lie."""
    places = level_of(level)
    joined = select(places.c.place.label("key"), *columns).select_from(source)
    return joined.outerjoin(places, places.c.lft == source.c.key).group_by(places.c.place).subquery()


def level_of(level: str) -> Subquery:
    """Every place's number `lft`, and the id of the `place` of the level that it is or lies in.

    That is the last place of the level up to it in the order of the tree, if it reaches as far; one walk
    over the tree finds it for all.
    """
    walk = func.max(Region.lft).filter(Region.level == level).over(order_by=Region.lft)
    walked = select(Region.lft, walk.label("found")).subquery()
    place = aliased(Region)
    inside = and_(place.lft == walked.c.found, place.rgt >= walked.c.lft)
    return select(walked.c.lft, place.id.label("place")).outerjoin(place, inside).subquery()


def _placed(added: Subquery, names: list[str]) -> Select[Any]:
    """By place, with the place above it as the detail."""
    place, above = aliased(Region), aliased(Region)
    figures = [added.c[name] for name in names]
    return (
        select(added.c.key, place.name.label("name"), above.name.label("detail"), *figures)
        .select_from(added)
        .outerjoin(place, place.id == added.c.key)
        .outerjoin(above, above.id == place.parent_id)
    )


def _branches(added: Subquery, figures: list[Any]) -> Select[Any]:
    """By unit. A unit with others below it is no link: a list of it would show theirs as well."""
    linked = func.coalesce(Branch.used_to == Branch.lft, True)
    query = select(added.c.key, Branch.name.label("name"), linked.label("linked"), *figures)
    return query.select_from(added).outerjoin(Branch, Branch.id == added.c.key)


def _people(added: Subquery, figures: list[Any]) -> Select[Any]:
    name = func.concat_ws(" ", User.first_name, User.last_name)
    query = select(added.c.key, name.label("name"), *figures)
    return query.select_from(added).outerjoin(User, User.id == added.c.key)


def _of(entity: Any) -> Callable[[Subquery, list[Any]], Select[Any]]:
    def query(added: Subquery, figures: list[Any]) -> Select[Any]:
        named = select(added.c.key, entity.name.label("name"), *figures)
        return named.select_from(added).outerjoin(entity, entity.id == added.c.key)

    return query


def _bare(added: Subquery, figures: list[Any]) -> Select[Any]:
    return select(added.c.key, added.c.key.label("name"), *figures)


_NAMED: dict[str, Callable[[Subquery, list[Any]], Select[Any]]] = {
    "branch": _branches,
    "officer": _people,
    "customer": _of(Customer),
    "client": _of(Client),
}


def largest_first(query: Select[Any], name: str) -> Select[Any]:
    """The rows in the order of a figure; what belongs to none of the dimension's rows comes last."""
    key, figure = query.selected_columns["key"], query.selected_columns[name]
    return query.order_by(key.is_(None), figure.desc().nulls_last(), key)
