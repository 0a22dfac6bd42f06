"""The OpenAPI description of an entity's resource, from its declaration, and where all of them are served."""

from typing import Any

from flask_appbuilder.api.manager import OpenApi

from app.core.labels import words
from app.core.web.conditions import MOST, OPS_OF, RESERVED
from app.core.web.fields import FieldInfo, describe_all, filterable
from app.core.web.forms import is_required
from app.core.web.listing import MOST_ORDERS

_FILTERS = (
    "Rows that meet every filter. Filters with a prefix any1. to any99. make groups, of which one filter is enough: "
    f"any1.status=overdue&any1.days_past_due__gt=30. At most {MOST} filters."
)
_OF_DAYS = (
    "a date (year-month-day), or a period: today, yesterday, tomorrow; last-30-days, next-7-days, older-than-30-days with any "
    "number; this-, last- or next- with week (from Monday), month, quarter or year"
)
_TYPES = {"number": "integer", "days": "integer", "id": "integer", "link": "integer", "bool": "boolean"}


def _schema(field: FieldInfo) -> dict[str, Any]:
    """JSON schema of one field."""
    described: dict[str, Any] = {"type": _TYPES.get(field.kind, "string"), "description": words(field.name)}
    if field.kind == "choice":
        described["enum"] = [str(one.value) for one in field.choices]
    elif field.words:
        described["enum"] = list(field.words)
    elif field.kind in ("date", "datetime"):
        described["format"] = "date" if field.kind == "date" else "date-time"
    elif field.kind in ("money", "rate"):
        described["pattern"] = r"^-?\d+(\.\d+)?$"
    elif field.kind == "codes":
        described = {"type": "array", "items": {"type": "string"}}
    return described


def _parameters(entity: Any) -> list[dict[str, Any]]:
    """Filters, order and paging of the list."""
    plain = {
        "q": "quick search",
        "sort": f"up to {MOST_ORDERS} columns by commas, - for descending",
        "cols": "columns to return",
        "after": "cursor",
        "size": "25, 50 or 100",
    }
    found = [
        {"in": "query", "name": name, "description": text, "schema": {"type": "string"}}
        for name, text in plain.items()
    ]
    for field in filterable(entity):
        told = {"description": _OF_DAYS} if field.kind in ("date", "datetime") else {}
        for op in OPS_OF.get(field.kind, ()):
            name = field.name if op == "eq" and field.name not in RESERVED else f"{field.name}__{op}"
            found.append({"in": "query", "name": name, **told, "schema": {"type": "string"}})
    return found


def methods(entity: Any) -> dict[str, Any]:
    """What Flask-AppBuilder merges into its specification, by method of the resource."""
    fields = describe_all(entity, entity.__screen__.form_columns)
    body = {
        "required": True,
        "content": {"application/json": {"schema": {
            "type": "object",
            "properties": {f.name: _schema(f) for f in fields},
            **({"required": needed} if (needed := [f.name for f in fields if is_required(f.column) and f.kind != "bool"]) else {}),
        }}},
    }  # fmt: skip
    security: list[dict[str, list[str]]] = [{"jwt": []}]
    answers = {
        code: {"description": text}
        for code, text in {
            "200": "done",
            "401": "no token",
            "403": "no right",
            "404": "no such row",
            "422": "refused, with reasons",
        }.items()
    }
    pk = {"in": "path", "name": "pk", "required": True, "schema": {"type": "integer"}}
    common = {"responses": answers, "security": security}
    return {
        "get_list": {"get": {"description": _FILTERS, "parameters": _parameters(entity), **common}},
        "get": {"get": {"parameters": [pk], **common}},
        "post": {"post": {"requestBody": body, **common, "responses": {**answers, "201": {"description": "created"}}}},
        "put": {"put": {"parameters": [pk], "requestBody": body, **common}},
        "delete": {"delete": {"parameters": [pk], **common}},
        "operate": {"post": {
            "parameters": [pk, {"in": "path", "name": "name", "required": True, "schema": {"type": "string"}}], **common,
        }},
    }  # fmt: skip


class Description(OpenApi):
    """`/api/v1/_openapi` for whoever holds a token, without Swagger's page: it loads other hosts' scripts."""

    allow_browser_login = False
    class_permission_name = "OpenApi"
