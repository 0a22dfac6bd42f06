"""The definitions of custom fields as a process keeps them: read again only when one was changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Select, Text, cast, func, literal_column, select
from sqlalchemy.orm import Session

from app.core import custom, registry
from app.core.custom import Definition, Value
from app.core.custom_column import is_open
from app.core.org.custom import CustomChoice, CustomField

_LANGUAGES = ("en", "uk", "ru", "zh_Hans", "zh_Hant")


@dataclass(frozen=True)
class Definitions:
    """All custom fields by entity, as of a version."""

    version: str
    by_entity: Mapping[str, tuple[Definition, ...]] = field(default_factory=dict)

    def of(self, entity: Any) -> tuple[Definition, ...]:
        """The entity's fields in their order, known to its class."""
        found = self.by_entity.get(entity.slug(), ())
        for one in found:
            custom.install(one)
        return found


NONE = Definitions("")
_KEPT: dict[str, Definitions] = {}
"""Database → what was read of it last."""


def version() -> Select[tuple[str]]:
    """What changes with every change of a definition, once it is committed: how many rows there are, and who wrote them.

    A row that is changed, or taken away and another added, leaves their number as it is and makes the sum of the
    transactions greater. So it needs no counter for which those who change different fields would wait.
    """
    parts = []
    for entity in (CustomField, CustomChoice):
        writer = cast(cast(literal_column(f"{entity.__table__.name}.xmin"), Text), BigInteger)
        told = func.concat(func.count(entity.id), "/", func.coalesce(func.sum(writer), 0), " ")
        parts.append(select(told).scalar_subquery())
    return select(func.concat(*parts))


def current(session: Session, seen: str) -> Definitions:
    """The definitions of the session's database, whose version is `seen`."""
    if seen == _EMPTY:
        return NONE
    database = str(session.get_bind().engine.url)
    kept = _KEPT.get(database)
    if kept is None or kept.version != seen:
        kept = _KEPT[database] = _read(session, seen)
    return kept


_EMPTY = "0/0 0/0 "


def _read(session: Session, seen: str) -> Definitions:
    values: dict[int, list[Value]] = {}
    ordered = select(CustomChoice).order_by(CustomChoice.position, CustomChoice.id)
    for one in session.scalars(ordered):
        values.setdefault(one.field_id, []).append(Value(one.code, labels(one), str(one.colour)))
    found: dict[str, list[Definition]] = {}
    for row in session.scalars(select(CustomField).order_by(CustomField.position, CustomField.id)):
        made = _definition(row, tuple(values.get(row.id, ())))
        if made is not None:
            found.setdefault(row.entity, []).append(made)
    return Definitions(seen, {slug: tuple(each) for slug, each in found.items()})


def labels(row: Any) -> dict[str, str]:
    """The labels that are filled in, by language."""
    told = {code: getattr(row, f"label_{code.lower()}") for code in _LANGUAGES}
    return {code: label for code, label in told.items() if label}


def _definition(row: Any, values: tuple[Value, ...]) -> Definition | None:
    """What a row declares; None for what cannot be used yet, or no longer."""
    kind, target = str(row.kind), custom.target_of(row.target)
    is_known = registry.has_entity(row.entity) and is_open(registry.entity(row.entity))
    if not is_known or not custom.CODE.fullmatch(row.code):
        return None
    if (kind == "link" and target is None) or (kind == "choice" and not values):
        return None
    return Definition(
        registry.entity(row.entity), row.code, kind, labels(row), row.hint or "", target, row.places or 0,
        _stored_default(kind, row.default_value), frozenset(int(one) for one in row.roles or ()), values=values,
        is_required=row.is_required, is_personal=row.is_personal, is_searched=row.is_searched,
        is_indexed=row.is_indexed, is_hidden=row.is_hidden,
    )  # fmt: skip


def _stored_default(kind: str, said: str | None) -> Any:
    """A default that was stored past the rules and is no value of its kind must not cost every page."""
    try:
        return default_of(kind, said)
    except (ValueError, ArithmeticError, KeyError):
        return None


def default_of(kind: str, said: str | None) -> Any:
    """A default as a value of the kind; None for nothing. Raises ValueError, KeyError or ArithmeticError for no value."""
    if not said or kind in ("link", "file"):
        return None
    if kind == "date":
        return date.fromisoformat(said)
    if kind == "bool":
        return {"yes": True, "no": False}[said.lower()]
    if kind in ("number", "money"):
        return Decimal(said)
    return said
