"""Daily sums of the book, small enough that any report of any day is read at once."""

from datetime import date

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.entity import Entity, link
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import Code, Count, Currency, Money

_SCOPE = Scope(
    branch="branch_lft",
    region="region_lft",
    officer="officer_id",
    client="client_id",
    product_kind="product_kind",
)
_KEYS = ("taken_on", "region_id", "branch_id", "officer_id", "product_id", "client_id", "currency")


class PortfolioSnapshot(Entity):
    """The book at the end of one day by village, branch, officer, product and bucket."""

    __scope__ = _SCOPE
    __history__ = False
    __table_args__ = (
        UniqueConstraint(*_KEYS, "bucket_id", "status", postgresql_nulls_not_distinct=True),
        *(
            Index(f"ix_portfolio_snapshot_{key}", "taken_on", key)
            for key in ("region_lft", "branch_lft", "officer_id", "client_id")
        ),
    )

    taken_on: Mapped[date]
    region_id: Mapped[int | None] = link("region", index=False)
    region_lft: Mapped[int | None] = mapped_column(BigInteger, info={"kind": "scope_key"})
    branch_id: Mapped[int | None] = link("branch", index=False)
    branch_lft: Mapped[int | None] = mapped_column(BigInteger, info={"kind": "scope_key"})
    officer_id: Mapped[int | None] = link("user", index=False)
    client_id: Mapped[int] = link("client", index=False)
    product_id: Mapped[int] = link("product", index=False)
    product_kind: Mapped[Code | None] = mapped_column(info={"kind": "scope_key"})
    currency: Mapped[Currency]
    bucket_id: Mapped[int | None] = link("bucket", index=False)
    status: Mapped[Code]
    loans: Mapped[Count]
    principal: Mapped[Money]
    outstanding: Mapped[Money]
    overdue: Mapped[Money]
    """Overdue principal and interest."""

    __screen__ = Screen(operations="")


class CollectionSnapshot(Entity):
    """What was paid out, fell due and came in on one day by village, branch, officer and product."""

    __scope__ = _SCOPE
    __history__ = False
    __table_args__ = (
        UniqueConstraint(*_KEYS, postgresql_nulls_not_distinct=True),
        *(
            Index(f"ix_collection_snapshot_{key}", "taken_on", key)
            for key in ("region_lft", "branch_lft", "officer_id", "client_id")
        ),
    )

    taken_on: Mapped[date]
    region_id: Mapped[int | None] = link("region", index=False)
    region_lft: Mapped[int | None] = mapped_column(BigInteger, info={"kind": "scope_key"})
    branch_id: Mapped[int | None] = link("branch", index=False)
    branch_lft: Mapped[int | None] = mapped_column(BigInteger, info={"kind": "scope_key"})
    officer_id: Mapped[int | None] = link("user", index=False)
    client_id: Mapped[int] = link("client", index=False)
    product_id: Mapped[int] = link("product", index=False)
    product_kind: Mapped[Code | None] = mapped_column(info={"kind": "scope_key"})
    currency: Mapped[Currency]
    loans_disbursed: Mapped[Count] = mapped_column(default=0, server_default="0")
    disbursed: Mapped[Money] = mapped_column(default=0, server_default="0")
    due_principal: Mapped[Money] = mapped_column(default=0, server_default="0")
    due_interest: Mapped[Money] = mapped_column(default=0, server_default="0")
    collected_principal: Mapped[Money] = mapped_column(default=0, server_default="0")
    collected_interest: Mapped[Money] = mapped_column(default=0, server_default="0")

    __screen__ = Screen(operations="")
