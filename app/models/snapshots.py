"""Daily sums of the book, small enough that any report of any day is read at once."""

from datetime import date
from typing import ClassVar

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.cents import Cents
from app.core.entity import Entity, Feed, link
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.tallies import Tally
from app.core.types import Code, Count, Currency

_SCOPE = Scope(
    branch="branch_lft",
    region="region_lft",
    officer="officer_id",
    client="client_id",
    product_kind="product_kind",
)
_KEYS = (
    "taken_on",
    "region_id",
    "branch_id",
    "officer_id",
    "product_id",
    "product_kind",
    "client_id",
    "currency",
)


class Place:
    """Mixin: whose sums these are, by village, branch, officer, client and product."""

    region_id: Mapped[int | None] = link("region", index=False)
    region_lft: Mapped[int | None] = mapped_column(BigInteger, info={"kind": "scope_key"})
    branch_id: Mapped[int | None] = link("branch", index=False)
    branch_lft: Mapped[int | None] = mapped_column(BigInteger, info={"kind": "scope_key"})
    officer_id: Mapped[int | None] = link("user", index=False)
    client_id: Mapped[int] = link("client", index=False)
    product_id: Mapped[int] = link("product", index=False)
    product_kind: Mapped[Code | None] = mapped_column(info={"kind": "scope_key"})
    currency: Mapped[Currency]


class Standing(Place):
    """Mixin: how many loans stand where, and what is owed on them."""

    bucket_id: Mapped[int | None] = link("bucket", index=False)
    status: Mapped[Code]
    loans: Mapped[Count]
    principal: Mapped[Cents]
    outstanding: Mapped[Cents]
    overdue: Mapped[Cents]
    """Overdue principal and interest."""


class PortfolioSnapshot(Standing, Entity):
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

    __screen__ = Screen(operations="")


BOOK_MOVES = "app.book_moves"
"""The setting of a transaction that moves the whole book to another day, whose sums are taken after it."""


class PortfolioChange(Standing, Entity):
    """What changed in the book since its latest snapshot: the two together are what the loans are now."""

    __scope__ = _SCOPE
    __history__ = False
    __tallies__: ClassVar[tuple[Tally, ...]] = (
        Tally(
            "loan",
            keys=("region_id", "branch_id", "officer_id", "client_id", "product_id", "product_kind", "currency",
                  "bucket_id", "status"),
            along=("region_lft", "branch_lft"),
            sums={"loans": "1", "principal": "100 * principal", "outstanding": "100 * principal_outstanding",
                  "overdue": "100 * (overdue_principal + overdue_interest)"},
            unless=BOOK_MOVES,
        ),
    )  # fmt: skip

    # to check these as well took four fifths of the time of a change
    region_id: Mapped[int | None] = link("region", index=False, is_checked=False)
    branch_id: Mapped[int | None] = link("branch", index=False, is_checked=False)
    officer_id: Mapped[int | None] = link("user", index=False, is_checked=False)
    client_id: Mapped[int] = link("client", index=False, is_checked=False)
    product_id: Mapped[int] = link("product", index=False, is_checked=False)
    bucket_id: Mapped[int | None] = link("bucket", index=False, is_checked=False)

    __screen__ = Screen(operations="")


class CollectionSnapshot(Place, Entity):
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
    loans_disbursed: Mapped[Count] = mapped_column(default=0, server_default="0")
    disbursed: Mapped[Cents] = mapped_column(default=0, server_default="0")
    due_principal: Mapped[Cents] = mapped_column(default=0, server_default="0")
    due_interest: Mapped[Cents] = mapped_column(default=0, server_default="0")
    collected_principal: Mapped[Cents] = mapped_column(default=0, server_default="0")
    collected_interest: Mapped[Cents] = mapped_column(default=0, server_default="0")

    __screen__ = Screen(operations="")


class CollectionByPlace(Entity):
    """The same by month and place, for readers and questions that know no unit, person or product.

    A month has nearly one row of CollectionSnapshot for each of its instalments; it has one of these for each
    village where any fell due.
    """

    __scope__ = Scope(region="region_lft", client="client_id")
    __history__ = False
    __table_args__ = (
        UniqueConstraint(
            "month_on", "region_id", "client_id", "currency", postgresql_nulls_not_distinct=True
        ),
        Index("ix_collection_by_place_region_lft", "month_on", "region_lft"),
    )

    month_on: Mapped[date]
    """The first day of the month; the sums are of all its days so far."""
    region_id: Mapped[int | None] = link("region", index=False)
    region_lft: Mapped[int | None] = mapped_column(BigInteger, info={"kind": "scope_key"})
    client_id: Mapped[int] = link("client", index=False)
    currency: Mapped[Currency]
    disbursed: Mapped[Cents]
    due_principal: Mapped[Cents]
    due_interest: Mapped[Cents]
    collected_principal: Mapped[Cents]
    collected_interest: Mapped[Cents]

    __screen__ = Screen(operations="")


class CollectionByUnit(Entity):
    """The same by month, branch, officer and product, for readers and questions that know no place."""

    __scope__ = Scope(branch="branch_lft", officer="officer_id", client="client_id")
    __history__ = False
    __table_args__ = (
        UniqueConstraint(
            "month_on", "branch_id", "officer_id", "client_id", "product_id", "product_kind", "currency",
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_collection_by_unit_branch_lft", "month_on", "branch_lft"),
    )  # fmt: skip

    month_on: Mapped[date]
    """The first day of the month; the sums are of all its days so far."""
    branch_id: Mapped[int | None] = link("branch", index=False)
    branch_lft: Mapped[int | None] = mapped_column(BigInteger, info={"kind": "scope_key"})
    officer_id: Mapped[int | None] = link("user", index=False)
    client_id: Mapped[int] = link("client", index=False)
    product_id: Mapped[int] = link("product", index=False)
    product_kind: Mapped[Code | None] = mapped_column(info={"kind": "scope_key"})
    currency: Mapped[Currency]
    disbursed: Mapped[Cents]
    due_principal: Mapped[Cents]
    due_interest: Mapped[Cents]
    collected_principal: Mapped[Cents]
    collected_interest: Mapped[Cents]

    __screen__ = Screen(operations="")


class UntakenDay(Entity):
    """A day on which money moved that its sums may lack: stored since they were taken, or while they were.

    A row for every statement and day, and none is ever changed, so nobody who stores waits for anybody. The night
    takes those days again and drops the rows that it read. The days of instalments are noted by the import, which
    alone makes them: a trigger would hold every new line a second time.
    """

    __scope__ = Scope.house("says which days the night has to take again")
    __history__ = False
    __fed_by__: ClassVar[tuple[Feed, ...]] = (
        Feed("repayment", {"moved_on": "received_on"}, "kind <> 'opening'"),
        Feed(
            "loan", {"moved_on": "disbursed_on"}, "taken_over_on IS NULL",
            corrected=("disbursed_on", "principal", "taken_over_on"),
        ),
    )  # fmt: skip

    moved_on: Mapped[date]

    __screen__ = Screen(operations="")
