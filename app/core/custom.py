"""Custom fields: what an administrator declares becomes a field like any other, without a restart.

A definition knows its type in Python and in SQL, reads a row's value and writes it. Whoever lists the fields of an
entity (app.core.web.fields) adds them there; all else follows from it. ADR 0010 tells why they stand in one column.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from flask_babel import get_locale
from flask_babel.speaklater import LazyString
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Integer,
    Numeric,
    String,
    Text,
    TypeDecorator,
    cast,
    false,
    func,
    inspect,
    literal_column,
    type_coerce,
)

from app.core import registry
from app.core.custom_column import COLUMN, PREFIX, merged
from app.core.custom_file import HeldFile
from app.core.types import Choice, ChoiceText

CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
"""Codes stand in addresses and SQL: no two _ beside each other, which part a filter's name from its operator."""
LONGEST_CODE = 40


class IsoDate(TypeDecorator[date]):
    """A date kept as 2018-06-25: its order as text is that of the calendar, and it can be indexed."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return value.isoformat() if isinstance(value, date) else value

    def process_result_value(self, value: Any, dialect: Any) -> date | None:
        return None if value is None else date.fromisoformat(value)

    @property
    def python_type(self) -> type[date]:
        return date


def spoken(labels: Mapping[str, str]) -> str:
    """A label in the reader's language, or the first that there is.

    >>> spoken({"uk": "Розмір", "ru": "Размер"})
    'Розмір'
    """
    return labels.get(str(get_locale() or "en"), next(iter(labels.values()), ""))


@dataclass(frozen=True)
class Value:
    """One value of a choice."""

    code: str
    labels: Mapping[str, str]
    colour: str


@dataclass(frozen=True, eq=False)
class Definition:
    """A custom field of an entity, as it is declared now."""

    entity: Any
    code: str
    kind: str
    labels: Mapping[str, str]
    hint: str = ""
    target: Any = None
    places: int = 0
    default: Any = None
    roles: frozenset[int] = frozenset()
    is_required: bool = False
    is_personal: bool = False
    is_searched: bool = False
    is_indexed: bool = False
    is_hidden: bool = False
    values: tuple[Value, ...] = ()

    @property
    def name(self) -> str:
        """Its name in addresses, files and for programs."""
        return PREFIX + self.code

    @property
    def label(self) -> str:
        return spoken(self.labels) or self.code

    def is_seen_by(self, role_id: int) -> bool:
        """Whether holders of the role are shown the field at all."""
        return not self.is_hidden and (not self.roles or role_id in self.roles)

    @cached_property
    def choices(self) -> type[Choice] | None:
        """The values of a choice, as if they had been declared in code; None where there are none yet."""
        if not self.values:
            return None
        members = [(f"v{n}", (one.code, _label(one), one.colour)) for n, one in enumerate(self.values)]
        return Choice("CustomValues", members)  # type: ignore[return-value]

    @cached_property
    def column(self) -> Column[Any]:
        """What the machinery asks of a field's column; it is in no table."""
        info: dict[str, Any] = {"kind": self.kind, "custom": self, "is_needed": self.is_required}
        if self.kind == "link":
            info["link"] = self.target.slug()
        if self.choices is not None:
            info["choices"] = self.choices
        if self.is_personal:
            info["personal"] = "code"
        is_said = {} if self.default is None else {"default": self.default}
        return Column(self.name, self.type, nullable=self.kind != "bool", info=info, **is_said)

    @property
    def type(self) -> Any:
        """How its values are stored and compared."""
        if self.kind == "choice":
            return ChoiceText(self.choices)  # type: ignore[arg-type]
        if self.kind == "number":
            return Numeric(18, self.places) if self.places else Integer()
        return _TYPES[self.kind]

    def text(self, entity: Any) -> ColumnElement[str]:
        """What is kept of it in a row of the entity, or of an alias of it, as text; of a file its name."""
        if not CODE.fullmatch(self.code):
            raise ValueError(self.code)
        if self.kind == "file":
            name: ColumnElement[Any] = literal_column(f"'{{{self.code},name}}'")
            return getattr(entity, COLUMN).op("#>>", return_type=Text())(name)
        return getattr(entity, COLUMN).op("->>", return_type=Text())(literal_column(f"'{self.code}'"))

    def sql(self, entity: Any) -> ColumnElement[Any]:
        """The value in a row, written as in `app.core.custom_sql`, so that the index serves."""
        text = self.text(entity)
        if self.kind == "bool":
            return func.coalesce(text == literal_column("'true'"), false(), type_=Boolean)
        if self.kind in ("number", "money", "link"):
            is_whole = self.kind == "number" and not self.places
            found = cast(text, Integer if is_whole else Numeric if self.kind != "link" else BigInteger)
            return type_coerce(found, self.type)
        return type_coerce(text, self.type)

    def kept(self, value: Any) -> Any:
        """A value as JSON keeps it; None for nothing, which is not kept."""
        if value is None or value is False or value == "":
            return None
        if self.kind in ("number", "money"):
            return f"{Decimal(value):f}"
        if self.kind in ("link", "file"):
            return int(value) if self.kind == "link" else value.kept()
        return value.isoformat() if isinstance(value, date) else str(value) if self.kind != "bool" else True

    def read(self, stored: Mapping[str, Any] | None) -> Any:
        """The value of what `kept` kept."""
        found = (stored or {}).get(self.code)
        if self.kind == "bool":
            return bool(found)
        return None if found is None else self._make(found)

    @property
    def _make(self) -> Callable[[Any], Any]:
        if self.kind == "choice":
            return self.choices or str
        return int if self.kind == "number" and not self.places else _MADE[self.kind]


