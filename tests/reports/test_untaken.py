"""Money that is posted after the sums of its day were taken stands in every report at once, as in the lists behind it."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, true

import app.reports  # noqa: F401  declares the reports
from app.core import registry
from app.core.db import scoped_as, unscoped
from app.core.org import Region
from app.core.report import Reader
from app.models import (
    Allocation,
    Client,
    CollectionByPlace,
    CollectionByUnit,
    CollectionSnapshot,
    Loan,
    Repayment,
    UntakenDay,
)
from app.servicing import snapshots
from app.servicing.account import Split
from app.servicing.posting import post_repayment
from app.servicing.posting_bulk import Receipt, post_staged
from app.servicing.reversal import reverse
from tests.reports.test_figures import VISIBLE, rows
from tests.reports.world import ON, Book

SINCE, UNTIL = date(2018, 4, 1), date(2018, 6, 25)
YESTERDAY, LONG_AGO = date(2018, 6, 24), date(2018, 5, 3)
OLD = 8
"""Loans from this one on were paid out before the earliest of these days."""
GROUPS: dict[str, Callable[[Any, Any], Any]] = {
    "branch": lambda loan, _row: loan.branch_id,
    "officer": lambda loan, _row: loan.officer_id,
    "kind": lambda loan, _row: loan.product_kind,
    "client": lambda loan, _row: loan.client_id,
    "month": lambda _loan, row: row.received_on.replace(day=1),
    "day": lambda _loan, row: row.received_on,
    "village": lambda loan, _row: loan.region_id,
}


def listed(book: Book, user: str, by: str) -> dict[Any, Decimal]:
    """What the list of shares behind the report shows this reader, added up by row of the report."""
    with scoped_as(book.users[user]) as session:
        found = session.execute(
            select(Allocation.amount, Loan, Repayment)
            .join(Loan, Loan.id == Allocation.loan_id)
            .join(Repayment, Repayment.id == Allocation.repayment_id)
            .where(Repayment.received_on.between(SINCE, UNTIL), Repayment.kind != "opening")
            .where(Allocation.component.in_(("principal", "interest")), Loan.currency == "CNY")
        ).all()
        sums: defaultdict[Any, Decimal] = defaultdict(Decimal)
        villages = set(session.scalars(select(Region.id).where(Region.level == "village")))
        for amount, loan, repayment in found:
            key = GROUPS[by](loan, repayment)
            if by == "village" and key not in villages:
                above = session.get(Region, key) if key else None
                key = above.parent_id if above is not None and above.level == "group" else None
            sums[key] += amount
    return {key: amount for key, amount in sums.items() if amount}


def reported(book: Book, user: str, by: str, name: str = "repayments") -> dict[Any, Decimal]:
    """What the report tells this reader, by its rows."""
    found = rows(book, name, user, by, currency="CNY", since=SINCE, until=UNTIL)
    told = {
        key: row.get("collected", (row["collected_principal"] or 0) + (row.get("collected_interest") or 0))
        for key, row in found.items()
    }
    return {key: amount for key, amount in told.items() if amount}


def assert_equal(
    book: Book, users: Iterable[str] = ("manager", "two"), groups: Iterable[str] = ("village", "day")
) -> None:
    """Every report of collections is what its lists add up to, for these readers and groups."""
    for user in users:
        for by in groups:
            assert reported(book, user, by) == listed(book, user, by), (user, by)
    assert reported(book, "manager", "branch", "portfolio") == listed(book, "manager", "branch")
    assert reported(book, "manager", "month", "trend") == listed(book, "manager", "month")


PAID = Split(Decimal("31.30"), Decimal("2.03"))


def post(book: Book, session: Any, number: int, received_on: date, reference: str) -> Repayment:
    """A payment of 33.33 for one of the loans."""
    return post_repayment(
        session, book.facts[number].id, Decimal("33.33"), received_on, source="manual", reference=reference,
        business_on=ON, split=PAID,
    )  # fmt: skip


def of_day(book: Book, day: date) -> Decimal:
    """What the report tells of a day; a payment and a reversal of as much make it a day of nothing."""
    return reported(book, "manager", "day").get(day, Decimal(0))


def whole(book: Book) -> Decimal:
    """All that the report tells."""
    return sum(reported(book, "manager", "branch").values(), Decimal(0))


def noted() -> list[date]:
    """The days that wait to be taken again."""
    with unscoped("a test looks") as session:
        return list(session.scalars(select(UntakenDay.moved_on).order_by(UntakenDay.moved_on)))


def night(day: date = ON) -> None:
    with unscoped("a night of a test") as session:
        snapshots.take(session, day)


def assert_taken(book: Book) -> None:
    """The sums by themselves have everything, by day and by month."""
    with unscoped("a test looks") as session:
        journal = session.scalar(
            select(func.sum(Allocation.amount))
            .join(Repayment)
            .where(Repayment.kind != "opening", Allocation.component.in_(("principal", "interest")))
        )
        for sums in (CollectionSnapshot, CollectionByPlace, CollectionByUnit):
            found = select(func.sum(sums.collected_principal), func.sum(sums.collected_interest))
            assert sum(session.execute(found).one()) == journal, sums
    assert_equal(book)


@pytest.fixture(autouse=True)
def taken(book: Book) -> None:
    """Every test begins after a night."""
    night()


@pytest.mark.parametrize("received_on", [YESTERDAY, LONG_AGO, ON])
def test_a_payment_is_reported_at_once_whatever_its_day(book: Book, received_on: date) -> None:
    with scoped_as(book.users["o1"]) as session:
        mine = next(fact.number for fact in book.facts[OLD:] if fact.officer == "o1" and fact.client == "x")
        before = of_day(book, received_on)
        posted = post(book, session, mine, received_on, f"at once {received_on}")
        assert posted.amount == Decimal("33.33")
        session.commit()
    assert noted() == [received_on]
    assert of_day(book, received_on) == before + Decimal("33.33")
    assert_equal(book, *((VISIBLE, GROUPS) if received_on == LONG_AGO else ()))
    night()
    assert noted() == []
    assert_taken(book)


def test_a_file_of_payments_notes_each_of_its_days_once(book: Book) -> None:
    before = whole(book)
    with unscoped("a file of a test") as session:
        client = session.scalars(select(Client.id).where(Client.id == book.clients["x"])).one()
        days = (YESTERDAY, LONG_AGO, YESTERDAY, ON, LONG_AGO)
        loans = [fact for fact in book.facts[OLD:] if fact.client == "x" and fact.status == "current"]
        receipts = [
            Receipt(n, f"L{loan.number:03d}", Decimal("12.50"), day, f"file {n}", Decimal("12.50"))
            for n, (day, loan) in enumerate(zip(days, loans, strict=False))
        ]
        counts = post_staged(session, client, receipts, "file", ON)
        assert counts.posted == len(receipts) > 2
    assert noted() == [LONG_AGO, YESTERDAY, ON]
    assert whole(book) == before + 5 * Decimal("12.50")
    assert_equal(book)
    night()
    assert_taken(book)


def test_a_reversal_dated_to_a_past_day_is_reported_at_once(book: Book) -> None:
    with unscoped("a payment of a test") as session:
        wrong = post(book, session, OLD, LONG_AGO, "wrong")
        number = wrong.id
    night()
    before = whole(book)
    with unscoped("a reversal of a test") as session:
        reverse(session, number, YESTERDAY, "not his")
    assert noted() == [YESTERDAY]
    assert whole(book) == before - Decimal("33.33")
    assert_equal(book)
    night()
    assert_taken(book)


def test_what_is_committed_while_the_night_works_is_reported_and_taken_the_next_night(book: Book) -> None:
    before = whole(book)
    with unscoped("a payment that takes its time") as session:
        post(book, session, 5, YESTERDAY, "slow")
        with unscoped("a night of a test") as other:
            snapshots.take(other, ON)
            assert other.scalars(select(UntakenDay)).all() == []
    assert noted() == [YESTERDAY]
    assert whole(book) == before + Decimal("33.33")
    assert_equal(book)
    night()
    assert noted() == []
    assert_taken(book)


def test_a_night_that_dies_leaves_the_days_to_the_next(book: Book) -> None:
    with unscoped("a payment of a test") as session:
        post(book, session, 6, YESTERDAY, "before the crash")
    with unscoped("a night that dies") as session:
        snapshots.take(session, ON)
        assert session.scalars(select(UntakenDay)).all() == []
        session.rollback()
    assert noted() == [YESTERDAY]
    assert_equal(book)
    night()
    assert_taken(book)


def test_two_who_post_for_the_same_past_day_do_not_wait_for_each_other(book: Book) -> None:
    with unscoped("the first") as first:
        post(book, first, 1, YESTERDAY, "first")
        with unscoped("the second") as second:
            second.execute(select(func.set_config("lock_timeout", "300ms", true())))
            post(book, second, 2, YESTERDAY, "second")
    assert noted() == [YESTERDAY] * 2
    assert_equal(book)


def test_a_question_about_other_days_reads_no_journal(book: Book) -> None:
    with unscoped("a payment of a test") as session:
        post(book, session, 8, YESTERDAY, "elsewhere")
    report = registry.report("repayments")
    with scoped_as(book.users["manager"]) as session:
        reader = Reader(session, ON, book.users["manager"])
        april = report.asked(currency="CNY", since=SINCE, until=date(2018, 4, 30)).settled(reader)
        june = report.asked(currency="CNY", since=SINCE, until=UNTIL).settled(reader)
    assert "allocation" not in str(report.query(april, "branch"))
    assert "allocation" in str(report.query(june, "branch"))
