"""Where a list begins when its rows are seen for more than one reason."""

from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, any_, func, select, union
from sqlalchemy.orm import Session

from app.core import registry
from app.core.reach import keyed

WIDE = ("all", "none", "login", "branch", "client")
"""Kinds of scope that hold so many rows that looking at the rows in order finds a page sooner."""


def ids_in_scope(entity: Any, session: Session) -> list[ColumnElement[bool]]:
    """The ids of an entity that is seen by its own keys or because another table points to it.

    The session's criteria say the same as an OR, which no index answers: a customer list of an officer looked at
    every customer. [] where there is nothing to be gained; never the only thing that keeps a row from being seen.
    """
    reach, scope = getattr(session, "reach", None), entity.__scope__
    if reach is None or reach.kind in WIDE or scope.mode != "keyed" or not scope.opened_in:
        return []
    table, column = scope.opened_in
    opener = registry.by_table(table)
    own, others = entity.__table__.alias("own"), opener.__table__.alias("opener")
    found = union(
        select(own.c.id).where(keyed(own.c, scope.key_columns(), reach)),
        select(others.c[column]).where(keyed(others.c, opener.__scope__.key_columns(), reach)),
    )
    # as an array, an index that has the order gives the page's rows and stops; a join would look at all of them
    ids = func.array(found.scalar_subquery(), type_=ARRAY(BigInteger))
    return [entity.id == any_(ids)]