_TYPES = {
    "text": String(500), "longtext": Text(), "money": Numeric(18, 2), "date": IsoDate(), "link": BigInteger(),
    "bool": Boolean(), "file": Text(),
}  # fmt: skip
_MADE: dict[str, Callable[[Any], Any]] = {
    "text": str, "longtext": str, "number": Decimal, "money": Decimal, "date": date.fromisoformat, "link": int,
    "file": HeldFile.read,
}  # fmt: skip


def _label(value: Value) -> LazyString:
    return LazyString(lambda: spoken(value.labels) or value.code)


class Attribute:
    """A custom field on its entity: SQL on the class, the value on a row, where it can also be set."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition

    def __get__(self, row: Any, owner: Any = None) -> Any:
        return self.definition.sql(owner) if row is None else self.definition.read(getattr(row, COLUMN))

    def __set__(self, row: Any, value: Any) -> None:
        before = getattr(row, COLUMN) or {}
        kept = self.definition.kept(value)
        after = {code: one for code, one in before.items() if code != self.definition.code}
        if kept is not None:
            after[self.definition.code] = kept
        if after != before:
            setattr(row, COLUMN, after)


def install(definition: Definition) -> None:
    """Let the entity's class know the field; a definition that was changed takes the place of the former."""
    known = vars(definition.entity).get(definition.name)
    if getattr(known, "definition", None) is not definition:
        # past the metaclass, which would have every statement compiled anew
        type.__setattr__(definition.entity, definition.name, Attribute(definition))


def plain_values(entity: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by name as an UPDATE of many rows takes them: those of custom fields put into their column."""
    own = {name: value for name, value in values.items() if not name.startswith(PREFIX)}
    said = {name: vars(entity)[name].definition for name in values.keys() - own.keys()}
    if not said:
        return own
    kept = {each.code: each.kept(values[name]) for name, each in said.items()}
    put = {code: value for code, value in kept.items() if value is not None}
    return own | {COLUMN: merged(entity.__table__.c[COLUMN], put, kept.keys() - put.keys())}


def column_of(entity: Any, name: str) -> Column[Any]:
    """The column of that name, or what stands for it of a custom field. Raises KeyError where there is neither."""
    known = vars(entity).get(name)
    return known.definition.column if isinstance(known, Attribute) else entity.__table__.c[name]


def changes(row: Any) -> list[tuple[Definition, Any]]:
    """The custom fields of a row that are not as they are stored, with their values."""
    state = inspect(row)
    if COLUMN not in state.mapper.columns or not (history := state.attrs[COLUMN].history).has_changes():
        return []
    before, after = (history.deleted or [None])[0] or {}, getattr(row, COLUMN) or {}
    known = [one.definition for one in vars(type(row)).values() if isinstance(one, Attribute)]
    return [(one, one.read(after)) for one in known if before.get(one.code) != after.get(one.code)]


def target_of(slug: str | None) -> Any:
    """The entity that a reference points to."""
    return registry.entity(slug) if slug and registry.has_entity(slug) else None
