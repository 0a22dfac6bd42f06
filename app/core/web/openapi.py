"""The OpenAPI description of an entity's resource, from its declaration, and where all of them are served."""

from collections.abc import Sequence
from typing import Any

from flask_appbuilder.api.manager import OpenApi

from app.core import registry
from app.core.labels import words
from app.core.operation import Operation
from app.core.types import Choice
from app.core.web import operations
from app.core.web.answers import DONE, MANY, STORED, WAITS, answers, listed, row_name, shape
from app.core.web.api_base import Api
from app.core.web.conditions import MOST, OPS_OF, RESERVED
from app.core.web.fields import FieldInfo, filterable, typed_fields
from app.core.web.forms import is_required
from app.core.web.listing import MOST_ORDERS
from app.core.web.reasons import HEADER, LONGEST
from app.core.web.resources import readable
from app.core.web.upserts import MODES, MOST_ITEMS, key_of

KEY: dict[str, Any] = {
    "in": "header", "name": "Idempotency-Key", "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "A name for this request, new for each. Asked again with it within 24 hours, what was done is not done "
    "again but told again, with the header Idempotent-Replayed: true. What was refused may be asked again with it.",
}  # fmt: skip
IF_MATCH: dict[str, Any] = {
    "in": "header", "name": "If-Match", "schema": {"type": "string"},
    "description": "The ETag that the record was read with. If somebody changed it meanwhile, nothing is done: 412.",
}  # fmt: skip
REASON: dict[str, Any] = {
    "in": "header", "name": HEADER, "schema": {"type": "string"},
    "description": f"Why; kept with the history of what is changed. At most {LONGEST} letters, those beyond ASCII "
    "percent-encoded as UTF-8.",
}  # fmt: skip
LAST_WINS = "Without If-Match the last writer wins: fields that are said replace what stands there."
_PK = {"in": "path", "name": "pk", "required": True, "schema": {"type": "integer", "minimum": 1}}

_FILTERS = (
    "Rows that meet every filter. Filters with a prefix any1. to any99. make groups, of which one filter is enough: "
    f"any1.status=overdue&any1.days_past_due__gt=30. At most {MOST} filters."
)
_OF_DAYS = (
    "a date (year-month-day), or a period: today, yesterday, tomorrow; last-30-days, next-7-days, older-than-30-days with any "
    "number; this-, last- or next- with week (from Monday), month, quarter or year"
)
_TYPES = {"number": "integer", "days": "integer", "id": "integer", "link": "integer", "bool": "boolean"}


def schema(field: FieldInfo) -> dict[str, Any]:
    """JSON schema of one field."""
    kind = "string" if field.custom and field.custom.places else _TYPES.get(field.kind, "string")
    described: dict[str, Any] = {
        "type": kind,
        "description": field.label if field.custom else words(field.name),
    }
    if field.kind == "choice":
        described["enum"] = [str(one.value) for one in field.choices]
    elif field.words:
        described["enum"] = list(field.words)
    elif field.kind in ("date", "datetime"):
        described["format"] = "date" if field.kind == "date" else "date-time"
    elif field.kind in ("money", "rate"):
        described["pattern"] = r"^-?\d+(\.\d+)?$"
    elif field.kind == "file" and field.custom:
        told = f"{field.label}: an attachment of the record, by its id, or a file; null empties it. Read as {{name, url}}"
        described = {"type": "integer", "nullable": True, "description": told}
    elif field.kind == "file":
        described |= {"format": "binary", "description": "the file; the body is then multipart/form-data"}
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
    return [*found, _fields(entity)]


def _fields(entity: Any) -> dict[str, Any]:
    names = ", ".join(field.name for field in readable(entity))
    return {
        "in": "query", "name": "fields", "schema": {"type": "string"},
        "description": f"the fields to return, with commas between: {names}",
    }  # fmt: skip


def _body(
    properties: dict[str, Any], required: list[str], fields: Sequence[FieldInfo] = ()
) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, **({"required": required} if required else {})}
    files = {one.name: bool(one.custom) for one in fields if one.kind == "file"}
    sent = {name: {"type": "string", "format": "binary"} for name, is_custom in files.items() if is_custom}
    plain = {"application/json": {"schema": schema}}
    multipart = {"multipart/form-data": {"schema": {**schema, "properties": properties | sent}}}
    content = plain if not files else plain | multipart if all(files.values()) else multipart
    return {"required": True, "content": content}


