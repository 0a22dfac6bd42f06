"""Names of entities and columns as people read them, in the language of the page."""

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext

from app.core import registry
from app.core.types import UNSEEN

_SPELT = {"Api": "API", "Url": "URL"}


def words(name: str) -> str:
    """A column's name as words.

    >>> words("principal_outstanding"), words("customer_id"), words("is_closed"), words("customer.name")
    ('Principal outstanding', 'Customer', 'Closed', 'Name')
    >>> words("api_token")
    'API token'
    """
    last = name.rpartition(".")[2].removesuffix("_id").removeprefix("is_")
    said = last.replace("_", " ").capitalize()
    return " ".join(_SPELT.get(word, word) for word in said.split(" "))


def column_label(entity: Any, name: str) -> str:
    """The label of a column, from the screen or from its name."""
    given = entity.__screen__.labels.get(name.removesuffix("_id"))
    return str(given) if given is not None else gettext(words(name))


def entity_label(entity: Any) -> str:
    """The plural of an entity, as in the menu."""
    return str(entity.__screen__.title) if entity.__screen__.title else gettext(words(entity.slug()))


def singular(entity: Any) -> str:
    """One of an entity, as in "Add customer"."""
    return gettext(words(entity.slug()))


def naming(entity: Any) -> str | None:
    """The column that names a row to people; None where only its id does, and for users and roles, who say it themselves."""
    return entity.naming_column() if hasattr(entity, "naming_column") else None


def with_kind(row: Any) -> str:
    """A record as a sentence calls it: "Customer Li", "User Otto Test", "Contact note 13"."""
    entity = type(row)
    has_name = naming(entity) is not None or not hasattr(entity, "naming_column")
    return f"{singular(entity)} {row}" if has_name else str(row)


def by_number(row: Any) -> str:
    """The same in what is kept for good or read by anybody: by its number where the name is a personal value."""
    entity, name = type(row), naming(type(row))
    is_private = name and entity.column_info(name).keys() & {"personal", "personal_by", "is_of_person"}
    if getattr(entity, "__is_person__", False) or is_private:
        return f"{singular(entity)} {row.id}"
    return with_kind(row)


def subject(entity: Any) -> str:
    """The entity's name in permissions: CustomerLink for customer_link."""
    return "".join(part.capitalize() for part in entity.slug().split("_"))


def every_label() -> Iterator[str]:
    """All strings that are made from names, for the catalogues."""
    for entity in registry.entities():
        yield words(entity.slug())
        for column in entity.__table__.columns:
            if column.info.get("kind") not in UNSEEN:
                yield words(column.name)
        for name, value in vars(entity).items():
            if getattr(value, "is_derived", False):
                yield words(name)
    for operation in registry.operations():
        yield from (words(each.name) for each in operation.arguments if each.name not in operation.labels)
