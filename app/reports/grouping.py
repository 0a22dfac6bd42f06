"""Grouping of figures: sums by a key of the rows first, then the few thousand keys by place, unit or person.

A snapshot has one row a village, branch, officer, product and bucket; adding it up by its own key before the
tree of places is looked at keeps every report to one pass over the snapshot of a day.
"""

from collections.abc import Mapping, Sequence
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

Figures = Mapping[str, ColumnElement[Any]]


def key_of(entity: Any, by: str, on: Any = None) -> ColumnElement[Any]:
    """The column of a fact that decides in which row of the dimension it counts; `on` is the fact's day."""
    if by in LEVELS:
        return entity.region_lft
    if by in ("day", "month"):
        return on if by == "day" else cast(func.date_trunc("month", on), Date)
    names = {"kind": "product_kind"}
    return getattr(entity, names.get(by, f"{by}_id"))


def facts(
    entity: Any, asked: Limits, by: str, sums: Figures, conditions: Sequence[Any] = (), on: Any = None
) -> Select[Any]:
    """Sums of an entity's rows by the key of a dimension, within what is asked."""
    columns = [expression.label(name) for name, expression in sums.items()]
    query = select(*columns).where(*asked.where(entity), *conditions)
    if not by:
        return query.add_columns(entity_key().label("key"))
    key = key_of(entity, by, on)
    return query.add_columns(key.label("key")).group_by(key)


def entity_key() -> ColumnElement[Any]:
    """The key of a sum over everything."""
    return cast(null(), BigInteger)


def together(names: Sequence[str], *parts: Select[Any]) -> Subquery:
    """Facts of several kinds below each other, each with the figures it has."""
    completed = []
    for part in parts:
        inner = part.subquery()
        own = [
            inner.c[name] if name in inner.c else cast(null(), Numeric(18, 2)).label(name) for name in names
        ]
        completed.append(select(inner.c.key, *own))
    return completed[0].subquery() if len(completed) == 1 else union_all(*completed).subquery()


def grouped(source: Subquery, by: str, names: Sequence[str]) -> Select[Any]:
    """Facts by rows of the dimension: key, name, perhaps detail, and the sums of the named figures."""
    return by_rows(source, by, {name: func.sum(source.c[name]) for name in names})


def by_rows(source: Subquery, by: str, sums: Figures) -> Select[Any]:
    """Any sums over a source that has a `key`, by rows of the dimension; in one row without a dimension."""
    columns = [expression.label(name) for name, expression in sums.items()]
    if not by:
        return select(entity_key().label("key"), cast(null(), String).label("name"), *columns)
    return (_placed if by in LEVELS else _PLAIN.get(by, _bare))(source, by, columns)


def _placed(source: Subquery, by: str, sums: list[Any]) -> Select[Any]:
    """By place: the key is a number of the tree of places; its place on a level is the last one up to it.

    One walk over the tree in its order finds that for every place at once.
    """
    places = level_of(by)
    place, above = aliased(Region), aliased(Region)
    inside = and_(place.lft == places.c.found, place.rgt >= places.c.lft)
    return (
        select(place.id.label("key"), place.name.label("name"), above.name.label("detail"), *sums)
        .select_from(source)
        .outerjoin(places, places.c.lft == source.c.key)
        .outerjoin(place, inside)
        .outerjoin(above, above.id == place.parent_id)
        .group_by(place.id, place.name, above.name)
    )


def level_of(level: str) -> Subquery:
    """Every place's number `lft`, and as `found` that of the last place of the level up to it in the tree."""
    walk = func.max(Region.lft).filter(Region.level == level).over(order_by=Region.lft)
    return select(Region.lft, walk.label("found")).subquery()


def _branches(source: Subquery, _by: str, sums: list[Any]) -> Select[Any]:
    """By unit. A unit with others below it is no link: a list of it would show theirs as well."""
    linked = func.coalesce(Branch.used_to == Branch.lft, True)
    return (
        select(source.c.key, Branch.name.label("name"), linked.label("linked"), *sums)
        .select_from(source)
        .outerjoin(Branch, Branch.id == source.c.key)
        .group_by(source.c.key, Branch.name, linked)
    )


def _people(source: Subquery, _by: str, sums: list[Any]) -> Select[Any]:
    name = func.concat_ws(" ", User.first_name, User.last_name)
    return (
        select(source.c.key, name.label("name"), *sums)
        .select_from(source)
        .outerjoin(User, User.id == source.c.key)
        .group_by(source.c.key, name)
    )


def _named(entity: Any) -> Any:
    def query(source: Subquery, _by: str, sums: list[Any]) -> Select[Any]:
        return (
            select(source.c.key, entity.name.label("name"), *sums)
            .select_from(source)
            .outerjoin(entity, entity.id == source.c.key)
            .group_by(source.c.key, entity.name)
        )

    return query


def _bare(source: Subquery, _by: str, sums: list[Any]) -> Select[Any]:
    return select(source.c.key, source.c.key.label("name"), *sums).group_by(source.c.key)


_PLAIN: dict[str, Any] = {
    "branch": _branches,
    "officer": _people,
    "customer": _named(Customer),
    "client": _named(Client),
}


def largest_first(query: Select[Any], name: str) -> Select[Any]:
    """The rows in the order of a figure; what belongs to none of the dimension's rows comes last."""
    key, figure = query.selected_columns["key"], query.selected_columns[name]
    return query.order_by(key.is_(None), figure.desc().nulls_last(), key)
