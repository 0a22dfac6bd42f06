"""Who may see what, computed from the grants in plain Python."""

from typing import Any

from app.core import registry
from tests.walk.world import LOANS, PLACES, TEAM, UNITS, Person, World, parents


class Oracle:
    """The rows of one entity that a person may see."""

    def __init__(self, world: World, person: Person) -> None:
        self.world, self.person = world, person
        self.branch_names = {row.id: name for name, row in world.branches.items()}
        self.region_names = {row.id: name for name, row in world.regions.items()}
        self.client_names = {row.id: name for name, row in world.clients.items()}
        self.user_names = {uid: name for name, uid in world.users.items()}

    @property
    def sees_all(self) -> bool:
        return any(grant["kind"] == "all" for grant in self.person.grants)

    def meets(self, **keys: Any) -> bool:
        """Whether one of the grants is met by a row with these keys (names of the world)."""
        return self.sees_all or any(self._one(grant, keys) for grant in self.person.grants)

    def _one(self, grant: dict[str, Any], keys: dict[str, Any]) -> bool:
        kind = grant["kind"]
        if kind == "own":
            return keys.get("officer") == self.person.name
        if kind == "team":
            return TEAM.get(keys.get("officer", "")) == grant["team"]
        if kind == "client":
            return keys.get("client") == grant["client"]
        if kind == "branch":
            return keys.get("branch") is not None and grant["branch"] in parents(UNITS, keys["branch"])
        limited = grant.get("product_kinds")
        inside = keys.get("region") is not None and grant["region"] in parents(PLACES, keys["region"])
        return inside and (not limited or keys.get("product_kind") in limited)

    def loan_numbers(self) -> set[int]:
        """Numbers of the loans he may see."""
        return {
            number for number, (client, branch, officer, village, kind, _who) in enumerate(LOANS)
            if self.meets(client=client, branch=branch, officer=officer, region=village, product_kind=kind)
        }  # fmt: skip

    def sees(self, slug: str, row: Any) -> bool:
        """Whether he may see this row of the entity."""
        entity = registry.entity(slug)
        scope = entity.__scope__
        if self.sees_all or scope.is_shared:
            return True
        if scope.mode == "house":
            return False
        if scope.mode == "owned":
            return bool(getattr(row, scope.owner) == self.person.id)
        if scope.mode == "follows":
            return any(
                self.sees(row.entity, one) for _n, one in self.world.rows[row.entity] if one.id == row.row_id
            )
        if scope.mode == "through":
            return all(self._sees_parent(entity, name, row) for name in scope.parents)
        if self.meets(**self._keys(entity, row)):
            return True
        return bool(scope.opened_in) and self._opened(scope.opened_in[1], row)

    def _sees_parent(self, entity: Any, name: str, row: Any) -> bool:
        parent_id = getattr(row, f"{name}_id")
        target = entity.__table__.c[f"{name}_id"].info["link"]
        if parent_id is None or registry.entity(target).__scope__.is_shared:
            return True
        parent = next(found for _number, found in self.world.rows[target] if found.id == parent_id)
        return self.sees(target, parent)

    def _keys(self, entity: Any, row: Any) -> dict[str, Any]:
        scope = entity.__scope__
        keys: dict[str, Any] = {}
        for kind, names in (
            ("branch", self.branch_names),
            ("region", self.region_names),
            ("client", self.client_names),
            ("officer", self.user_names),
        ):
            column = getattr(scope, kind)
            if column:
                keys[kind] = names.get(getattr(row, column.replace("_lft", "_id")))
        if scope.product_kind:
            keys["product_kind"] = getattr(row, "product_kind", None)
        return keys

    def _opened(self, column: str, row: Any) -> bool:
        """Whether a loan he sees points to the row."""
        seen = self.loan_numbers()
        return any(
            getattr(loan, column, None) == row.id
            for number, loan in self.world.rows["loan"]
            if number in seen
        )

    def visible(self, slug: str) -> list[Any]:
        return [row for _number, row in self.world.rows.get(slug, []) if self.sees(slug, row)]

    def foreign(self, slug: str) -> list[Any]:
        return [row for _number, row in self.world.rows.get(slug, []) if not self.sees(slug, row)]

    def tokens(self) -> set[int]:
        """Numbers of canaries that may appear: those of any row he sees."""
        return {
            number for slug, rows in self.world.rows.items() for number, row in rows if self.sees(slug, row)
        }
