"""Everything that is declared: entities, operations, reports. Filled at import, read by all machinery."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.core.entity import Entity

_entities: dict[str, type["Entity"]] = {}
_operations: dict[str, Any] = {}
_reports: dict[str, Any] = {}


def register_entity(cls: type["Entity"]) -> None:
    """Make a mapped entity known by its slug. Two entities of one name are an error."""
    slug = cls.slug()
    if slug in _entities:
        raise TypeError(f"two entities are called {slug}: {_entities[slug]!r} and {cls!r}")
    _entities[slug] = cls


def entities() -> Iterator[type["Entity"]]:
    """All entities in the order of their declaration."""
    yield from _entities.values()


def entity(slug: str) -> type["Entity"]:
    """The entity of that slug. Raises KeyError when there is none."""
    return _entities[slug]


def has_entity(slug: str) -> bool:
    return slug in _entities


def followed(follower: type["Entity"]) -> list[type["Entity"]]:
    """The entities whose rows those of `follower` can be about: for people's words all that have a page of their own.

    The history of those words is for who sees everything: to find out for each change whether the row is seen that its
    comment is about would take every reader of any history twice as long.
    """
    if follower.__scope__.is_of_author:
        return [
            cls
            for cls in entities()
            if cls.__screen__.list and cls.__scope__.mode not in ("follows", "owned")
        ]
    modes = ("keyed", "through", "owned")
    return [cls for cls in entities() if cls.__history__ and cls.__scope__.mode in modes]


def count() -> int:
    """How many entities are declared so far."""
    return len(_entities)


def by_table(table: str) -> type["Entity"]:
    """The entity stored in that table. Raises KeyError when there is none."""
    for cls in _entities.values():
        if cls.__table__.name == table:
            return cls
    raise KeyError(table)


def register_operation(operation: Any) -> None:
    if operation.name in _operations:
        raise TypeError(f"two operations are called {operation.name}")
    _operations[operation.name] = operation


def operations(cls: type["Entity"] | None = None) -> list[Any]:
    """Operations of one entity, or all."""
    return [op for op in _operations.values() if cls is None or op.entity is cls]


def operation(name: str) -> Any:
    return _operations[name]


def register_report(report: Any) -> None:
    if report.name in _reports:
        raise TypeError(f"two reports are called {report.name}")
    _reports[report.name] = report


def reports() -> list[Any]:
    return list(_reports.values())


def report(name: str) -> Any:
    return _reports[name]
