"""What reports of the book are asked: place, unit, officer, client, product kind, currency, day, period."""

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Self

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import ARRAY, ColumnElement, Date, func, literal, or_, select

from app.core.db import unscoped
from app.core.org import Branch, Region
from app.core.reach import Range
from app.core.report import Asked, Reader, parameter
from app.core.web.cells import plain
from app.models import Bucket, CollectionSnapshot, PortfolioSnapshot, Product, UntakenDay
from app.models.lending import ProductKind

AT_RISK_FROM = 31
"""Portfolio at risk counts loans more than 30 days past due."""


def currencies(reader: Reader) -> Sequence[tuple[str, str]]:
    """The currencies in which money is lent."""
    return [
        (code, code)
        for code in reader.session.scalars(select(Product.currency).distinct().order_by(Product.currency))
    ]


def main_currency(reader: Reader) -> str | None:
    """The currency with most loans in the reader's scope; amounts of different money cannot be compared."""
    known = [code for code, _label in currencies(reader)]
    if len(known) < 2:
        return known[0] if known else None
    found = reader.session.execute(
        select(PortfolioSnapshot.currency)
        .where(PortfolioSnapshot.taken_on == snapshot_day(reader.on))
        .group_by(PortfolioSnapshot.currency)
        .order_by(func.sum(PortfolioSnapshot.loans).desc(), PortfolioSnapshot.currency)
        .limit(1)
    ).scalar()
    return found or known[0]


def snapshot_day(day: date) -> date | None:
    """The latest day with a snapshot, not after `day`. The same for everyone, whatever his scope holds."""
    with unscoped("which days have snapshots") as session:
        return session.scalar(
            select(func.max(PortfolioSnapshot.taken_on)).where(PortfolioSnapshot.taken_on <= day)
        )


def moved_days(since: date, until: date) -> tuple[date | None, tuple[date, ...]]:
    """The last day of which it is stored what moved, and the days of a period whose sums may lack what moved.

    The same for everyone, whatever his scope holds.
    """
    untaken = select(UntakenDay.moved_on).where(UntakenDay.moved_on.between(since, until))
    with unscoped("which days have snapshots") as session:
        last = session.scalar(select(func.max(CollectionSnapshot.taken_on)))
        return last, tuple(sorted(session.scalars(untaken.distinct())))


@dataclass(frozen=True)
class Limits(Asked):
    """Which part of the book: the parameters that all reports share."""

    currency: str | None = parameter(_("Currency"), default=main_currency, choices=currencies)
    client_id: int | None = parameter(_("Client"))
    product_kind: ProductKind | None = parameter(_("Kind of product"))
    region_id: int | None = parameter(_("Place"))
    branch_id: int | None = parameter(_("Branch"))
    officer_id: int | None = parameter(_("Officer"), entity="user")
    customer_id: int | None = parameter(_("Customer"), is_hidden=True)
    region: Range | None = None
    branch: Range | None = None
    on: date | None = None
    reach: frozenset[str] | None = None
    """Columns by which the reader's grants tell rows apart; None where nobody has said who reads."""

    def settled(self, reader: Reader) -> Self:
        return replace(
            self,
            # no address makes a report add up amounts of several currencies
            currency=self.currency or main_currency(reader),
            on=reader.on,
            reach=frozenset(reader.session.reach.columns),
            region=_range(reader, Region, self.region_id),
            branch=_range(reader, Branch, self.branch_id),
        )

    def splits(self) -> set[str] | None:
        """The columns that rows must have so that this reader's part of them can be told; None: not known."""
        if self.reach is None:
            return None
        names = ("client_id", "officer_id", "customer_id", "product_kind")
        limits = {name for name in names if getattr(self, name) is not None}
        trees = {f"{name}_lft" for name in ("region", "branch") if getattr(self, name) is not None}
        return limits | trees | self.reach

    def where(self, entity: Any) -> list[ColumnElement[bool]]:
        """The limits on an entity that carries scope keys and currency: a loan or a snapshot."""
        found = [entity.currency == self.currency] if self.currency else []
        for name in ("client_id", "officer_id", "customer_id"):
            value = getattr(self, name)
            if value is not None:
                found.append(getattr(entity, name) == value)
        if self.product_kind:
            found.append(entity.product_kind == str(self.product_kind))
        for name, limits in (("region_lft", self.region), ("branch_lft", self.branch)):
            if limits is not None:
                key = getattr(entity, name)
                found.append(key == limits[0] if limits[0] == limits[1] else key.between(*limits))
        return found


def _range(reader: Reader, tree: Any, node_id: int | None) -> Range | None:
    """The numbers of a node and all below it."""
    if node_id is None:
        return None
    row = reader.session.execute(
        select(tree.lft, tree.rgt, tree.used_to).where(tree.id == node_id)
    ).one_or_none()
    if row is None:
        return (0, 0)
    return (row.lft, row.lft if row.used_to == row.lft else row.rgt)


