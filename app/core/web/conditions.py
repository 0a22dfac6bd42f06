"""Filters of a list: `?status=active&principal__gt=30000&q=text` becomes conditions and removable chips.

All of them hold, save those of one group, of which one is enough: `any1.status=overdue&any1.principal__gt=30000`.
A filter of days takes a day or a period that moves with it: `disbursed_on=last-30-days`.
"""

import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased
from werkzeug.datastructures import MultiDict

from app.core import registry
from app.core.errors import RuleError
from app.core.labels import subject
from app.core.scope import TREES
from app.core.tree import Tree
from app.core.web import changed_values
from app.core.web.fields import FieldInfo, attribute, describe, filterable, listable
from app.core.web.filter_names import split
from app.core.web.filter_values import after, days, is_yes, midnight, typed
from app.core.web.principal import Principal, current

RESERVED = {"q", "sort", "cols", "after", "before", "last", "size", "partial", "next", "ids", "_", "at", "view", "picked"}  # fmt: skip
OPS: dict[str, Any] = {
    "eq": _("is"), "ne": _("is not"), "gt": _("more than"), "lt": _("less than"), "ge": _("at least"),
    "le": _("at most"), "contains": _("contains"), "starts": _("starts with"), "in": _("is one of"), "null": _("is empty"), "exact": _("is exactly"),
    "value": _("has the value"),
}  # fmt: skip
_COMPARED = ("eq", "gt", "ge", "lt", "le", "ne", "null")
OPS_OF: dict[str, tuple[str, ...]] = {
    "money": _COMPARED, "rate": _COMPARED, "number": _COMPARED, "days": ("gt", "ge", "lt", "le", "eq"),
    "id": ("eq",), "date": ("eq", "ge", "le", "gt", "lt", "null"), "datetime": ("eq", "ge", "lt", "null"), "choice": ("eq", "ne", "in", "null"),
    "link": ("eq", "ne", "in", "null", "exact"), "bool": ("eq", "null"), "text": ("contains", "starts", "eq", "null"),
    "longtext": ("contains",), "json": ("contains", "value"), "file": ("null",), "code": ("starts", "eq", "contains", "null"), "phone": ("eq", "starts"),
    "links": ("in",),
}  # fmt: skip
MOST = 20
"""Filters of one list; more are a slip of a program, and slow."""
MOST_LINKED = 50
"""Records of which a filter by a link takes one."""
_COMPARISONS = {"eq": operator.eq, "gt": operator.gt, "lt": operator.lt, "ge": operator.ge, "le": operator.le}


@dataclass(frozen=True)
class Condition:
    """One filter as the address bar says it."""

    key: str
    field: FieldInfo
    op: str
    raw: str
    group: str = ""
    """The name of its group, if one filter of that is enough."""


def parse(entity: Any, args: MultiDict[str, str], principal: Principal) -> list[Condition]:
    """The filters in the address. Raises RuleError for a field or operator that is not offered."""
    offered = {field.name: field for field in filterable(entity) if field.is_open_to(principal)}
    found = []
    for key, raw in args.items(multi=True):
        if key in RESERVED or not raw:
            continue
        group, name, op = split(key)
        field = offered.get(name) or _reached(entity, name, principal)
        if field is None or "\x00" in raw:
            raise RuleError(gettext("There is no filter %(name)s here", name=key))
        if op not in (ops := OPS_OF.get(field.kind, ())):
            known = {"name": field.label, "op": op, "ops": ", ".join(ops)}
            raise RuleError(gettext("%(name)s cannot be filtered by “%(op)s”, only by %(ops)s", **known))
        found.append(Condition(key, field, op, raw, group))
    if len(found) > MOST:
        raise RuleError(gettext("A list takes at most %(most)s filters", most=MOST))
    return found


def written(text: str | None) -> MultiDict[str, str]:
    """Filters that somebody wrote as the address of a list says them. Raises RuleError for what leads to a page of it."""
    args = MultiDict(parse_qsl((text or "").lstrip("?"), keep_blank_values=True))
    if unread := sorted(set(args) & RESERVED) or [name for name, raw in args.items() if not raw]:
        raise RuleError(_("There is no filter %(name)s here", name=unread[0]))
    return args


def _reached(entity: Any, name: str, principal: Principal) -> FieldInfo | None:
    """Any field that a list can show may filter, though not all are offered, and so may those of the rows it links.

    So `loan.region` opens the repayments of a place from a report, and what a report is grouped by is found again.
    """
    try:
        field = describe(entity, name)
    except KeyError:
        return _linking(entity, name)
    if not field.path:
        is_shown = any(one.name == field.name for one in listable(entity))
        is_open = is_shown and field.is_compared and field.is_open_to(principal)
        return field if field.kind == "link" or is_open else None
    target = describe(entity, field.path[0]).target
    rest = name.partition(".")[2]
    if not principal.may("can_list", subject(target)):
        return None
    offered = any(one.name == rest for one in filterable(target)) or _reached(target, rest, principal)
    return field if offered and field.is_open_to(principal) else None


def _linking(entity: Any, name: str) -> FieldInfo | None:
    """A column with the ids of several rows of an entity, which nobody is shown: My approvals asks whom one names."""
    column = entity.__table__.c.get(name)
    target = None if column is None else column.info.get("links")
    return FieldInfo(entity, name, "links", column, registry.entity(target)) if target else None


