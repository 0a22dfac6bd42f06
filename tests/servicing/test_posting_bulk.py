"""A file of payments is posted as if each of them had been posted by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st
from sqlalchemy import func, select

from app.core import clock
from app.core.db import ScopedSession, unscoped
from app.core.errors import OutOfScope, RuleError
from app.core.org import JobRun
from app.models import Allocation, Client, Instalment, Loan, Product, Repayment
from app.servicing.posting import post_repayment
from app.servicing.posting_bulk import Receipt, post_staged
from tests.servicing.book import BUSINESS_ON, book, make_book

D = Decimal
ORDERS = ["", "overdue: principal interest; due: interest principal; advance: interest principal",
          "vertical; surplus principal; overdue: interest principal; due: interest principal"]  # fmt: skip


@pytest.fixture(scope="module")
def session(database) -> Iterator[ScopedSession]:
    """A session on a book of three late loans; each test undoes what it did."""
    with unscoped("a test of postings") as session:
        clock.set_business_date(session, BUSINESS_ON)
        make_book(session, 3, late_share=1, instalments=6)
        yield session
        session.rollback()


@contextmanager
def undone(session) -> Iterator[None]:
    """Undo what is done inside."""
    inside = session.begin_nested()
    yield
    inside.rollback()


def payment(row: int):
    """A payment of one of three loans, or of none, of any size and with any split."""
    return st.builds(
        lambda loan, amount, days, stated, reference: Receipt(
            row, f"L{loan:08}", D(amount) / 100, BUSINESS_ON - timedelta(days=days),
            str(reference or 100 + row),
            *(None, None) if stated is None else (D(amount) / 100 - D(amount * stated // 100) / 100, None),
        ),
        st.integers(0, 3), st.integers(-1, 3_000_000), st.integers(-1, 100), st.none() | st.integers(0, 101),
        st.integers(0, 5),
    )  # fmt: skip


payments = st.integers(1, 8).flatmap(lambda n: st.tuples(*(payment(row) for row in range(n))))


def one_by_one(session, receipts) -> list[int]:
    """Post the payments by hand, in the same order; the rows that were refused."""
    refused = []
    for it in sorted(receipts, key=lambda it: (it.received_on, it.row)):
        loan_id = session.scalar(select(Loan.id).where(Loan.number == it.loan_number))
        try:
            post_repayment(
                session, loan_id or 0, it.amount, it.received_on, source="file", reference=it.reference,
                business_on=BUSINESS_ON, split=it.split,
            )  # fmt: skip
        except (RuleError, OutOfScope):
            refused.append(it.row)
    return sorted(refused)


def everything(session):
    """All that postings leave behind, without ids."""
    session.expire_all()
    lines = select(
        Loan.number,
        Instalment.number,
        Instalment.principal_paid,
        Instalment.interest_paid,
        Instalment.paid_on,
    ).join(Loan, Loan.id == Instalment.loan_id)
    journal = (
        select(
            Repayment.reference, Repayment.amount, Repayment.received_on, Repayment.kind,
            Repayment.stated_principal, Repayment.stated_interest, Instalment.number, Allocation.component,
            Allocation.amount,
        )
        .join(Allocation, Allocation.repayment_id == Repayment.id)
        .outerjoin(Instalment, Instalment.id == Allocation.instalment_id)
    )  # fmt: skip
    found = [sorted(map(str, session.execute(statement))) for statement in (lines, journal)]
    return [book(session), *found]


@given(payments=payments, order=st.sampled_from(ORDERS))
@settings(max_examples=40, deadline=None)
def test_a_file_is_posted_as_by_hand(session, payments, order) -> None:
    client_id = session.scalars(select(Client.id)).one()
    with undone(session):
        session.query(Product).update({"allocation_order": order})
        with undone(session):
            refused = one_by_one(session, payments)
            expected = everything(session)
        counts = post_staged(session, client_id, payments, "file", BUSINESS_ON)
        assert sorted(it.row for it in counts.refused) == refused
        assert everything(session) == expected
        assert counts.posted + counts.unchanged + len(refused) == len(payments)
        again = post_staged(session, client_id, payments, "file", BUSINESS_ON)
        assert (again.posted, again.unchanged) == (0, counts.posted + counts.unchanged)
        assert everything(session) == expected
        sums = select(Repayment.amount - func.sum(Allocation.amount)).join(Allocation).group_by(Repayment.id)
        assert set(session.scalars(sums)) <= {D(0)}


def test_what_is_wrong_with_a_row_is_told_with_its_field_and_value(session) -> None:
    with undone(session):
        client_id = session.scalars(select(Client.id)).one()
        rows = [
            Receipt(2, "L00000000", D(10), BUSINESS_ON, "a"),
            Receipt(3, "L9", D(10), BUSINESS_ON, "b"),
            Receipt(4, "L00000000", D(-10), BUSINESS_ON, "c"),
            Receipt(5, "L00000000", D(10), date(2001, 1, 1), "d"),
            Receipt(6, "L00000000", D(11), BUSINESS_ON, "a"),
            Receipt(7, "L00000000", D(10), BUSINESS_ON, "e", D(3), D(8)),
            Receipt(8, "L00000000", D(10), BUSINESS_ON, "a"),
        ]
        counts = post_staged(session, client_id, rows, "file", BUSINESS_ON)
        assert [(it.row, it.field, it.value) for it in counts.refused] == [
            (3, "loan_number", "L9"), (4, "amount", "-10"), (5, "received_on", "2001-01-01"),
            (6, "reference", "a"), (7, "principal", "3"),
        ]  # fmt: skip
        assert all(str(it.reason) for it in counts.refused)
        assert (counts.posted, counts.unchanged) == (1, 1)
        run = session.scalars(select(JobRun).where(JobRun.job == "repayments")).one()
        assert (run.step, run.business_on, run.rows) == (str(client_id), BUSINESS_ON, 1)