@dataclass(frozen=True)
class Period(Limits):
    """A period of the book."""

    since: date | None = parameter(_("From"))
    until: date | None = parameter(_("To"))
    months: int = field(default=1, repr=False)
    """How many months back the period begins where nothing is said."""
    moved_on: date | None = None
    """The last day of which it is stored what moved."""
    untaken: tuple[date, ...] = ()
    """Days of the period whose sums may lack what moved on them."""
    unstored_from: date | None = None
    """The first of the period's days of which nothing is stored yet; None: of all of them it may be."""

    def settled(self, reader: Reader) -> Self:
        found = super().settled(reader)
        until = found.until or reader.on
        since = found.since or first_of_month(until, found.months - 1)
        moved_on, untaken = moved_days(since, until)
        unstored = since if moved_on is None else max(since, moved_on + timedelta(days=1))
        return replace(
            found, until=until, since=since, moved_on=moved_on, untaken=untaken,
            unstored_from=unstored if unstored <= until else None,
        )  # fmt: skip

    def days_by_rows(self) -> Callable[[Any], ColumnElement[bool]] | None:
        """The condition, on a column of days, of those that are read from the rows themselves; None: none is."""
        noted, first, last = list(self.untaken), self.unstored_from, self.until
        if not noted and first is None:
            return None

        def condition(day: Any) -> ColumnElement[bool]:
            parts = [day == func.any(literal(noted, ARRAY(Date)))] if noted else []
            return or_(*parts, *([day.between(first, last)] if first else []))

        return condition

    def whole_months(self) -> tuple[date, date] | None:
        """The first and last of the months that lie in the period with all days that have moved in them."""
        if self.since is None or self.until is None or self.moved_on is None or self.since > self.moved_on:
            return None
        first = first_of_month(self.since, 0 if self.since.day == 1 else -1)
        last = first_of_month(self.until)
        if self.until < min(end_of_month(last), self.moved_on):
            last = first_of_month(last, 1)
        return (first, last) if first <= last else None


@dataclass(frozen=True)
class HalfYear(Period):
    """Six months up to now."""

    months: int = field(default=6, repr=False)


@dataclass(frozen=True)
class Standing(Limits):
    """The book at the end of a day."""

    as_of: date | None = parameter(_("As of"))
    taken_on: date | None = None
    buckets: tuple[tuple[int, str, int], ...] = ()
    """(id, name, first day past due) of the delinquency buckets in their order."""

    def settled(self, reader: Reader) -> Self:
        found, as_of = super().settled(reader), self.as_of or reader.on
        query = select(Bucket.id, Bucket.name, Bucket.from_days).order_by(Bucket.from_days)
        return replace(
            found,
            as_of=as_of,
            taken_on=snapshot_day(as_of),
            buckets=tuple((row.id, row.name, row.from_days) for row in reader.session.execute(query)),
        )

    @property
    def is_current(self) -> bool:
        """Whether it is about the book as it is now."""
        return self.as_of is None or self.on is None or self.as_of >= self.on

    @property
    def is_summed(self) -> bool:
        """Whether there are sums of it: of past days nothing else is kept, of now there are none while a night works."""
        return not self.is_current or self.taken_on == self.on

    @property
    def at_risk(self) -> list[int]:
        """Ids of the buckets that lie wholly beyond 30 days."""
        return [number for number, _name, first in self.buckets if first >= AT_RISK_FROM]

    def notes(self, by: str) -> list[str]:
        if by == "customer":
            return [
                gettext(
                    "Balances of customers are of %(day)s; past days are kept by place, branch and officer",
                    day=_day(self.on),
                )
            ]
        if self.is_current:
            return [gettext("Balances are those of the loans now, as in the lists behind the numbers")]
        if self.taken_on is None:
            return [
                gettext(
                    "No day up to %(day)s has been closed yet, so there are no balances", day=_day(self.as_of)
                )
            ]
        return [
            gettext("Balances at the end of %(day)s", day=_day(self.taken_on)),
            gettext("Balances of a past day have no list behind them: lists show the loans as they are now"),
        ]


@dataclass(frozen=True)
class Book(Standing, Period):
    """The book at the end of a day, and what went out and came in during a period up to it."""

    def settled(self, reader: Reader) -> Self:
        return super(Book, replace(self, until=self.until or self.as_of)).settled(reader)


def _day(day: date | None) -> str:
    return plain("date", day) if day else ""


def first_of_month(day: date, months_back: int = 0) -> date:
    """The first day of the month that lies so many months before.

    >>> first_of_month(date(2018, 2, 25)), first_of_month(date(2018, 2, 25), 5)
    (datetime.date(2018, 2, 1), datetime.date(2017, 9, 1))
    """
    month = day.year * 12 + day.month - 1 - months_back
    return date(month // 12, month % 12 + 1, 1)


def end_of_month(first: date) -> date:
    """The last day of the month that begins on `first`.

    >>> end_of_month(date(2016, 2, 1))
    datetime.date(2016, 2, 29)
    """
    return first.replace(day=monthrange(first.year, first.month)[1])
