"""What the interface for programs answers: the number, the headers and the shape of each answer, for its description."""

from typing import Any

from sqlalchemy import Integer

from app.core.labels import words
from app.core.web.fields import FieldInfo
from app.core.web.resources import readable

SAID = {
    "200": "done", "201": "created", "202": "nothing was done yet: it waits for approval",
    "400": "not a request as this describes it", "401": "no token", "403": "no right",
    "404": "no such row", "405": "the record lets nobody do this; Allow names what it does",
    "409": "the same request is being worked on, or another changed the same rows at this moment: ask again",
    "412": "the record is no longer as it was read; `stored` holds it as it is", "413": "more than is taken at once",
    "422": "refused, with reasons; nothing was stored", "429": "too many calls: ask again after the seconds of Retry-After",
    "503": "the database does not answer: ask again",
}  # fmt: skip
"""The meaning of an answer's number."""
ALWAYS = ("400", "401", "403", "404", "405", "413", "422", "429", "503")
"""What every call may be answered."""
_ETAG = {"ETag": {"description": "the record's version, for If-Match", "schema": {"type": "string"}}}
_REPLAYED = {"Idempotent-Replayed": {"description": "true: was done before", "schema": {"type": "string"}}}
_RETRY = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
_LIMIT = {"RateLimit-Policy": {"description": "calls, and in how many seconds", "schema": {"type": "string"}}}
_ALLOW = {"Allow": {"description": "methods, with commas between", "schema": {"type": "string"}}}
HEADERS: dict[str, Any] = {
    "200": {**_ETAG, **_REPLAYED}, "201": {**_ETAG, **_REPLAYED}, "202": _REPLAYED, "405": _ALLOW, "409": _RETRY,
    "412": _ETAG, "429": {**_RETRY, **_LIMIT}, "503": _RETRY,
}  # fmt: skip
_TEXT: dict[str, Any] = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_ID = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
_REASONS = {"type": "object", "additionalProperties": _TEXTS, "description": "sentences by field"}


def shape(needed: dict[str, Any], **others: Any) -> dict[str, Any]:
    """An object with what is always in it, and what may be."""
    return {"type": "object", "required": list(needed), "properties": needed | others}


def row_name(entity: Any) -> dict[str, str]:
    """The reference to the shape of an entity's rows."""
    return {"$ref": f"#/components/schemas/{entity.slug()}"}


REFUSED = shape({"message": _TEXT}, errors=_REASONS)
STORED = shape({"result": _ID, "warnings": _TEXTS}, secret=_TEXT)
WAITS = shape({"message": _TEXT, "result": _ID})
DONE = shape({"message": _TEXT}, secret=_TEXT)
_ITEM = shape(
    {"item": {"type": "integer"}, "result": {"type": "string", "enum": ["created", "updated", "unchanged", "refused", "valid"]}},
    id={"type": "integer"}, errors={"type": "object"}, warnings=_TEXTS, secret=_TEXT,
)  # fmt: skip
_ITEMS = {"type": "array", "items": _ITEM}
MANY = shape({"results": _ITEMS, "counts": {"type": "object", "additionalProperties": {"type": "integer"}}})


def listed(entity: Any) -> dict[str, Any]:
    """The answer with a page of rows."""
    rows = {"type": "array", "items": row_name(entity)}
    return shape({"result": rows, "next": {"type": "string", "nullable": True}, "count": {"type": "integer"}})


def answers(entity: Any, **shapes: dict[str, Any] | None) -> dict[str, Any]:
    """The answers of a call: what it is answered in the end by number (`_200=`), and what any call may be."""
    own = {name.removeprefix("_"): found for name, found in shapes.items()}
    known = {code: REFUSED for code in (*ALWAYS, "409") if code != "401"} | {
        "412": shape({"message": _TEXT, "stored": row_name(entity)} if entity is not None else {"message": _TEXT}),
        "422": REFUSED | {"properties": REFUSED["properties"] | {"results": _ITEMS}},
    }  # fmt: skip
    return {code: _answer(code, own.get(code) or known.get(code)) for code in sorted({*own, *ALWAYS})}


def _answer(code: str, found: dict[str, Any] | None) -> dict[str, Any]:
    told: dict[str, Any] = {"description": SAID[code]}
    if code in HEADERS:
        told["headers"] = HEADERS[code]
    return told | ({"content": {"application/json": {"schema": found}}} if found else {})


def row_shape(entity: Any) -> dict[str, Any]:
    """A row as it is read; a call may ask for some of the fields alone."""
    fields = {field.name: read(field) for field in readable(entity)}
    return shape({"id": {"type": "integer"}}, **fields)


def read(field: FieldInfo) -> dict[str, Any]:
    """The schema of one field of a row that is read."""
    told = {"description": field.label if field.custom else words(field.name), "nullable": True}
    if field.kind == "link":
        return shape({"id": {"type": "integer"}, "text": _TEXT}) | told
    if field.kind == "file" and field.custom:
        return shape({"name": _TEXT, "url": _TEXT}) | told
    if field.kind == "json":
        return {"description": told["description"]}
    if field.may_be_personal:
        return _TEXT | told  # a masked one is a text, whatever it was
    return _plain(field) | told


def _plain(field: FieldInfo) -> dict[str, Any]:
    if field.kind == "codes":
        return _TEXTS
    if field.kind == "bool":
        return {"type": "boolean"}
    if field.kind == "choice":
        return {"type": "string", "enum": [*(str(one.value) for one in field.choices), None]}
    if field.kind == "date":
        return {"type": "string", "format": "date"}
    if field.kind == "datetime":
        # what Flask-AppBuilder stamps on its users says no time zone, which the format needs
        return (
            {"type": "string", "format": "date-time"}
            if getattr(field.column.type, "timezone", False)
            else _TEXT
        )
    if field.kind in ("money", "rate"):
        return {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}
    if field.kind in ("number", "days", "id"):
        # numbers with places are text, so that nobody's float touches them
        is_whole = field.kind != "number" or isinstance(field.column.type, Integer)
        return {"type": "integer"} if is_whole and not (field.custom and field.custom.places) else _TEXT
    return _TEXT
