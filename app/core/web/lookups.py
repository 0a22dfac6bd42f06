"""Lookups: rows to choose from by typing, always within scope, never a whole table."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import abort, jsonify, request
from flask_appbuilder import expose, has_access
from flask_appbuilder.baseviews import BaseView
from sqlalchemy import and_, select, true
from sqlalchemy.orm import load_only

from app.core import registry
from app.core.alphabet import by_alphabet
from app.core.db import web_session
from app.core.labels import subject
from app.core.web import followed
from app.core.web.driving import ids_in_scope
from app.core.web.fields import FieldInfo, as_id, describe, label_columns
from app.core.web.principal import Principal, current
from app.core.web.quick_search import lookup_search
from app.core.web.register import screen

MOST = 30
NEAR = "near."
"""Before the columns of an address by which rows are near."""


def rows(
    entity: Any, text: str, principal: Principal, near: Mapping[str, int] | None = None, such: Any = None
) -> dict[str, Any]:
    """At most 30 visible rows, `such` ones, whose label or search columns match; {"results": [{value, text, sub}]}.

    Those that are `near` (column → id) what the form says already stand before the others.
    """
    query = select(entity).options(
        load_only(entity.id, *(getattr(entity, name) for name in label_columns(entity)))
    )
    in_scope = ids_in_scope(entity, web_session())
    query = query.where(*in_scope, *followed.open_to(entity, principal), true() if such is None else such)
    text = text.strip().replace("\x00", "")
    if text:
        query = query.where(lookup_search(entity, text, principal))
    query = query.order_by(*_by_label(entity), entity.id)
    # by two statements, each of which has an index: sorted by nearness, all rows in sight would be read
    is_near = and_(true(), *(getattr(entity, name) == row_id for name, row_id in (near or {}).items()))
    found = list(web_session().scalars(query.where(is_near).limit(MOST)).unique())
    if near and len(found) < MOST:
        others = query.where(is_near.is_not(true())).limit(MOST - len(found))
        found += web_session().scalars(others).unique()
    return {"results": [{"value": str(row.id), "text": str(row), "sub": ""} for row in found]}


def dependent(fields: Sequence[FieldInfo]) -> dict[str, dict[str, str]]:
    """Input of a link → the inputs of other links by which its rows are ordered, each with the column that says so.

    Derived where it is unambiguous: the rows to choose from have just one link to what the other field chooses (users
    have one branch, so of a chosen branch its users come first). The others follow and can be chosen all the same: an
    officer may work for two branches, and what may stand there is for the entity's rules to say.
    """
    links = [field for field in fields if field.kind == "link" and not field.custom]
    return {
        field.column.key: found
        for field in links
        if (
            found := {
                other.column.key: name for other in links if (name := _only_link(field.target, other.target))
            }
        )
    }


def _only_link(entity: Any, target: Any) -> str | None:
    """The one column by which an entity's rows point to rows of another; None where there is none or several."""
    columns = [c.key for c in entity.__table__.columns if c.info.get("link") == target.slug()]
    return str(columns[0]) if len(columns) == 1 and entity is not target else None


def near(entity: Any, args: Mapping[str, str]) -> dict[str, int]:
    """What an address says of nearness: `near.branch_id=3`; what is no link of the entity's rows or no id is passed over."""
    columns = {c.key: c for c in entity.__table__.columns if c.info.get("link")}
    said = {name.removeprefix(NEAR): raw for name, raw in args.items() if name.startswith(NEAR)}
    known = {name: as_id(registry.entity(columns[name].info["link"]), raw) for name, raw in said.items() if name in columns}  # fmt: skip
    return {name: row_id for name, row_id in known.items() if row_id is not None}


def _by_label(entity: Any) -> list[Any]:
    """The order of the rows' labels: names by the alphabet."""
    fields = [describe(entity, name) for name in label_columns(entity)]
    columns = [(field, getattr(entity, field.name)) for field in fields]
    return [by_alphabet(column) if field.kind == "text" else column for field, column in columns]


@screen()
class Lookups(BaseView):
    """Rows to choose for an argument of an operation or report."""

    route_base = "/lookups"
    class_permission_name = "Lookups"

    @expose("/<slug>")
    @has_access
    def rows(self, slug: str) -> Any:
        if not registry.has_entity(slug):
            abort(404)
        entity = registry.entity(slug)
        if not current().may("can_list", subject(entity)):
            abort(404)
        args = request.args
        return jsonify(rows(entity, args.get("q", ""), current(), near(entity, args)))
