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
