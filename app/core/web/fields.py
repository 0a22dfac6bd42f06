"""Columns of an entity as the machinery sees them: kind, label, whether personal, how to reach them."""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Integer, Numeric, inspect

from app.core import codes, registry
from app.core.custom import Definition
from app.core.custom_column import COLUMN
from app.core.labels import column_label
from app.core.types import UNSEEN
from app.core.web.custom_links import linked
from app.core.web.principal import Principal
from app.core.web.steering import custom_fields


@dataclass(frozen=True)
class FieldInfo:
    """A column, a link, a derived value, or a column of a linked row (`customer.name`)."""

    entity: Any
    name: str
    kind: str
    column: Any = None
    """The column of the entity itself (the id column for a link); None for derived and dotted names."""
    target: Any = None
    """The linked entity, for links."""
    path: tuple[str, ...] = ()
    personal: str | None = None
    derived: Any = None

    @property
    def custom(self) -> Definition | None:
        """What an administrator declared, if it is a custom field."""
        return None if self.column is None else self.column.info.get("custom")

    @property
    def stored(self) -> str:
        """The column of the entity that holds the value."""
        return COLUMN if self.custom else str(self.column.key)

    @property
    def label(self) -> str:
        return self.custom.label if self.custom else column_label(self.entity, self.name)

    @property
    def hint(self) -> Any:
        """What a form says beside the field."""
        return self.custom.hint if self.custom else self.entity.__screen__.hints.get(self.name, "")

    @property
    def choices(self) -> Any:
        return self.column.info["choices"]

    @property
    def words(self) -> dict[str, Any]:
        """The codes this column may hold, in words; empty for a column of any other sort."""
        kind = None if self.column is None else self.column.info.get("words")
        return codes.words(kind) if kind else {}

    @property
    def spoken(self) -> dict[str, Any]:
        """What is shown in place of codes; unlike `words` it offers nothing to choose from."""
        kind = None if self.column is None else self.column.info.get("said")
        return codes.words(kind) if kind else self.words

    @property
    def is_compared(self) -> bool:
        """Whether lists can be filtered and sorted by it, which needs a column or what follows from one in its order."""
        if self.kind == "json" and not self.has_fields:
            return False
        return self.derived is None or bool(self.derived.is_compared)

    def value(self, row: Any, on: Any = None) -> Any:
        """The value in a row; for a link the linked row."""
        if self.derived is not None:
            return self.derived.value(row, on)
        for part in self.path:
            row = None if row is None else getattr(row, part)
        if row is None:
            return None
        if self.custom and self.kind == "link":
            return linked(row, self.custom)
        return getattr(row, self.name.rpartition(".")[2])

    @property
    def personal_by(self) -> str | None:
        """The column that says of each row whether this one's value is personal, and of which kind."""
        return None if self.path or self.column is None else self.column.info.get("personal_by")

    @property
    def has_fields(self) -> bool:
        """Whether it keeps the changed fields of a row, by which its list can be filtered."""
        return not self.path and self.column is not None and bool(self.column.info.get("has_fields"))

    @property
    def may_be_personal(self) -> bool:
        return bool(self.personal or self.personal_by)

    def masked_as(self, row: Any, principal: Principal) -> str | None:
        """The kind of personal number that the principal sees masked in this row; None where he sees the value."""
        if principal.may_reveal:
            return None
        return getattr(row, self.personal_by) if self.personal_by else self.personal

    def is_revealed(self, row: Any, principal: Principal) -> bool:
        """Whether the principal is shown a value of this row in full that others see masked."""
        is_personal = getattr(row, self.personal_by) if self.personal_by else self.personal
        return bool(is_personal) and principal.may_reveal

    @property
    def is_fixed(self) -> bool:
        """Whether it is said when the row is added and never changed."""
        return self.column is not None and bool(self.column.info.get("is_fixed"))

    def is_open_to(self, principal: Principal) -> bool:
        """Whether the principal may filter, sort and search by it: a masked value must not be guessed."""
        return not self.may_be_personal or principal.may_reveal


def _kind(column: Any) -> str:
    """`info["kind"]`, else what the type says (columns of Flask-AppBuilder's user have no info)."""
    given = column.info.get("kind")
    if given:
        return str(given)
    for kind, types in (
        ("bool", Boolean),
        ("datetime", DateTime),
        ("date", Date),
        ("number", (Integer, Numeric)),
    ):
        if isinstance(column.type, types):
            return kind
    return "text"


