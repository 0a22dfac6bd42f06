"""The OpenAPI description of an entity's resource, from its declaration, and where all of them are served."""

from collections.abc import Callable, Sequence
from inspect import Parameter
from typing import Any

from flask_appbuilder.api.manager import OpenApi
from sqlalchemy import Column

from app.core import registry
from app.core.labels import words
from app.core.operation import Operation
from app.core.types import Choice
from app.core.web.api_base import Api
from app.core.web.conditions import MOST, OPS_OF, RESERVED
from app.core.web.fields import FieldInfo, filterable, typed_fields
from app.core.web.forms import is_required
from app.core.web.listing import MOST_ORDERS
from app.core.web.operations import read_type
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
SAID = {
    "200": "done", "201": "created", "202": "nothing was stored yet: the change waits for approval",
    "400": "not a request as this describes it", "401": "no token", "403": "no right",
    "404": "no such row", "409": "the same request is being worked on, or another changed the same rows at this moment: ask again",
    "412": "the record is no longer as it was read; `stored` holds it as it is", "422": "refused, with reasons; nothing was stored",
    "503": "the database does not answer: ask again",
}  # fmt: skip
"""The meaning of an answer's number."""
_ETAG = {"ETag": {"description": "the record's version, for If-Match", "schema": {"type": "string"}}}
_REPLAYED = {"Idempotent-Replayed": {"description": "true: was done before", "schema": {"type": "string"}}}
_RETRY = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
HEADERS: dict[str, Any] = {
    "200": {**_ETAG, **_REPLAYED}, "201": {**_ETAG, **_REPLAYED}, "202": _REPLAYED, "409": _RETRY, "412": _ETAG, "503": _RETRY,
}  # fmt: skip

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


def arguments(operation: Operation) -> dict[str, dict[str, Any]]:
    """What a verb asks for: name of an argument → its schema, which says whether it may be left out."""
    return {one.name: _argument(operation, one) for one in operation.arguments}


def _argument(operation: Operation, parameter: Parameter) -> dict[str, Any]:
    kind, column, optional = read_type(parameter.annotation)
    if parameter.name.endswith("_id"):
        column = Column(info={"kind": "link"})
    elif isinstance(kind, type) and issubclass(kind, Choice):
        column = Column(info={"kind": "choice", "choices": kind})
    described = schema(FieldInfo(operation.entity, parameter.name, column.info["kind"], column))
    may_lack = optional or parameter.default is not parameter.empty
    return described | ({"description": f"{described['description']}; may be left out"} if may_lack else {})


def _of_verbs(entity: Any) -> dict[str, Any]:
    """The body of the call of verbs: what any of them asks for, and in words which of them does."""
    known = {one.name: arguments(one) for one in registry.operations(entity)}
    schemas: dict[str, list[dict[str, Any]]] = {}
    for asked in known.values():
        for name, described in asked.items():
            if described not in schemas.setdefault(name, []):
                schemas[name].append(described)
    properties = {name: some[0] if len(some) == 1 else {"anyOf": some} for name, some in schemas.items()}
    told = "; ".join(f"{verb}: {', '.join(asked) or 'nothing'}" for verb, asked in sorted(known.items()))
    return {"requestBody": _body(properties, []), "description": f"What each verb asks for: {told}."}


def _answers(*codes: str) -> dict[str, Any]:
    """The answers with these numbers, and those that every call may get."""
    wanted = sorted({*codes, "400", "401", "403", "404", "422", "503"})
    return {
        code: {"description": SAID[code], **({"headers": HEADERS[code]} if code in HEADERS else {})}
        for code in wanted
    }


def methods(entity: Any) -> dict[str, Any]:
    """What the entity offers, by method of the resource, for Flask-AppBuilder's specification."""
    verbs = {"add": ("post", "bulk"), "edit": ("put", "bulk"), "delete": ("delete",)}
    offered = {name for verb in entity.__screen__.operations.split() for name in verbs[verb]}
    names = sorted(each.name for each in registry.operations(entity))
    offered |= {"get_list", "get", *(("operate",) if names else ())}
    fields = typed_fields(entity)
    properties = {field.name: schema(field) for field in fields}
    in_bulk = {one.name: properties[one.name] for one in fields if not (one.custom and one.kind == "file")}
    needed = [field.name for field in fields if is_required(field.column) and field.kind != "bool"]
    pk = {"in": "path", "name": "pk", "required": True, "schema": {"type": "integer", "minimum": 1}}
    name = {"in": "path", "name": "name", "required": True, "schema": {"type": "string", "enum": names}}
    security: list[dict[str, list[str]]] = [{"jwt": []}]

    def call(parameters: list[Any], answers: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"parameters": parameters, "responses": answers, "security": security, **more}

    one = [pk, IF_MATCH, KEY, REASON]
    changed = _answers("200", "409", "412")
    kept = {field.name for field in fields if field.is_fixed}
    changing = {called: schema for called, schema in properties.items() if called not in kept}
    change = call(
        one,
        _answers("200", "202", "409", "412"),
        requestBody=_body(changing, [], [one for one in fields if not one.is_fixed]),
        description=LAST_WINS,
    )
    known = {
        "get_list": {"get": call(_parameters(entity), _answers("200"), description=_FILTERS)},
        "get": {"get": call([pk, _fields(entity)], _answers("200"))},
        "post": {
            "post": call([KEY, REASON], _answers("201", "409"), requestBody=_body(properties, needed, fields))
        },
        "put": {"put": change, "patch": change},
        "delete": {"delete": call(one, changed, description=LAST_WINS)},
        "bulk": {"post": _bulk(entity, in_bulk, call)},
        "operate": {"post": call([*one[:1], name, *one[1:]], changed, **_of_verbs(entity))},
    }
    return {called: said for called, said in known.items() if called in offered}


_PK = {"in": "path", "name": "pk", "required": True, "schema": {"type": "integer", "minimum": 1}}
_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
CONTENT: dict[str, Any] = {
    "get": {
        "parameters": [_PK], "responses": _answers("200") | {"200": {"description": "the file", "content": _BYTES}},
        "security": [{"jwt": []}], "description": "The file as it was uploaded.",
    }
}  # fmt: skip
"""The content of a file, which is no JSON."""


def _bulk(entity: Any, properties: dict[str, Any], call: Callable[..., dict[str, Any]]) -> dict[str, Any]:
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
        [mode, KEY, REASON], _answers("200", "409"), requestBody=_body({"items": items}, ["items"]),
        description=f"Creates or updates each item, in one transaction. A row that is there is found by {found}; of it "
        "only the fields said are changed. Each result is created, updated, unchanged or refused with the reasons by field.",
    )  # fmt: skip


class Description(Api, OpenApi):
    """`/api/v1/_openapi` for whoever holds a token, without Swagger's page: it loads other hosts' scripts."""

    class_permission_name = "OpenApi"