def where(entity: Any, found: Sequence[Condition], on: date) -> list[ColumnElement[bool]]:
    """The SQL of filters: each holds, and of a group at least one. Raises RuleError naming the field of a wrong value."""
    groups: dict[str, list[ColumnElement[bool]]] = {}
    for place, condition in enumerate(found):
        try:
            sql = clause(entity, condition, on)
        except RuleError as error:
            raise RuleError(f"{condition.field.label}: {error}", condition.field.name) from error
        groups.setdefault(condition.group or str(place), []).append(sql)
    return [or_(*members) for members in groups.values()]


def clause(entity: Any, condition: Condition, on: date) -> ColumnElement[bool]:
    """The SQL of one filter."""
    field, op, raw = condition.field, condition.op, condition.raw
    if field.path:
        return _beyond(entity, condition, on)
    column = attribute(entity, field)
    if op == "null":
        return column.is_(None) if is_yes(raw) else column.is_not(None)
    if field.kind in ("date", "datetime"):
        return _in_days(column, condition, on)
    if field.has_fields:
        return changed_values.where(column, op, raw, current())
    if op == "in":
        return _one_of(entity, field, raw)
    if op == "contains":
        return column.icontains(raw, autoescape=True)
    if op == "starts":
        return column.startswith(raw, autoescape=True)
    value = typed(field, raw)
    if field.kind == "link" and op in ("eq", "exact"):
        return _linked(entity, field, value, is_exact=op == "exact")
    if field.derived is not None:
        op, value = field.derived.bound(op, int(value), on)
    return _compare(column, op, value)


def is_place(field: FieldInfo) -> bool:
    """Whether a filter by this link also finds the rows of what lies below."""
    return field.kind == "link" and field.name in TREES and issubclass(field.target, Tree)


def _linked(entity: Any, field: FieldInfo, row_id: int, *, is_exact: bool) -> ColumnElement[bool]:
    """Rows that point to one row; of a tree, unless that one alone is asked for, also those that point below it."""
    if is_place(field) and not is_exact:
        return _below(entity, field, row_id)
    if field.custom:
        # as text, which its index has: a cast might fail, so that row security would let it use none
        return field.custom.text(entity) == str(row_id)
    return _compare(attribute(entity, field), "eq", row_id)


def _one_of(entity: Any, field: FieldInfo, raw: str) -> ColumnElement[bool]:
    """Rows with one of several values; of a link to a tree also those that point below one of them."""
    values = list(dict.fromkeys(typed(field, one) for one in raw.split(",")))
    if field.kind not in ("link", "links"):
        return attribute(entity, field).in_(values)
    if len(values) > MOST_LINKED:
        raise RuleError(gettext("At most %(n)s values at a time", n=MOST_LINKED))
    if field.kind == "links":
        return attribute(entity, field).op("&&", is_comparison=True)(values)
    if is_place(field):
        return or_(*(_below(entity, field, one) for one in values))
    if field.custom:
        return field.custom.text(entity).in_([str(one) for one in values])
    return attribute(entity, field).in_(values)


def _in_days(column: Any, condition: Condition, on: date) -> ColumnElement[bool]:
    """Rows of a day or period, or before or after it: one range of values, which an index can serve."""
    field, op = condition.field, condition.op
    first, last = days(field, condition.raw, on)
    begins, ends = (midnight(field, first), after(field, last)) if field.kind == "datetime" else (first, last)
    # a day belongs to what it ends; the instant at which a day has ended does not
    is_until, is_past = (
        (column < ends, column >= ends) if field.kind == "datetime" else (column <= ends, column > ends)
    )
    if op == "eq":
        return column == begins if begins == ends else and_(column >= begins, is_until)
    return {"ge": column >= begins, "lt": column < begins, "le": is_until, "gt": is_past}[op]


def _beyond(entity: Any, condition: Condition, on: date) -> ColumnElement[bool]:
    """Rows whose linked row meets the filter. What has none, or none in sight, has nothing in its fields either."""
    link = describe(entity, condition.field.path[0])
    inner = replace(condition, field=describe(link.target, condition.field.name.partition(".")[2]))
    if condition.op == "null" and not inner.field.path and is_yes(condition.raw):
        there = aliased(link.target)
        is_known = there.id == attribute(entity, link), attribute(there, inner.field).is_not(None)
        return ~select(there.id).where(*is_known).correlate(entity).exists()
    return attribute(entity, link).in_(select(link.target.id).where(clause(link.target, inner, on)))


def _below(entity: Any, field: FieldInfo, node_id: int) -> ColumnElement[bool]:
    """Rows of a branch or place include those of everything below it."""
    node, key = field.target, getattr(entity, f"{field.name}_lft", None)
    edge = select(node.lft), select(node.rgt)
    low, high = (one.where(node.id == node_id).scalar_subquery() for one in edge)
    if key is not None:
        return key.between(low, high)
    # rows that carry no number of the tree, because nobody's scope is decided by it
    below = aliased(node)
    return attribute(entity, field).in_(select(below.id).where(below.lft.between(low, high)))


def _compare(column: Any, op: str, value: Any) -> ColumnElement[bool]:
    """An empty value is different from every other, and nothing else."""
    return column.is_distinct_from(value) if op == "ne" else _COMPARISONS[op](column, value)
