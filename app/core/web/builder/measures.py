"""What a report can count and add up: the number of rows, and sum, average, least and most of numbers and amounts.

Amounts are told currency by currency and never added over several. What is asked of the database are parts that can
be put together (a sum and how many there were), so that totals follow from the groups without being asked for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _, pgettext
from sqlalchemy import Date, Integer, func, literal, type_coerce

from app.core import labels
from app.core.cents import Total, WholeCents
from app.core.derived import DaysSince
from app.core.web.fields import FieldInfo, attribute, describe, listable
from app.core.web.principal import Principal

COUNT = "count"
WAYS: dict[str, Any] = {"sum": _("sum"), "avg": _("average"), "min": _("least"), "max": _("most")}
NUMBERS = ("money", "number", "days", "rate")
_PARTS = {"sum": ("sum", "known"), "avg": ("sum", "known"), "min": ("min",), "max": ("max",)}


@dataclass(frozen=True)
class Measure:
    """One figure of a report; without a field the number of rows."""

    name: str
    field: FieldInfo | None = None
    way: str = COUNT

    @property
    def label(self) -> str:
        return pgettext("count", "Number") if self.field is None else f"{self.field.label}: {WAYS[self.way]}"

    @property
    def kind(self) -> str:
        """How its values are written."""
        if self.field is None:
            return "number"
        if self.field.kind == "days" and self.way == "avg":
            return "number"
        return self.field.kind

    @property
    def is_money(self) -> bool:
        return self.field is not None and self.field.kind == "money"

    @property
    def is_added(self) -> bool:
        """Whether its values are parts of a whole."""
        return self.way in (COUNT, "sum")

    @property
    def parts(self) -> tuple[str, ...]:
        """What is asked of the database for it; the number of rows always is."""
        return () if self.field is None else _PARTS[self.way]

    def value(self, parts: dict[str, Any]) -> Any:
        """The figure of a group from its parts; None where nothing was known of it."""
        if self.field is None:
            return parts["rows"]
        if self.way in ("min", "max"):
            return parts[self.key(self.way)]
        total, known = parts[self.key("sum")], parts[self.key("known")]
        if not known:
            return None
        return total if self.way == "sum" else Decimal(total) / known

    def key(self, part: str) -> str:
        """The name of one of its parts, which measures of the same field share."""
        return f"{part}:{self.field.name if self.field else ''}"


def merge(into: dict[str, Any], parts: dict[str, Any]) -> None:
    """Add the parts of a group to those of a whole.

    >>> whole = {"rows": 2, "max:x": 5}
    >>> merge(whole, {"rows": 1, "max:x": 7}); whole
    {'rows': 3, 'max:x': 7}
    """
    for key, value in parts.items():
        before = into.get(key)
        if before is None or value is None:
            into[key] = value if before is None else before
        else:
            way = key.partition(":")[0]
            into[key] = (
                min(before, value) if way == "min" else max(before, value) if way == "max" else before + value
            )


def asked_parts(entity: Any, measures: Iterable[Measure], on: date) -> Iterator[tuple[str, Any]]:
    """(name, SQL) of all parts, each once."""
    yield "rows", func.count(entity.id)
    known = set()
    for measure in measures:
        for part in measure.parts:
            if measure.key(part) not in known:
                known.add(measure.key(part))
                yield measure.key(part), _PART[part](_number(entity, measure.field, on))


def _number(entity: Any, field: Any, on: date) -> Any:
    if field.derived is not None:
        return type_coerce(literal(on, Date) - getattr(entity, field.column.key), Integer)
    return attribute(entity, field)


def _sum(column: Any) -> Any:
    return Total(column) if isinstance(column.type, (WholeCents, Integer)) else func.sum(column)


_PART: dict[str, Any] = {"sum": _sum, "known": func.count, "min": func.min, "max": func.max}


def _fields(entity: Any, principal: Principal) -> list[FieldInfo]:
    """The fields that are numbers and not names of something; days derived from a date among them."""
    derived = [describe(entity, name) for name, one in vars(entity).items() if isinstance(one, DaysSince)]
    plain = [one for one in listable(entity) if not one.path and one.derived is None]
    return [
        one
        for one in [*plain, *derived]
        if one.kind in NUMBERS
        and one.is_open_to(principal)
        and not one.column.info.get("of")
        and not one.spoken
    ]


def offered(entity: Any, principal: Principal) -> dict[str, Measure]:
    """Every measure by its name: `count`, `principal__sum`. Rates are not added up."""
    found = {COUNT: Measure(COUNT)}
    has_currency = currency(entity, principal) is not None
    for field in _fields(entity, principal):
        if field.kind == "money" and not has_currency:
            continue
        for way in WAYS:
            if way != "sum" or field.kind != "rate":
                found[f"{field.name}__{way}"] = Measure(f"{field.name}__{way}", field, way)
    return found


def currency(entity: Any, principal: Principal) -> FieldInfo | None:
    """The field that says of which currency a row's amounts are: its own, else that of a row it points to."""
    if "currency" in entity.__table__.c:
        return describe(entity, "currency")
    first = [f"{name}_id" for name in entity.__scope__.parents]
    links = sorted((c for c in entity.__table__.c if c.info.get("link")), key=lambda c: c.name not in first)
    for column in links:
        link = describe(entity, column.name)
        is_needed = not column.nullable and "currency" in link.target.__table__.c
        if is_needed and principal.may("can_list", labels.subject(link.target)):
            return describe(entity, f"{link.name}.currency")
    return None
