"""Persons: whose personal values a row holds, and which of its columns are such values.

An entity whose rows are persons says `__is_person__`; the rows of any other are a person's where they are linked to one.
From this follow the encryption of history (`app.core.personal_ddl`) and the erasing of values (`app.core.erasure`).
Users of the installation are no persons in this sense: what staff did is kept as long as the history is.
"""

from dataclasses import dataclass
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    String,
    Table,
    func,
    text,
)

from app.core import custom_column, registry

KEYS = Table(
    "personal_key",
    Model.metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("entity", String(60), nullable=False),
    Column("row_id", BigInteger, nullable=False),
    Column("key", LargeBinary),
    Column("made_at", DateTime(timezone=True), server_default=func.clock_timestamp(), nullable=False),
    Column("erased_at", DateTime(timezone=True)),
    Index(
        "uq_personal_key_held", "entity", "row_id", unique=True, postgresql_where=text("erased_at IS NULL")
    ),
)
"""The key of each person's values in the history; one that was destroyed stays as a row without it.

No entity, so that no screen, program, export or report has it. No role of the application may read it: the functions
of `app.core.personal_ddl` do, in the owner's name.
"""


@dataclass(frozen=True)
class Private:
    """Whose the personal values of an entity's rows are, and where they stand."""

    person: Any
    """The entity of the person."""
    column: str
    """The column of the row that holds the person's id."""
    columns: tuple[str, ...]
    is_open: bool
    """Whether custom fields of the rows may be personal, too."""
    is_certain: bool
    """Whether every row has its person."""


def private(entity: Any) -> Private | None:
    """What is personal in the rows of an entity; None where nothing is, or where it is nobody's."""
    column = _leading(entity)
    if column is None:
        return None
    columns = entity.__table__.columns
    named = tuple(one.name for one in columns if {"personal", "is_of_person"} & one.info.keys())
    is_open = custom_column.is_open(entity)
    if not named and not is_open:
        return None
    person = entity if column == "id" else registry.entity(columns[column].info["link"])
    return Private(person, column, named, is_open, is_certain=not columns[column].nullable)


def _leading(entity: Any) -> str | None:
    """The column that leads to the person; of several the first that is always filled in, else the first."""
    if getattr(entity, "__is_person__", False):
        return "id"
    links = [
        one
        for one in entity.__table__.columns
        if (slug := one.info.get("link"))
        and registry.has_entity(slug)
        and getattr(registry.entity(slug), "__is_person__", False)
    ]
    return next((one.name for one in sorted(links, key=lambda one: bool(one.nullable))), None)


def is_about_person(entity: Any) -> bool:
    """Whether each row of an entity is a person, or is linked to one, so that its files and prints tell of him."""
    return _leading(entity) is not None


def of_person(person: Any) -> list[tuple[Any, Private]]:
    """Every entity whose rows hold values of persons of this entity; the person's own comes last."""
    known = [(cls, found) for cls in registry.entities() if (found := private(cls))]
    own = [(cls, found) for cls, found in known if found.person is person]
    return sorted(own, key=lambda one: one[1].column == "id")