def describe(entity: Any, name: str) -> FieldInfo:
    """What is known of a name in a screen's list. Raises KeyError when the entity has no such thing.

    A link has two names, `client` and that of its column, `client_id`; what is told is the former.
    """
    name = _linked_name(entity, name)
    if "." in name:
        head, _dot, rest = name.partition(".")
        link = describe(entity, head)
        if link.target is None:
            raise KeyError(name)
        inner = describe(link.target, rest)
        return FieldInfo(
            entity,
            f"{link.name}.{inner.name}",
            inner.kind,
            inner.column,
            inner.target,
            (link.name,),
            inner.personal or (inner.may_be_personal and "code") or None,
        )
    declared = vars(entity).get(name)
    if getattr(declared, "is_derived", False):
        return FieldInfo(entity, name, declared.kind, entity.__table__.c[declared.column], derived=declared)
    for one in custom_fields(entity):
        if one.name == name:
            return _described(one)
    columns = entity.__table__.c
    if f"{name}_id" in columns and columns[f"{name}_id"].info.get("link"):
        target = registry.entity(columns[f"{name}_id"].info["link"])
        return FieldInfo(entity, name, "link", columns[f"{name}_id"], target)
    column = columns[name]
    if column.info.get("kind") in UNSEEN or name == "password":
        raise KeyError(name)
    return FieldInfo(entity, name, _kind(column), column, personal=column.info.get("personal"))


def _described(one: Definition) -> FieldInfo:
    """The one place in which a custom field becomes a field."""
    return FieldInfo(
        one.entity, one.name, one.kind, one.column, one.target, personal=one.column.info.get("personal")
    )


def _linked_name(entity: Any, name: str) -> str:
    """The name without the column's ending, where it is that of a link."""
    column = entity.__table__.c.get(name)
    is_link = column is not None and name.endswith("_id") and column.info.get("link")
    return name.removesuffix("_id") if is_link else name


def as_id(entity: Any, raw: Any) -> int | None:
    """The id that a text can mean for a row of this entity; None for what can be none."""
    bits = 63 if isinstance(entity.__table__.c.id.type, BigInteger) else 31
    is_number = re.fullmatch("[0-9]{1,19}", str(raw))
    return int(raw) if is_number and int(raw) < 2**bits else None


def describe_all(entity: Any, names: Any) -> list[FieldInfo]:
    return [describe(entity, name) for name in names]


def listable(entity: Any) -> list[FieldInfo]:
    """Every field that may be a column of the list: the declared ones first, then the rest of the row."""
    names = list(entity.__screen__.columns("list"))
    for column in inspect(entity).columns:
        name = column.name.removesuffix("_id") if column.info.get("link") else column.name
        kind = column.info.get("kind")
        if (
            name not in names
            and name != "password"
            and kind not in (*UNSEEN, "id", "longtext", "json", "file")
        ):
            names.append(name)
    return [*describe_all(entity, names), *(one for one in customs(entity) if one.kind != "longtext")]


def customs(entity: Any) -> list[FieldInfo]:
    """The entity's custom fields, as far as the reader's role is shown them."""
    return [_described(one) for one in custom_fields(entity)]


def typed_fields(entity: Any) -> list[FieldInfo]:
    """Every field that people may type, in the order of the form."""
    return [*describe_all(entity, entity.__screen__.form_columns), *customs(entity)]


def filterable(entity: Any) -> list[FieldInfo]:
    """Fields offered as filters."""
    screen = entity.__screen__
    named = screen.columns("filters") or screen.columns("list")
    found = [
        f
        for f in describe_all(entity, named)
        if not f.path and f.is_compared and (f.has_fields or f.kind not in _UNFILTERED)
    ]
    return [*found, *customs(entity)]


_UNFILTERED = ("json", "codes", "file")


def attribute(entity: Any, field: FieldInfo) -> Any:
    """The mapped attribute of a field's own column, on the class or an alias; of a custom field what reads it."""
    return field.custom.sql(entity) if field.custom else getattr(entity, field.column.key)


def label_columns(entity: Any) -> tuple[str, ...]:
    """Columns that `str(row)` needs, so that links can be loaded without the rest of the row."""
    if entity.slug() == "user":
        return ("first_name", "last_name")
    if entity.slug() == "role":
        return ("name",)
    return (entity.naming_column() or "id",)