def arguments(operation: Operation) -> tuple[dict[str, Any], list[str]]:
    """(schema by name, names of those that are needed) of what an operation asks for."""
    found, needed = {}, []
    for one in operation.arguments:
        kind, column, optional = operations.read(one.annotation)
        field = FieldInfo(operation.entity, one.name, str(column.info.get("kind", "text")), column)
        if one.name.endswith("_id"):
            said: dict[str, Any] = {"type": "integer", "minimum": 1}
        elif isinstance(kind, type) and issubclass(kind, Choice):
            said = {"type": "string", "enum": [str(each.value) for each in kind]}
        else:
            said = {"type": "string"} if field.kind == "codes" else schema(field)
        found[one.name] = said | {"description": str(operation.labels.get(one.name) or words(one.name))}
        if not (optional or field.kind == "bool" or one.default is not one.empty):
            needed.append(one.name)
    return found, needed


def call(parameters: list[Any], told: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One call: what it takes and what it answers."""
    return {"parameters": parameters, "responses": told, "security": [{"jwt": []}], **more}


def doing(entity: Any) -> dict[str, dict[str, Any]]:
    """What each operation takes and answers, by its name."""
    found = {}
    for one in registry.operations(entity):
        told = answers(entity, _200=DONE, _202=DONE, _409=None, _412=None)
        parameters = [_PK, IF_MATCH, KEY, REASON]
        found[one.name] = call(
            parameters, told, requestBody=_body(*arguments(one)), description=str(one.label)
        )
    return found


def methods(entity: Any) -> dict[str, Any]:
    """What the entity offers, by method of the resource, for Flask-AppBuilder's specification."""
    verbs = {"add": ("post", "bulk"), "edit": ("put", "bulk"), "delete": ("delete",)}
    offered = {name for verb in entity.__screen__.operations.split() for name in verbs[verb]}
    offered |= {"get_list", "get"}
    fields = typed_fields(entity)
    properties = {field.name: schema(field) for field in fields}
    in_bulk = {one.name: properties[one.name] for one in fields if not (one.custom and one.kind == "file")}
    needed = [field.name for field in fields if is_required(field.column) and field.kind != "bool"]
    one = [_PK, IF_MATCH, KEY, REASON]
    kept = {field.name for field in fields if field.is_fixed}
    changing = {called: schema for called, schema in properties.items() if called not in kept}
    change = call(
        one,
        answers(entity, _200=STORED, _202=WAITS, _409=None, _412=None),
        requestBody=_body(changing, [], [one for one in fields if not one.is_fixed]),
        description=LAST_WINS,
    )
    known = {
        "get_list": {
            "get": call(_parameters(entity), answers(entity, _200=listed(entity)), description=_FILTERS)
        },
        "get": {
            "get": call([_PK, _fields(entity)], answers(entity, _200=shape({"result": row_name(entity)})))
        },
        "post": {
            "post": call(
                [KEY, REASON],
                answers(entity, _201=STORED, _409=None),
                requestBody=_body(properties, needed, fields),
            )
        },
        "put": {"put": change, "patch": change},
        "delete": {
            "delete": call(one, answers(entity, _200=DONE, _409=None, _412=None), description=LAST_WINS)
        },
        "bulk": {"post": _bulk(entity, in_bulk)},
    }
    return {called: said for called, said in known.items() if called in offered}


_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
CONTENT: dict[str, Any] = {
    "get": {
        "parameters": [_PK], "responses": answers(None) | {"200": {"description": "the file", "content": _BYTES}},
        "security": [{"jwt": []}], "description": "The file as it was uploaded.",
    }
}  # fmt: skip
"""The content of a file, which is no JSON."""


def _bulk(entity: Any, properties: dict[str, Any]) -> dict[str, Any]:
    """The call that creates and updates many rows."""
    key = " and ".join(field.name for field in key_of(entity))
    found = f"its id, else by {key}" if key else "its id"
    mode = {
        "in": "query", "name": "mode", "schema": {"type": "string", "enum": list(MODES), "default": MODES[0]},
        "description": "all: nothing is stored if an item is refused (422); valid: the others are stored",
    }  # fmt: skip
    items = {
        "type": "array", "maxItems": MOST_ITEMS,
        "items": {"type": "object", "properties": {"id": {"type": "integer", "minimum": 1}, **properties}},
    }  # fmt: skip
    return call(
        [mode, KEY, REASON], answers(entity, _200=MANY, _409=None), requestBody=_body({"items": items}, ["items"]),
        description=f"Creates or updates each item, in one transaction. A row that is there is found by {found}; of it "
        "only the fields said are changed. Each result is created, updated, unchanged or refused with the reasons by field.",
    )  # fmt: skip


class Description(Api, OpenApi):
    """`/api/v1/_openapi` for whoever holds a token, without Swagger's page: it loads other hosts' scripts."""

    class_permission_name = "OpenApi"
