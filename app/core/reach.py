"""Reach: a user's data grants, resolved to numbers for one transaction, and the WHERE they mean."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true

Range = tuple[int, int]


@dataclass(frozen=True)
class Reach:
    """What one transaction may see.

    `kind` names the database role: login, none, all, own, team, branch, branch_leaf, region,
    region_leaf, client or multi. Ranges are inclusive nested-set numbers.
    """

    kind: str
    user_id: int | None = None
    own: bool = False
    branches: tuple[Range, ...] = ()
    regions: tuple[Range, ...] = ()
    kind_regions: dict[str, tuple[Range, ...]] = field(default_factory=dict)
    """product kind → ranges: a partner who sees only one kind of loan of his territory."""
    officers: tuple[int, ...] = ()
    clients: tuple[int, ...] = ()

    @property
    def is_all(self) -> bool:
        return self.kind == "all"

    @property
    def may_write(self) -> bool:
        """Territory grants are read-only."""
        return self.is_all or self.own or bool(self.branches or self.officers or self.clients)

    def admits(self, keys: dict[str, Any]) -> bool:
        """Whether a row with these keys may be *written*: {"branch": 120, "officer": 5, "client": 1}."""
        if self.is_all:
            return True
        branch, officer = keys.get("branch"), keys.get("officer")
        return (
            (self.own and officer is not None and officer == self.user_id)
            or (officer is not None and officer in self.officers)
            or (branch is not None and any(low <= branch <= high for low, high in self.branches))
            or (keys.get("client") is not None and keys["client"] in self.clients)
        )


ALL = Reach("all")
LOGIN = Reach("login")
NONE = Reach("none")


def _within(column: Any, ranges: tuple[Range, ...]) -> list[ColumnElement[bool]]:
    return [column == low if low == high else column.between(low, high) for low, high in ranges]


def keyed(entity: Any, columns: dict[str, str], reach: Reach) -> ColumnElement[bool]:
    """The grants of `reach` on the key columns of `entity`, as one OR."""
    parts: list[ColumnElement[bool]] = []
    get = {kind: getattr(entity, column) for kind, column in columns.items()}
    if "officer" in get and reach.own:
        parts.append(get["officer"] == reach.user_id)
    if "officer" in get and reach.officers:
        parts.append(get["officer"].in_(reach.officers))
    if "client" in get and reach.clients:
        only = reach.clients
        parts.append(get["client"] == only[0] if len(only) == 1 else get["client"].in_(only))
    if "branch" in get:
        parts += _within(get["branch"], reach.branches)
    if "region" in get:
        parts += _within(get["region"], reach.regions)
        if "product_kind" in get:
            for kind, ranges in reach.kind_regions.items():
                parts += [and_(get["product_kind"] == kind, part) for part in _within(get["region"], ranges)]
    return or_(false(), *parts)


def criteria(entity: Any, reach: Reach) -> ColumnElement[bool]:
    """The condition that rows of `entity` (a class or an alias of one) must meet under `reach`."""
    from app.core import registry

    scope = entity.__scope__
    if reach.is_all or scope.is_shared:
        return true()
    if reach.kind in ("login", "none") or scope.mode == "house":
        return false()
    if scope.mode == "owned":
        return bool_column(getattr(entity, scope.owner) == reach.user_id)
    if scope.mode == "through":
        return and_(true(), *(_parent(entity, name, reach) for name in scope.parents))
    if scope.mode == "follows":
        return _follows(entity, reach)
    seen = keyed(entity, scope.key_columns(), reach)
    if scope.opened_in:
        table, column = scope.opened_in
        opener = registry.by_table(table)
        rows = select(getattr(opener, column)).where(keyed(opener, opener.__scope__.key_columns(), reach))
        seen = or_(seen, entity.id.in_(rows))
    return seen


def bool_column(condition: Any) -> ColumnElement[bool]:
    """Only names the type."""
    return condition  # type: ignore[no-any-return]


def _parent(entity: Any, name: str, reach: Reach) -> ColumnElement[bool]:
    from app.core import registry

    column = getattr(entity, f"{name}_id")
    parent = registry.entity(column.info["link"])
    if parent.__scope__.is_shared:
        return true()
    inside = column.in_(select(parent.id).where(criteria(parent, reach)))
    return or_(column.is_(None), inside) if column.property.columns[0].nullable else inside


def _follows(entity: Any, reach: Reach) -> ColumnElement[bool]:
    from app.core import registry

    return or_(false(), *(
        and_(entity.entity == cls.slug(), entity.row_id.in_(select(cls.id).where(criteria(cls, reach))))
        for cls in registry.entities()
        if cls.__history__ and cls.__scope__.mode in ("keyed", "through", "owned")
    ))  # fmt: skip
