"""Holds the reports of balances against the loans that a reader sees, whatever befell them since the last night."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, select

import app.reports  # noqa: F401  declares the reports
from app.core import clock, registry
from app.core.db import scoped_as, unscoped
from app.core.org import Region
from app.core.report import Reader
from app.models import Bucket, Loan, PortfolioChange, PortfolioSnapshot
from app.reports.asked import AT_RISK_FROM
from app.servicing import snapshots
from app.servicing.account import Split
from app.servicing.posting import post_repayment
from tests.reports.test_figures import VISIBLE
from tests.reports.world import ON, OPEN, Book

READERS = tuple(VISIBLE)
GROUPS = ("branch", "village", "officer", "kind", "client")
Figures = dict[Any, dict[str, Decimal]]


def reported(book: Book, user: str, name: str, by: str, currency: str) -> Figures:
    """What a report tells of now, without what is nothing."""
    report = registry.report(name)
    with scoped_as(book.users[user]) as session:
        reader = Reader(session, clock.business_date(session), book.users[user])
        asked = report.asked(currency=currency).settled(reader)
        found = session.execute(report.query(asked, by)).all()
    names = ("loans", "outstanding", "overdue", "late") if name == "portfolio" else None
    told = {
        row.key: {
            figure: Decimal(value)
            for figure, value in row._mapping.items()
            if value and (figure in names if names else figure.startswith(("bucket_", "outstanding")))
        }
        for row in found
    }
    return {key: figures for key, figures in told.items() if figures}


def listed(book: Book, user: str, by: str, currency: str) -> dict[str, Figures]:
    """What the list of open loans that opens behind both reports adds up to."""
    with scoped_as(book.users[user]) as session:
        villages = {row.id: row for row in session.scalars(select(Region).where(Region.level == "village"))}
        above = dict(session.execute(select(Region.id, Region.parent_id)).all())
        at_risk = set(session.scalars(select(Bucket.id).where(Bucket.from_days >= AT_RISK_FROM)))
        portfolio: Figures = {}
        quality: Figures = {}
        for loan in session.scalars(select(Loan).where(Loan.status.in_(OPEN), Loan.currency == currency)):
            place = loan.region_id
            while place is not None and place not in villages:
                place = above.get(place)
            key = {"branch": loan.branch_id, "village": place, "officer": loan.officer_id,
                   "kind": loan.product_kind, "client": loan.client_id}[by]  # fmt: skip
            owed = loan.principal_outstanding
            overdue = loan.overdue_principal + loan.overdue_interest
            late = owed if loan.bucket_id in at_risk else Decimal(0)
            _add(portfolio, key, loans=Decimal(1), outstanding=owed, overdue=overdue, late=late)
            _add(quality, key, **{f"bucket_{loan.bucket_id or 'none'}": owed, "outstanding": owed})
    return {"portfolio": _told(portfolio), "quality": _told(quality)}


def _add(found: Figures, key: Any, **amounts: Decimal) -> None:
    row = found.setdefault(key, {})
    for name, amount in amounts.items():
        row[name] = row.get(name, Decimal(0)) + amount


def _told(found: Figures) -> Figures:
    rows = {key: {name: amount for name, amount in row.items() if amount} for key, row in found.items()}
    return {key: row for key, row in rows.items() if row}


def assert_stands(
    book: Book, users: Iterable[str] = ("manager",), groups: Iterable[str] = GROUPS, currency: str = "CNY"
) -> None:
    """Both reports tell of now what the loans behind them add up to."""
    for user in users:
        for by in groups:
            for name, wanted in listed(book, user, by, currency).items():
                told = reported(book, user, name, by, currency)
                assert told == wanted, (user, name, by)


def changes() -> int:
    """Rows of what changed since the latest snapshot."""
    with unscoped("a test looks") as session:
        return len(session.scalars(select(PortfolioChange.id)).all())


def stood(book: Book, day: date) -> Figures:
    """What the report of a past day tells by branch."""
    report = registry.report("portfolio")
    with scoped_as(book.users["manager"]) as session:
        reader = Reader(session, clock.business_date(session), book.users["manager"])
        asked = report.asked(currency="CNY", as_of=day, since=day, until=day).settled(reader)
        found = session.execute(report.query(asked, "branch")).all()
    return {row.key: {"outstanding": row.outstanding, "overdue": row.overdue} for row in found}


def night(day: date = ON) -> None:
    """The sums of a day, as a night takes them."""
    with unscoped("a night of a test") as session:
        snapshots.take(session, day)


@pytest.fixture(autouse=True)
def taken(book: Book) -> Iterator[None]:
    """Every test begins after a night, and with the same day."""
    with unscoped("a test begins") as session:
        session.execute(delete(PortfolioSnapshot).where(PortfolioSnapshot.taken_on > ON))
        clock.set_business_date(session, ON)
    night()
    assert changes() == 0
    yield
    night(today())
    assert changes() == 0
    assert_stands(book, groups=("village",))


def today() -> date:
    """The business date."""
    with unscoped("a test looks") as session:
        return clock.business_date(session)


def loan_of(book: Book, session: Any, *, status: str = "current") -> Loan:
    """A loan of bank x of which something is owed."""
    mine = select(Loan).where(Loan.client_id == book.clients["x"], Loan.principal_outstanding > 100)
    return session.scalars(
        mine.where(Loan.status == status, Loan.region_id.is_not(None), Loan.disbursed_on < ON).order_by(
            Loan.id
        )
    ).first()


def pay(session: Any, loan: Loan, reference: str) -> int:
    """A payment of 33.33 for a loan; its id."""
    paid = post_repayment(
        session, loan.id, Decimal("33.33"), ON, source="manual", reference=reference, business_on=ON,
        split=Split(Decimal("31.30"), Decimal("2.03")),
    )  # fmt: skip
    return int(paid.id)
