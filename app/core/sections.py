"""Sections of a record page that follow from the record and are stored nowhere: a preview, a sum."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

Shown = Callable[[Any], list[tuple[Any, str]]]
"""row → (label, text) of each field."""
_SECTIONS: dict[Any, list[tuple[Any, Shown]]] = defaultdict(list)


def section(entity: Any, label: Any) -> Callable[[Shown], Shown]:
    """Show what the function says of a row below the declared sections of its page."""

    def register(function: Shown) -> Shown:
        _SECTIONS[entity].append((label, function))
        return function

    return register


def of(entity: Any) -> list[tuple[Any, Shown]]:
    """(label, function) of the sections of an entity, in the order of their declaration."""
    return list(_SECTIONS.get(entity, ()))


_TABS: dict[Any, list[tuple[str, Any, str, str]]] = defaultdict(list)


def tab(entity: Any, key: str, label: Any, address: str, permission: str = "can_edit") -> None:
    """Add a tab to the entity's record page for who may do this with it; its content is fetched from the address."""
    _TABS[entity].append((key, label, address, permission))


def tabs_of(entity: Any) -> list[tuple[str, Any, str, str]]:
    """(key, label, address with {id}, permission) of the further tabs of an entity."""
    return list(_TABS.get(entity, ()))
