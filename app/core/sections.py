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
