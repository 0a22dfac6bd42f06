"""Where a list begins when its rows are seen for more than one reason."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    any_,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from app.core import registry
from app.core.reach import granted

WIDE = ("all", "none", "login", "branch", "client")
"""Kinds of scope that hold so many rows that looking at the rows in order finds a page sooner."""
MOST_ARMS = 6
"""Above this number of grants, planning each takes longer than reading them as one."""


@dataclass(frozen=True)
class Page:
    """A page of rows in the order of their ids alone, of which no more than this need be looked at."""

    rows: int
    is_descending: bool
    beyond: int | None = None


def ids_in_scope(entity: Any, session: Session, page: Page | None = None) -> list[ColumnElement[bool]]:
    """The ids of an entity that is seen by its own keys or because another table points to it.

    The session's criteria say the same as an OR, which no index answers: a customer list of an officer looked at
    every customer. With a page each grant gives that many ids and stops. [] where there is nothing to be gained;
    never the only thing that keeps a row from being seen.
    """
    reach, scope = getattr(session, "reach", None), entity.__scope__
    if reach is None or reach.kind in WIDE or scope.mode != "keyed" or not scope.opened_in:
        return []
    table, column = scope.opened_in
    opener = registry.by_table(table)
    own, others = entity.__table__.alias("own"), opener.__table__.alias("opener")
    arms = _arms(others, others.c[column], opener.__scope__.key_columns(), reach, page)
    if table != f"{entity.__table__.name}_reach":
        # in a reach table of its own, its own keys stand, too
        arms += _arms(own, own.c.id, scope.key_columns(), reach, page)
    # as an array, an index that has the order gives the page's rows and stops; a join would look at all of them
    found = (
        union_all(*arms).scalar_subquery() if arms else select(literal(None)).where(false()).scalar_subquery()
    )
    return [entity.id == any_(func.array(found, type_=ARRAY(BigInteger)))]


def _arms(table: Any, ids: Any, keys: dict[str, str], reach: Any, page: Page | None) -> list[Select[Any]]:
    """What each grant finds in a table; without a page, or with many grants, all of them at once."""
    if page is None:
        grants = granted(table.c, keys, reach)
        return [select(ids).where(or_(*grants))] if grants else []
    each = reach.officers if len(reach.officers) > 1 and "officer" in keys else ()
    others = replace(reach, officers=(), own=reach.own and reach.user_id not in each) if each else reach
    grants = granted(table.c, keys, others)
    if len(grants) > MOST_ARMS:
        grants = [or_(*grants)]
    # an outer SELECT, because only there a LIMIT may stand in a UNION
    found = [select(_first(ids, page).where(grant).subquery().c[0]) for grant in grants]
    return [*found, _of_each(table, ids, keys["officer"], each, page)] if each else found


def _first(ids: Any, page: Page) -> Select[Any]:
    """The ids of the page and no more, in its order."""
    query = select(ids).distinct().order_by(ids.desc() if page.is_descending else ids.asc()).limit(page.rows)
    if page.beyond is None:
        return query
    return query.where(ids < page.beyond if page.is_descending else ids > page.beyond)


def _of_each(table: Any, ids: Any, key: str, officers: tuple[int, ...], page: Page) -> Select[Any]:
    """The first ids of each officer, for whom an index has them in order; for all together it has not."""
    officer = (
        func.unnest(literal(officers, ARRAY(Integer))).table_valued("id", name="officer").render_derived()
    )
    rows = _first(ids, page).where(table.c[key] == officer.c.id).lateral()
    return select(rows.c[0]).select_from(officer.join(rows, true()))
