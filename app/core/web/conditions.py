"""Filters of a list: `?status=active&principal__gt=30000&q=text` becomes conditions and removable chips."""

import operator
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import get_locale, gettext, lazy_gettext as _
from sqlalchemy import ColumnElement, String, and_, cast, false, func, or_, select
from werkzeug.datastructures import MultiDict

from app.core.errors import RuleError
from app.core.scope import TREES
from app.core.web.cells import zone
from app.core.web.fields import FieldInfo, as_id, attribute, describe, filterable, label_columns
from app.core.web.principal import Principal

RESERVED = {"q", "sort", "cols", "after", "before", "last", "size", "partial", "next", "ids", "_", "at", "view", "picked"}  # fmt: skip
OPS: dict[str, Any] = {
    "eq": _("is"), "ne": _("is not"), "gt": _("more than"), "lt": _("less than"), "ge": _("at least"),
    "le": _("at most"), "contains": _("contains"), "starts": _("starts with"), "in": _("is one of"), "null": _("is empty"),
}  # fmt: skip
_COMPARED = ("eq", "gt", "ge", "lt", "le", "ne", "null")
OPS_OF: dict[str, tuple[str, ...]] = {
    "money": _COMPARED, "rate": _COMPARED, "number": _COMPARED, "days": ("gt", "ge", "lt", "le", "eq"),
    "id": ("eq",), "date": ("eq", "ge", "le", "gt", "lt", "null"), "datetime": ("ge", "lt"), "choice": ("eq", "ne", "in", "null"),
    "link": ("eq", "ne", "null"), "bool": ("eq",), "text": ("contains", "starts", "eq", "null"),
    "longtext": ("contains",), "code": ("starts", "eq", "contains", "null"), "phone": ("eq", "starts"),
}  # fmt: skip


_COMPARISONS = {"eq": operator.eq, "gt": operator.gt, "lt": operator.lt, "ge": operator.ge, "le": operator.le}


@dataclass(frozen=True)
class Condition:
    """One filter as the address bar says it."""

    key: str
    field: FieldInfo
    op: str
    raw: str


def parse(entity: Any, args: MultiDict[str, str], principal: Principal) -> list[Condition]:
    """The filters in the address. Raises RuleError for a field or operator that is not offered."""
    offered = {field.name: field for field in filterable(entity) if field.is_open_to(principal)}
    found = []
    for key, raw in args.items(multi=True):
        name, _sep, op = key.partition("__")
        if key in RESERVED or not raw:
            continue
        field = offered.get(name) or _reached(entity, name, principal)
        if field is None or (op or "eq") not in OPS_OF.get(field.kind, ()) or "\x00" in raw:
            raise RuleError(gettext("There is no filter %(name)s here", name=key))
        found.append(Condition(key, field, op or "eq", raw))
    return found


def _reached(entity: Any, name: str, principal: Principal) -> FieldInfo | None:
    """Any link may filter (tabs list the rows of one parent), and so may what its rows offer as filters.

    So `loan.region` opens the repayments of a place from a report.
    """
    try:
        field = describe(entity, name)
    except KeyError:
        return None
    if not field.path:
        return field if field.kind == "link" else None
    target = describe(entity, field.path[0]).target
    rest = name.partition(".")[2]
    offered = any(one.name == rest for one in filterable(target)) or _reached(target, rest, principal)
    return field if offered and field.is_open_to(principal) else None


def number(raw: str) -> Decimal:
    """A number as people of any of our languages type it: 1 234,56 or 1,234.56.

    A lone comma before three digits is what it is in the reader's language: 1,500 is 1500 in English and
    Chinese, where a form shows it so, and 1.5 in Ukrainian and Russian. A lone point is always decimal.

    >>> number("1 234,56"), number("1,234.56"), number("-7"), number("1,500"), number("1,5")
    (Decimal('1234.56'), Decimal('1234.56'), Decimal('-7'), Decimal('1500'), Decimal('1.5'))
    """
    plain = re.sub(r"[\s\u00a0\u202f']", "", raw)
    if "," in plain and "." in plain:
        thousands = "," if plain.rfind(".") > plain.rfind(",") else "."
        plain = plain.replace(thousands, "")
    elif plain.count(",") > 1 or (_GROUPED.fullmatch(plain) and _groups_by_comma()):
        plain = plain.replace(",", "")
    try:
        value = Decimal(plain.replace(",", "."))
    except InvalidOperation as error:
        raise RuleError(gettext("%(value)s is not a number", value=raw)) from error
    if not value.is_finite() or abs(value) >= Decimal(10) ** 16:
        raise RuleError(gettext("%(value)s is not a number", value=raw))
    return value


_GROUPED = re.compile(r"-?[1-9]\d{0,2},\d{3}")


