"""Scope: who may see a row, said once in the entity. design.md section 3 and docs/adr/0001 tell why.

The declaration here feeds three independent layers: PostgreSQL policies (`app.core.policy`), criteria
on every ORM query and the guard of writes (`app.core.guard`).
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import mapped_column

TREES = ("branch", "region")
"""Grants over these are ranges of nested-set numbers; rows carry the number as `<tree>_lft`."""
KEYS = ("branch", "region", "officer", "client", "product_kind")


@dataclass(frozen=True)
class Scope:
    """The path from a row to those who may see it.

    `Scope(branch="branch_id", officer="officer_id")` names the columns that decide. A row is seen by
    whoever has a grant that one of them meets. The other constructors are for rows that are nobody's
    (`shared`), that belong to another row (`through`), to one user (`owned`), or to the house (`house`).
    """

    branch: str | None = None
    region: str | None = None
    officer: str | None = None
    client: str | None = None
    product_kind: str | None = None
    opens: str | None = None
    """Link of a row that becomes visible to everyone who sees this row (a loan opens its customer)."""
    carries: tuple[str, ...] = ()
    """Further columns copied into the reach table, for entities that are seen where it points to them."""
    opened_in: tuple[str, str] | None = None
    """(reach table, its column): this row is also seen where a visible row of that table points to it."""
    parents: tuple[str, ...] = ()
    owner: str | None = None
    lent_to: str | None = None
    """Column with the id of a role whose holders see an owned row, too; it stays its owner's to change."""
    shown_to: str | None = None
    """Column with the ids of users who see an owned row, too, as those do to whom it is lent."""
    mode: str = "keyed"
    reason: str = ""

    @classmethod
    def shared(cls, reason: str) -> "Scope":
        """Everyone with the permission sees every row. The reason is part of the declaration."""
        if not reason:
            raise TypeError("Scope.shared needs a reason")
        return cls(mode="shared", reason=reason)

    @classmethod
    def through(cls, *links: str) -> "Scope":
        """Seen when every linked row that is named is seen; a link that is empty does not count."""
        if not links:
            raise TypeError("Scope.through needs the name of a link")
        return cls(mode="through", parents=links)

    @classmethod
    def owned(cls, column: str, *, lent_to: str | None = None, shown_to: str | None = None) -> "Scope":
        """Seen by the user whose id stands in `column`, by who holds the role in `lent_to`, and by those who see all.

        Also by the users whose ids stand in `shown_to`.
        """
        return cls(mode="owned", owner=column, lent_to=lent_to, shown_to=shown_to)

    @classmethod
    def house(cls, reason: str) -> "Scope":
        """Seen only by those who see everything: records of the installation itself."""
        if not reason:
            raise TypeError("Scope.house needs a reason")
        return cls(mode="house", reason=reason)

    @classmethod
    def follows(cls, *, author: str | None = None) -> "Scope":
        """Seen by whoever sees the row named by `entity` and `row_id`, in the scope that row has now.

        With a column for its author (a remark, a file) whoever sees that row may add one, whatever his grants are,
        and he alone changes it. Without one nobody writes it: it is kept by triggers.
        """
        return cls(mode="follows", owner=author)

    @property
    def is_shared(self) -> bool:
        return self.mode == "shared"

    @property
    def is_of_author(self) -> bool:
        """Whether it is somebody's words about another row."""
        return self.mode == "follows" and self.owner is not None

    @property
    def is_own_to_write(self) -> bool:
        """Whether being the user's own is what lets him write a row: a grant that only shows does not hinder him."""
        return self.mode == "owned" or self.is_of_author

    def key_columns(self) -> dict[str, str]:
        """Kind → column that decides: {"branch": "branch_lft", "officer": "officer_id"}."""
        found = {}
        for kind in KEYS:
            column = getattr(self, kind)
            if column:
                found[kind] = f"{kind}_lft" if kind in TREES else kind if kind == "product_kind" else column
        return found

    def tree_links(self) -> dict[str, str]:
        """Tree → column holding the id from which the row's number is copied."""
        links = {tree: getattr(self, tree) for tree in TREES if getattr(self, tree)}
        return {tree: column for tree, column in links.items() if column.endswith("_id")}

    def copied_keys(self) -> dict[str, tuple[str, str, str]]:
        """Key column → (link column, table, column there) from which a trigger fills it."""
        copied = {f"{tree}_lft": (column, tree, "lft") for tree, column in self.tree_links().items()}
        if self.product_kind and self.product_kind.endswith("_id"):
            copied["product_kind"] = (self.product_kind, "product", "kind")
        return copied


def add_key_columns(cls: type[Any]) -> None:
    """Give the class the denormalised tree numbers that its scope needs, and product kind (filled by a trigger)."""
    for name in cls.__scope__.copied_keys():
        if name not in vars(cls):
            kind = BigInteger if name.endswith("_lft") else String(30)
            setattr(cls, name, mapped_column(kind, nullable=True, info={"kind": "scope_key"}))
