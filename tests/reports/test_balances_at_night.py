"""Balances of now while the sums of a day are taken, between the steps of a night, and when a night dies."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, update

from app.core.db import unscoped
from app.core.jobs import Record
from app.models import Loan, PortfolioChange, PortfolioSnapshot
from app.servicing import arrears, snapshots
from tests.reports.standing import READERS, assert_stands, changes, loan_of, night, pay, stood, taken, today
from tests.reports.world import ON, PAST, Book

__all__ = ["taken"]

ONE = timedelta(days=1)
FOLLOWING = ON + ONE


def test_a_loan_that_is_paid_out_tomorrow_stands_in_the_lists_and_so_in_the_balances_of_now(
    book: Book,
) -> None:
    with unscoped("a test postpones a pay-out") as session:
        loan = loan_of(book, session)
        before, owed, number = loan.disbursed_on, loan.principal_outstanding, loan.id
        loan.disbursed_on = FOLLOWING
    assert_stands(book)
    whole = balance_of_snapshot()
    night()
    assert balance_of_snapshot() == whole - owed
    assert changes() == 1
    assert_stands(book, READERS, ("village",))
    with unscoped("a test sets it back") as session:
        session.get_one(Loan, number).disbursed_on = before


def balance_of_snapshot() -> Decimal:
    with unscoped("a test looks") as session:
        owed = func.sum(PortfolioSnapshot.outstanding)
        return session.scalar(select(owed).where(PortfolioSnapshot.taken_on == ON)) or Decimal(0)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_payment_that_commits_while_the_snapshot_is_taken_counts_once(book: Book, is_first: bool) -> None:
    with unscoped("a payment that takes its time") as slow:
        pay(slow, loan_of(book, slow), f"meanwhile {is_first}")
        with unscoped("a night of a test") as session:
            if is_first:
                slow.commit()
            snapshots.take(session, ON)
            slow.commit()
    assert (changes() == 0) == is_first
    assert_stands(book, READERS, ("village",))


def test_a_night_that_dies_leaves_the_changes(book: Book) -> None:
    with unscoped("a payment of a test") as session:
        pay(session, loan_of(book, session), "before the crash")
    known = changes()
    with unscoped("a night that dies") as session:
        snapshots.take(session, ON)
        assert session.scalars(select(PortfolioChange)).all() == []
        session.rollback()
    assert changes() == known > 0
    assert_stands(book)


def test_balances_are_those_of_the_loans_between_the_steps_of_a_night(book: Book) -> None:
    def record(step: str) -> Record:
        return Record("nightly", step, FOLLOWING)

    with unscoped("a step of a night") as session:
        session.execute(update(Loan).where(Loan.number == "L000").values(overdue_since=None))
        snapshots.take(session, ON)
    with unscoped("a step of a night") as session:
        assert arrears.advance(session, FOLLOWING, record("arrears")) > 0
    assert today() == FOLLOWING
    assert changes() == 0
    assert_stands(book, READERS, ("village",))
    with unscoped("a step of a night") as session:
        arrears.classify(session, FOLLOWING, record("buckets"))
    assert changes() == 0
    assert_stands(book, READERS, ("village",))
    with unscoped("a payment in the night") as session:
        pay(session, loan_of(book, session), "in the night")
    assert changes() > 0
    assert_stands(book, READERS, ("village",))
    night(FOLLOWING)
    assert changes() == 0
    assert_stands(book, READERS, ("village",))


def test_whatever_moves_the_book_once_its_day_is_taken_is_a_change(book: Book) -> None:
    """The same day again, as the first night of all may be: nobody takes the sums away from under the readers."""
    with unscoped("a step of a night") as session:
        arrears.advance(session, ON, Record("nightly", "arrears", ON))
        arrears.classify(session, ON, Record("nightly", "buckets", ON))
    assert_stands(book, READERS, ("village",))


def test_a_past_day_stays_as_it_was_whatever_is_posted(book: Book) -> None:
    before = stood(book, PAST)
    with unscoped("a payment of a test") as session:
        pay(session, loan_of(book, session), "now 9")
    night(ON - ONE * 20)
    assert changes() > 0
    assert_stands(book)
    assert stood(book, PAST) == before


def test_past_days_made_from_the_journal_leave_the_balances_of_now(book: Book) -> None:
    with unscoped("past days of a test") as session:
        snapshots.backfill(session, book.clients["x"], [ON - ONE * 3, ON])
    assert_stands(book, READERS, ("branch",))
