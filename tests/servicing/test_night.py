"""The night moves the book day by day, is done once however often it runs, and survives a bad loan."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st
from sqlalchemy import func, select, update

from app.core.db import ScopedSession, unscoped
from app.core.jobs import Record
from app.core.org import JobRun
from app.models import CollectionSnapshot, Instalment, Loan, PortfolioSnapshot
from app.servicing import arrears, snapshots
from app.servicing.posting import post_repayment
from tests.servicing.book import BUSINESS_ON, book, make_night_book

ONE = timedelta(days=1)


@pytest.fixture(scope="module")
def filled(database):
    make_night_book()
    return database


@pytest.fixture
def session(filled) -> Iterator[ScopedSession]:
    """A session whose work is undone."""
    with unscoped("a test of the night") as session:
        yield session
        session.rollback()


def record(day: date, step: str = "arrears") -> Record:
    return Record("nightly", step, day)


def step_to(session, day: date) -> None:
    arrears.advance(session, day, record(day))
    arrears.classify(session, day, record(day, "buckets"))
    session.expire_all()


@given(
    payments=st.lists(
        st.tuples(st.integers(0, 299), st.integers(1, 30), st.integers(1, 300_000)), max_size=12
    )
)
@settings(max_examples=5, deadline=None)
def test_moving_day_by_day_ends_where_computing_everything_ends(filled, payments) -> None:
    with unscoped("a test of the night") as session:
        ids = session.scalars(select(Loan.id).order_by(Loan.id)).all()
        for n in range(1, 31):
            day = BUSINESS_ON + n * ONE
            for number, on, cents in payments:
                if on == n:
                    post_repayment(
                        session, ids[number], Decimal(cents) / 100, day - ONE, source="test",
                        reference=f"{number}/{n}/{cents}", business_on=day - ONE,
                    )  # fmt: skip
            step_to(session, day)
        stepped = book(session)
        assert arrears.recompute(session, None, day) == 0
        assert book(session) == stepped
        session.rollback()


def test_the_book_without_its_incremental_step_would_differ(session) -> None:
    before = book(session)
    step_to(session, BUSINESS_ON + ONE)
    assert book(session) != before


def test_a_loan_that_cannot_be_stored_is_told_and_tried_again_the_next_night(session) -> None:
    day = BUSINESS_ON + ONE
    punctual = select(Loan).where(Loan.status == "current").order_by(Loan.id).limit(2)
    bad, good = session.scalars(punctual).all()
    for loan in (bad, good):
        due = update(Instalment).where(Instalment.loan_id == loan.id, Instalment.due_on == loan.next_due_on)
        session.execute(due.values(due_on=BUSINESS_ON))
    arrears.recompute(session, [bad.id, good.id], BUSINESS_ON)
    session.execute(update(Loan).where(Loan.id == bad.id).values(overdue_principal=Decimal(9999999999999999)))
    told = record(day)
    arrears.advance(session, day, told)
    session.expire_all()
    assert [(error["row"], error["id"]) for error in told.errors] == [(bad.number, bad.id)]
    assert "overflow" in told.errors[0]["reason"]
    assert (good.overdue_since, bad.overdue_since) == (BUSINESS_ON, None)
    session.add(JobRun(job="nightly", step="arrears", business_on=day, state="done", errors=told.errors))
    session.flush()
    step_to(session, day + ONE)
    assert (bad.overdue_since, bad.overdue_principal) == (BUSINESS_ON, Decimal(1000))


def test_the_portfolio_of_today_agrees_with_the_journals_past(session) -> None:
    """Loans of one client with all their payments: what stands now is what the journal says of today."""
    loan_id = session.scalar(select(Loan.id).order_by(Loan.id).limit(1))
    session.execute(update(Loan).values(disbursed_on=BUSINESS_ON - 400 * ONE))
    for name in ("principal_paid", "interest_paid"):
        session.execute(update(Instalment).values({name: 0, "paid_on": None}))
    arrears.recompute(session, None, BUSINESS_ON)
    session.expire_all()
    loan = session.get_one(Loan, loan_id)
    for n, amount in enumerate(("500.50", "24000"), 1):
        post_repayment(
            session, loan_id, Decimal(amount), BUSINESS_ON - ONE, source="test", reference=str(n),
            business_on=BUSINESS_ON,
        )  # fmt: skip
    snapshots.take(session, BUSINESS_ON)
    now = portfolio(session)
    moved = session.scalars(select(CollectionSnapshot.collected_principal)).all()
    snapshots.backfill(session, loan.client_id, [BUSINESS_ON, BUSINESS_ON - ONE])
    assert portfolio(session) == now
    assert sum(portfolio(session, BUSINESS_ON - ONE).values(), Decimal(0)) > 0
    paid = session.scalar(select(func.sum(CollectionSnapshot.collected_principal)))
    less = session.scalar(select(Loan.principal).where(Loan.id == loan_id)) - loan.principal_outstanding
    assert less > 0
    assert (sum(moved), paid) == (less, less)


def portfolio(session, day: date = BUSINESS_ON) -> dict[tuple[object, ...], Decimal]:
    rows = session.execute(select(PortfolioSnapshot).where(PortfolioSnapshot.taken_on == day)).scalars()
    return {
        (row.branch_id, row.bucket_id, row.status, row.loans, row.principal, row.outstanding): row.overdue
        for row in rows
    }


def test_old_days_go_but_for_the_ends_of_months(session) -> None:
    for day in (date(2018, 4, 30), date(2018, 5, 1), date(2018, 5, 31), date(2018, 6, 20)):
        snapshots.take(session, day)
    snapshots.prune(session, BUSINESS_ON)
    kept = session.scalars(
        select(PortfolioSnapshot.taken_on).distinct().order_by(PortfolioSnapshot.taken_on)
    ).all()
    assert kept == [date(2018, 4, 30), date(2018, 5, 31), date(2018, 6, 20)]
