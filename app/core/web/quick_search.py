"""Search by a word or two: of a list, and of what a lookup offers."""

from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, false, func, or_, select

from app.core.labels import subject
from app.core.web.fields import FieldInfo, attribute, customs, describe, label_columns
from app.core.web.principal import Principal


def search(entity: Any, text: str, principal: Principal) -> ColumnElement[bool]:
    """Quick search: codes from their start, names anywhere, linked rows by a subquery of their own."""
    searched = [field.name for field in customs(entity) if field.custom and field.custom.is_searched]
    names = [*entity.__screen__.columns("search"), *searched]
    parts = [_search_one(entity, name, text.strip(), principal) for name in names]
    return or_(false(), *(part for part in parts if part is not None))


def _search_one(entity: Any, name: str, text: str, principal: Principal) -> ColumnElement[bool] | None:
    field = describe(entity, name)
    if not field.is_open_to(principal):
        return None
    if field.path:
        link = describe(entity, field.path[0])
        target = link.target
        inner = _search_one(target, name.partition(".")[2], text, principal)
        return None if inner is None else attribute(entity, link).in_(select(target.id).where(inner))
    found = _matches(attribute(entity, field), field.kind, text)
    return or_(found, *_said(attribute(entity, field), field, text))


def _said(column: Any, field: FieldInfo, text: str) -> list[ColumnElement[bool]]:
    """Codes are also found by the words in which they are shown."""
    found = [code for code, words in field.spoken.items() if text.strip().lower() in str(words).lower()]
    return [column.in_(found)] if found else []


def _matches(column: Any, kind: str, text: str) -> ColumnElement[bool]:
    if kind in ("code", "phone"):
        return column.startswith(text, autoescape=True)
    if kind == "id":
        return cast(column, String) == text
    return and_(*(func.lower(column).contains(word.lower(), autoescape=True) for word in text.split()[:5]))


def lookup_search(entity: Any, text: str, principal: Principal) -> ColumnElement[bool]:
    """Search of a lookup: always over the label, and like the list's for those who may open that.

    What a person does not see of the rows he chooses from must not be found out by searching for it.
    """
    names = [n for n in label_columns(entity) if n != "id" and describe(entity, n).is_open_to(principal)]
    labels = [cast(getattr(entity, name), String) for name in names]
    named = or_(false(), *(func.lower(label).contains(text.lower(), autoescape=True) for label in labels))
    said = [one for name in names for one in _said(getattr(entity, name), describe(entity, name), text)]
    may_search = principal.may("can_list", subject(entity))
    return or_(named, *said, *([search(entity, text, principal)] if may_search else []))
