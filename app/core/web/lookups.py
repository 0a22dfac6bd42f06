"""Lookups: rows to choose from by typing, always within scope, never a whole table."""

from typing import Any

from flask import abort, jsonify, request
from flask_appbuilder import expose, has_access
from flask_appbuilder.baseviews import BaseView
from sqlalchemy import select
from sqlalchemy.orm import load_only

from app.core import registry
from app.core.alphabet import by_alphabet
from app.core.db import web_session
from app.core.labels import subject
from app.core.web import followed
from app.core.web.conditions import lookup_search
from app.core.web.fields import describe, label_columns
from app.core.web.principal import Principal, current
from app.core.web.register import screen

MOST = 30


def rows(entity: Any, text: str, principal: Principal) -> dict[str, Any]:
    """At most 30 visible rows whose label or search columns match; {"results": [{value, text, sub}]}."""
    query = select(entity).options(
        load_only(entity.id, *(getattr(entity, name) for name in label_columns(entity)))
    )
    query = query.where(*followed.open_to(entity, principal))
    text = text.strip().replace("\x00", "")
    if text:
        query = query.where(lookup_search(entity, text, principal))
    found = web_session().scalars(query.order_by(*_by_label(entity), entity.id).limit(MOST)).unique()
    return {"results": [{"value": str(row.id), "text": str(row), "sub": ""} for row in found]}


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
        return jsonify(rows(entity, request.args.get("q", ""), current()))
