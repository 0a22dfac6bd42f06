"""Grouping of figures: facts of one or several kinds below each other, added up by place, unit or person.

In which township a fact lies is found by a binary search among the numbers of the tree of places, so a report
is one pass over its facts and one sum for each row that is told.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import cache, reduce
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Select,
    String,
    case,
    cast,
    func,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import CTE, Subquery

from app.core.cents import sum_of
from app.core.org import Branch, Region, User
from app.models import Client, Customer
from app.reports.asked import Limits
from app.reports.dimensions import LEVELS

Columns = Mapping[str, Any]


def key_column(by: str) -> str:
    """The column of facts that a dimension needs; none for time and for everything in one row."""
    if by in LEVELS:
        return "region_lft"
    return "" if by in ("", "day", "month") else "product_kind" if by == "kind" else f"{by}_id"


def key_of(entity: Any, by: str, on: Any = None) -> ColumnElement[Any]:
    """What decides in which row of a dimension a fact counts; `on` is the fact's day, or its month's first."""
    if not by:
        return cast(null(), BigInteger)
    if by in LEVELS:
        return place_of(entity.region_lft, by)
    if by == "month" and on.key != "month_on":
        # of a timestamp without a zone: as a date it would be brought into the session's zone, row by row
        return cast(func.date_trunc("month", cast(on, DateTime)), Date)
    return on if by in ("day", "month") else getattr(entity, key_column(by))


def place_of(number: ColumnElement[Any], level: str) -> ColumnElement[Any]:
    """The id of the place of a level that has this number of the tree within it; None where there is none.

    Places of a level lie beside each other, so it can only be the last that begins up to the number.
    """
    begin, end, ids = (select(column).scalar_subquery() for column in _bounds(level).c)
    at = func.width_bucket(number, begin)
    return case((number <= type_coerce(end, ARRAY(BigInteger))[at], type_coerce(ids, ARRAY(BigInteger))[at]))


@cache
def _bounds(level: str) -> CTE:
    """One row: where the places of a level begin and end in the tree, and which they are, in its order."""
    columns = (Region.lft.label("begin"), Region.rgt.label("end"), Region.id.label("place"))
    bounds = (func.array_agg(aggregate_order_by(one.element, Region.lft)).label(one.key) for one in columns)
    return select(*bounds).where(Region.level == level).cte(level)


def facts(
    entity: Any, asked: Limits, by: str, columns: Columns, conditions: Sequence[Any] = (), on: Any = None
) -> Select[Any]:
    """An entity's rows within what is asked: the key of the dimension and the amounts to add up."""
    amounts = [expression.label(name) for name, expression in columns.items()]
    return select(key_of(entity, by, on).label("key"), *amounts).where(*asked.where(entity), *conditions)


def together(names: Sequence[str], *parts: Select[Any]) -> Subquery:
    """Facts of several kinds below each other, each with the amounts it has."""
    inners = [part.subquery() for part in parts]
    types = {column.key: column.type for inner in inners for column in inner.c}
    completed = []
    for inner in inners:
        own = [inner.c[name] if name in inner.c else cast(null(), types[name]).label(name) for name in names]
        completed.append(select(inner.c.key, *own))
    return completed[0].subquery() if len(completed) == 1 else union_all(*completed).subquery()


def added(source: Subquery, by: str, sums: Mapping[str, Sequence[str]]) -> Select[Any]:
    """Facts that all have every amount: each figure is the sum of one amount or of several.

    An amount is added up once, whichever figures it is part of.
    """
    figures = {name: (sum_of(source.c[part]) for part in parts) for name, parts in sums.items()}
    return by_rows(source, by, {name: reduce(operator.add, parts) for name, parts in figures.items()})


def grouped(source: Subquery, by: str, names: Sequence[str]) -> Select[Any]:
    """Facts by rows of the dimension: key, name, perhaps detail, and the sums of the named amounts.

    A row that tells nothing any more, its loans all having gone elsewhere, is left out.
    """
    query = by_rows(source, by, {name: sum_of(source.c[name]) for name in names})
    return query.where(or_(*(query.selected_columns[name] != 0 for name in names))) if by else query


def by_rows(source: Subquery, by: str, sums: Columns) -> Select[Any]:
    """Any sums over a source that has a `key`, by rows of the dimension; in one row without a dimension."""
    columns = [expression.label(name) for name, expression in sums.items()]
    if not by:
        nothing: list[Any] = [cast(null(), BigInteger).label("key"), cast(null(), String).label("name")]
        return select(*nothing, *columns)
    added = select(source.c.key, *columns).group_by(source.c.key).subquery()
    return _NAMED.get(by, _bare)(added, [added.c[name] for name in sums])


def _places(added: Subquery, figures: list[Any]) -> Select[Any]:
    """By place, with the place above it as the detail.

    Names are looked up rather than joined: a page shows some hundreds of thousands of villages.
    """
    place, above, child = aliased(Region), aliased(Region), aliased(Region)
    name = select(place.name).where(place.id == added.c.key).scalar_subquery()
    detail = select(above.name).join(child, child.parent_id == above.id).where(child.id == added.c.key)
    return select(added.c.key, name.label("name"), detail.scalar_subquery().label("detail"), *figures)


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
    **dict.fromkeys(LEVELS, _places),
    "branch": _branches,
    "officer": _people,
    "customer": _of(Customer),
    "client": _of(Client),
}


def largest_first(query: Select[Any], name: str) -> Select[Any]:
    """The rows in the order of a figure; what belongs to none of the dimension's rows comes last."""
    key, figure = query.selected_columns["key"], query.selected_columns[name]
    return query.order_by(key.is_(None), figure.desc().nulls_last(), key)