def _groups_by_comma() -> bool:
    """Whether the reader's language separates thousands by a comma."""
    locale = get_locale()
    return locale is None or locale.number_symbols["latn"]["group"] == ","


def _day(raw: str) -> date:
    try:
        return date.fromisoformat(raw)
    except ValueError as error:
        raise RuleError(gettext("%(value)s is not a date (year-month-day)", value=raw)) from error


def _typed(field: FieldInfo, raw: str) -> Any:
    """The value of a filter in the column's type."""
    kind = field.kind
    if kind in ("money", "rate"):
        return number(raw)
    if kind == "link":
        return _link(field, raw)
    if kind in ("number", "days", "id"):
        return _within(field, number(raw))
    if kind == "date":
        return _day(raw)
    if kind == "datetime":
        return _midnight(field, _day(raw))
    if kind == "bool":
        return raw.lower() in ("1", "yes", "true")
    return _choice(field, raw) if kind == "choice" else raw


def _link(field: FieldInfo, raw: str) -> int:
    found = as_id(field.target, raw)
    if found is None:
        raise RuleError(gettext("%(value)s is not a number", value=raw))
    return found


def _within(field: FieldInfo, value: Decimal) -> Decimal | int:
    """A number that the column's type can be compared with; days are whole."""
    if value == value.to_integral_value():
        return min(max(int(value), -(2**31) + 1), 2**31 - 1)
    if field.kind == "days":
        raise RuleError(gettext("A whole number is needed"))
    return value


def _midnight(field: FieldInfo, day: date) -> datetime:
    """The instant at which a day begins in the installation's zone, in which the lists show instants."""
    begins = datetime.combine(day, time.min, ZoneInfo(zone()))
    return begins if field.column.type.timezone else begins.astimezone(UTC).replace(tzinfo=None)


def _choice(field: FieldInfo, raw: str) -> Any:
    try:
        return field.choices(raw)
    except ValueError as error:
        raise RuleError(gettext("There is no %(value)s to choose", value=raw)) from error


def clause(entity: Any, condition: Condition, on: date) -> ColumnElement[bool]:
    """The SQL of one filter."""
    field, op, raw = condition.field, condition.op, condition.raw
    if field.path:
        return _beyond(entity, condition, on)
    column = attribute(entity, field)
    if op == "null":
        return column.is_(None) if raw.lower() in ("1", "yes", "true") else column.is_not(None)
    if op == "in":
        return column.in_([_typed(field, one) for one in raw.split(",")])
    if op == "contains":
        return column.icontains(raw, autoescape=True)
    if op == "starts":
        return column.startswith(raw, autoescape=True)
    value = _typed(field, raw)
    if op == "eq" and field.kind == "link" and field.name in TREES and hasattr(entity, f"{field.name}_lft"):
        return _below(entity, field, value)
    if field.derived is not None:
        op, value = field.derived.bound(op, int(value), on)
    return _compare(column, op, value)


def _beyond(entity: Any, condition: Condition, on: date) -> ColumnElement[bool]:
    """Rows whose linked row meets the filter."""
    link = describe(entity, condition.field.path[0])
    inner = replace(condition, field=describe(link.target, condition.field.name.partition(".")[2]))
    return attribute(entity, link).in_(select(link.target.id).where(clause(link.target, inner, on)))


def _below(entity: Any, field: FieldInfo, node_id: int) -> ColumnElement[bool]:
    """Rows of a branch or place include those of everything below it."""
    node, key = field.target, getattr(entity, f"{field.name}_lft")
    edge = select(node.lft), select(node.rgt)
    low, high = (one.where(node.id == node_id).scalar_subquery() for one in edge)
    return key.between(low, high)


def _compare(column: Any, op: str, value: Any) -> ColumnElement[bool]:
    """An empty value is different from every other, and nothing else."""
    return column.is_distinct_from(value) if op == "ne" else _COMPARISONS[op](column, value)


def search(entity: Any, text: str, principal: Principal) -> ColumnElement[bool]:
    """Quick search: codes from their start, names anywhere, linked rows by a subquery of their own."""
    parts = [
        _search_one(entity, name, text.strip(), principal) for name in entity.__screen__.columns("search")
    ]
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
    """Search of a lookup: like the list's, and always over the label."""
    names = [n for n in label_columns(entity) if n != "id" and describe(entity, n).is_open_to(principal)]
    labels = [cast(getattr(entity, name), String) for name in names]
    named = or_(false(), *(func.lower(label).contains(text.lower(), autoescape=True) for label in labels))
    said = [one for name in names for one in _said(getattr(entity, name), describe(entity, name), text)]
    return or_(named, *said, search(entity, text, principal))
