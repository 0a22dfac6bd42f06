"""Rows as programs read them: each value in JSON, and only the fields that were asked for."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from app.core.custom_file import HeldFile
from app.core.db import web_session
from app.core.errors import RuleError
from app.core.personal import mask
from app.core.types import Choice
from app.core.web import kept, looks
from app.core.web.cells import as_told
from app.core.web.fields import FieldInfo, listable, typed_fields
from app.core.web.listing import Listing
from app.core.web.principal import Principal, current
from app.core.web.steering import business_date


def json_value(field: FieldInfo, row: Any, principal: Principal, on: date) -> Any:
    """A value for JSON: money and rates as text so that no float touches them, links as {id, text}."""
    value = as_told(field, row, field.value(row, on))
    if value is None:
        return None
    if field.kind == "link":
        return {"id": value.id, "text": str(value)}
    if personal := field.masked_as(row, principal):
        return mask(str(value), personal)
    if field.is_revealed(row, principal):
        looks.note(field, row)
    if field.kind == "json":
        of = None if field.path else field.column.info.get("of")
        return kept.masked(value, of and getattr(row, of), principal)
    if isinstance(value, HeldFile):
        return {"name": value.name, "url": f"/api/v1/field_file/{value.id}/content"}
    if isinstance(value, (Decimal, Choice)):
        return str(value)
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def resource(row: Any, fields: list[FieldInfo]) -> dict[str, Any]:
    """A row as JSON."""
    principal, on = current(), business_date()
    return {"id": row.id, **{field.name: json_value(field, row, principal, on) for field in fields}}


def readable(entity: Any) -> list[FieldInfo]:
    """What a program may read of a row: what a list may show, and whatever can be written."""
    shown = listable(entity)
    names = {field.name for field in shown}
    written = typed_fields(entity)
    return [
        *shown,
        *(field for field in written if field.name not in names and field.kind not in ("password", "file")),
    ]


class Unknown(RuleError):
    """Fields are asked for that an entity does not have."""


def listed(entity: Any, args: MultiDict[str, str]) -> dict[str, Any]:
    """Rows by the screens' filters; `next` is the cursor of the next page or None.

    Raises Unknown, and RuleError for a filter that is none.
    """
    asked = MultiDict((key, raw) for key, raw in args.items(multi=True) if key != "fields")
    listing, session = Listing(entity, asked, current(), business_date()), web_session()
    listing.columns = chosen(entity, listing.columns, args)
    found = listing.page(session)
    rows = [resource(row, listing.columns) for row in found.rows]
    following = listing.cursor(found.rows[-1]) if found.has_more else None
    return {"result": rows, "next": following, "count": listing.count(session)}


def chosen(entity: Any, usual: list[FieldInfo], args: MultiDict[str, str]) -> list[FieldInfo]:
    """The fields named in `?fields=a,b`, in that order; the usual ones where none are.

    Raises Unknown naming those that the entity does not have.
    """
    names = [name.strip() for name in args.get("fields", "").split(",") if name.strip()]
    if not names:
        return usual
    known = {field.name: field for field in readable(entity)}
    known |= {f"{name}_id": field for name, field in known.items() if field.kind == "link"}
    if unknown := sorted({name for name in names if name not in known and name != "id"}):
        raise Unknown(gettext("Unknown fields: %(names)s", names=", ".join(unknown)))
    return list({known[name].name: known[name] for name in names if name != "id"}.values())
