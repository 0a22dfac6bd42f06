"""Money that comes in is posted once, to the cent, whoever posts it and however many do at the same time."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.core.db import ScopedSession, unscoped
from app.core.errors import OutOfScope, RuleError
from app.models import Allocation, Instalment, Loan, Product, Repayment, WriteOff
from app.models.journal import Component, RepaymentKind
from app.models.lending import LoanStatus
from app.servicing.account import Split
from app.servicing.arrears import recompute
from app.servicing.posting import post_repayment
from app.servicing.posting_bulk import Receipt
from app.servicing.reversal import reverse
from app.servicing.write_offs import WrittenOff, write_off, write_off_staged
from tests.servicing.book import BUSINESS_ON, make_book

D = Decimal
FIRST_DUE = date(2018, 1, 25)


@pytest.fixture
def session(database) -> Iterator[ScopedSession]:
    """A session whose work is undone, on an empty book with the business date set."""
    with unscoped("a test of postings") as session:
        clock.set_business_date(session, BUSINESS_ON)
        make_book(session, 1)
        yield session
        session.rollback()


@pytest.fixture
def loan(session) -> Loan:
    """3 x 1000 with interest 30, 20, 10; due on the 25th of January, February and March; nothing paid."""
    loan = session.scalars(select(Loan)).one()
    for extra in session.scalars(select(Instalment).where(Instalment.number > 3)):
        session.delete(extra)
    loan.principal, loan.disbursed_on = D(3000), date(2017, 12, 25)
    dues = [date(2018, 1, 25), date(2018, 2, 25), date(2018, 3, 25)]
    for line in session.scalars(select(Instalment).where(Instalment.number <= 3).order_by(Instalment.number)):
        line.due_on, line.interest = dues[line.number - 1], D(40 - 10 * line.number)
        line.balance = 3000 - 1000 * line.number
        line.principal_paid = line.interest_paid = D(0)
        line.paid_on = None
    session.flush()
    stand(session, loan, FIRST_DUE)
    return loan


def stand(session, loan: Loan, day: date) -> None:
    """Move the business date and bring the loan to it."""
    clock.set_business_date(session, day)
    recompute(session, [loan.id], day)
    session.refresh(loan)


def pay(session, loan: Loan, amount, on: date, reference: str = "1", **more) -> Repayment:
    return post_repayment(
        session, loan.id, D(amount), on, source="cash", reference=reference, business_on=on, **more
    )


def shares(session, row: Repayment) -> dict[tuple[int | None, str], Decimal]:
    """(instalment's number, component) → amount."""
    found = select(Instalment.number, Allocation.component, Allocation.amount).outerjoin(
        Instalment, Instalment.id == Allocation.instalment_id
    )
    return {(n, str(c)): a for n, c, a in session.execute(found.where(Allocation.repayment_id == row.id))}


def test_a_payment_on_the_due_date_pays_the_instalment(session, loan) -> None:
    row = pay(session, loan, 1030, FIRST_DUE)
    assert shares(session, row) == {(1, "interest"): D(30), (1, "principal"): D(1000)}
    assert (loan.principal_outstanding, loan.status) == (D(2000), LoanStatus.CURRENT)
    assert loan.next_due_on == date(2018, 2, 25)
    line = session.scalars(select(Instalment).where(Instalment.number == 1)).one()
    assert (line.principal_paid, line.interest_paid, line.paid_on) == (D(1000), D(30), FIRST_DUE)


def test_a_late_part_payment_leaves_the_rest_overdue_since_the_same_day(session, loan) -> None:
    day = FIRST_DUE + timedelta(days=20)
    stand(session, loan, day)
    assert (loan.status, loan.overdue_principal, loan.overdue_interest) == (
        LoanStatus.OVERDUE,
        D(1000),
        D(30),
    )
    row = pay(session, loan, "230.50", day)
    assert shares(session, row) == {(1, "interest"): D(30), (1, "principal"): D("200.50")}
    assert (loan.overdue_since, loan.overdue_principal, loan.overdue_interest) == (
        FIRST_DUE,
        D("799.50"),
        D(0),
    )
    assert loan.status == LoanStatus.OVERDUE


def test_days_of_grace_change_the_status_only(session, loan) -> None:
    for days, status in [(0, "current"), (1, "grace"), (15, "grace"), (16, "overdue")]:
        stand(session, loan, FIRST_DUE + timedelta(days=days))
        assert (str(loan.status), loan.overdue_since) == (status, FIRST_DUE if days else None)


def test_money_that_nothing_is_owed_for_is_kept_as_overpayment(session, loan) -> None:
    row = pay(session, loan, 5000, FIRST_DUE)
    assert shares(session, row)[None, "overpayment"] == D(5000 - 3060)
    assert loan.principal_outstanding == D(0)


def test_an_instalment_that_is_paid_early_is_not_late_when_its_day_comes(session, loan) -> None:
    row = pay(session, loan, 1030, FIRST_DUE - timedelta(days=2))
    assert set(shares(session, row)) == {(1, "interest"), (1, "principal")}
    recompute(session, [loan.id], FIRST_DUE + timedelta(days=1))
    session.expire_all()
    assert (loan.overdue_since, loan.overdue_principal, loan.principal_outstanding) == (None, D(0), D(2000))


def test_an_order_without_advance_keeps_early_money_as_overpayment(session, loan) -> None:
    session.get_one(
        Product, loan.product_id
    ).allocation_order = "overdue: interest principal; due: interest principal"
    session.flush()
    row = pay(session, loan, 1100, FIRST_DUE)
    assert shares(session, row)[None, "overpayment"] == D(70)
    assert loan.principal_outstanding == D(2000)


def test_the_products_order_decides(session, loan) -> None:
    session.get_one(
        Product, loan.product_id
    ).allocation_order = "overdue: principal interest; due: principal interest"
    session.flush()
    assert shares(session, pay(session, loan, 1000, FIRST_DUE)) == {(1, "principal"): D(1000)}


def test_a_stated_split_is_followed_and_paying_off_forgives_later_interest(session, loan) -> None:
    pay(session, loan, 1030, FIRST_DUE, "1", split=Split(D(1000), D(30)))
    row = pay(session, loan, 2000, FIRST_DUE, "2", split=Split(D(2000), D(0)))
    assert shares(session, row) == {(2, "principal"): D(1000), (3, "principal"): D(1000)}
    assert (loan.status, loan.settled_on, loan.principal_outstanding) == (LoanStatus.SETTLED, FIRST_DUE, D(0))
    assert (loan.next_due_on, loan.overdue_since, loan.bucket_id) == (None, None, None)
    assert session.scalars(select(Instalment.paid_on).distinct()).all() == [FIRST_DUE]
    stand(session, loan, date(2018, 6, 25))
    assert loan.status == LoanStatus.SETTLED


def test_principal_paid_off_while_interest_is_due_does_not_settle(session, loan) -> None:
    pay(session, loan, 3000, FIRST_DUE, split=Split(D(3000), D(0)))
    assert (loan.status, loan.next_due_on, loan.principal_outstanding) == (
        LoanStatus.CURRENT,
        FIRST_DUE,
        D(0),
    )
    pay(session, loan, 30, FIRST_DUE, "2")
    assert loan.status == LoanStatus.SETTLED


def test_the_same_payment_again_is_posted_once(session, loan) -> None:
    first = pay(session, loan, 1030, FIRST_DUE)
    assert pay(session, loan, 1030, FIRST_DUE).id == first.id
    assert session.scalar(select(func.count(Repayment.id))) == 1
    with pytest.raises(RuleError, match="Another payment"):
        pay(session, loan, 1031, FIRST_DUE)


def test_a_principal_above_the_amount_is_named_although_it_implies_an_interest_below_zero(
    session, loan
) -> None:
    receipt = Receipt(2, loan.number, D("10.00"), FIRST_DUE, "1", principal=D("11.00"))
    with pytest.raises(RuleError, match=r"The principal, 11\.00, is more than the amount, 10\.00") as refused:
        pay(session, loan, receipt.amount, receipt.received_on, split=receipt.split)
    assert refused.value.field == "principal"
    assert (
        session.scalar(
            select(func.count(Repayment.id)).where(Repayment.loan_id == loan.id, Repayment.source == "cash")
        )
        == 0
    )


@pytest.mark.parametrize(
    "amount,on,split,field",
    [
        (0, FIRST_DUE, None, "amount"),
        ("-5", FIRST_DUE, None, "amount"),
        ("1.005", FIRST_DUE, None, "amount"),
        (5, date(2017, 12, 24), None, "received_on"),
        (5, FIRST_DUE, Split(D(3), D(3)), "principal"),
        (5, FIRST_DUE, Split(D(6), D(-1)), "principal"),
    ],
)
def test_a_payment_that_cannot_be_is_refused_with_its_field(session, loan, amount, on, split, field) -> None:
    with pytest.raises(RuleError) as refusal:
        post_repayment(
            session, loan.id, D(amount), on, source="cash", reference="1", business_on=FIRST_DUE, split=split
        )
    assert refusal.value.field == field
    assert session.scalar(select(func.count(Repayment.id))) == 0


def test_a_payment_after_the_business_date_is_refused(session, loan) -> None:
    with pytest.raises(RuleError, match="after the business date"):
        post_repayment(
            session, loan.id, D(5), date(2018, 1, 26), source="cash", reference="1", business_on=FIRST_DUE
        )


def test_a_loan_that_is_not_there_is_out_of_scope(session, loan) -> None:
    with pytest.raises(OutOfScope):
        post_repayment(session, 0, D(5), FIRST_DUE, source="cash", reference="1", business_on=FIRST_DUE)


def test_a_reversal_is_a_row_and_what_came_after_pays_what_it_had_paid(session, loan) -> None:
    day = date(2018, 3, 1)
    stand(session, loan, day)
    first, second = pay(session, loan, 1030, day, "1"), pay(session, loan, 500, day, "2")
    assert shares(session, second) == {(2, "interest"): D(20), (2, "principal"): D(480)}
    row = reverse(session, first.id, day, "cheque returned")
    assert (row.kind, row.amount, row.reverses_id) == (RepaymentKind.REVERSAL, D(-1030), first.id)
    assert sum(shares(session, row).values()) == D(-1030)
    paid = session.execute(
        select(Instalment.principal_paid, Instalment.interest_paid).order_by(Instalment.number)
    )
    assert paid.all() == [(D(470), D(30)), (D(0), D(0)), (D(0), D(0))]
    assert (loan.overdue_since, loan.overdue_principal, loan.overdue_interest) == (FIRST_DUE, D(1530), D(20))
    assert shares(session, second) == {(2, "interest"): D(20), (2, "principal"): D(480)}
    total = session.scalar(
        select(func.sum(Allocation.amount)).where(Allocation.component != Component.OVERPAYMENT)
    )
    assert total == D(500)


def test_reversing_a_pay_off_opens_the_later_instalments_again(session, loan) -> None:
    pay(session, loan, 1030, FIRST_DUE, "1")
    last = pay(session, loan, 2000, FIRST_DUE, "2", split=Split(D(2000), D(0)))
    reverse(session, last.id, FIRST_DUE, "wrong loan")
    assert (loan.status, loan.principal_outstanding, loan.settled_on) == (LoanStatus.CURRENT, D(2000), None)
    assert loan.next_due_on == date(2018, 2, 25)


def test_reversals_one_after_the_other_leave_what_was_there_before(session, loan) -> None:
    day = date(2018, 4, 1)
    stand(session, loan, day)
    rows = [pay(session, loan, amount, day, str(amount)) for amount in (700, 900, 400)]
    for row in (rows[1], rows[0], rows[2]):
        reverse(session, row.id, day, "test")
    assert loan.principal_outstanding == D(3000)
    assert session.scalar(select(func.sum(Allocation.amount))) == D(0)
    left = select(func.sum(Allocation.amount)).group_by(Allocation.instalment_id, Allocation.component)
    assert set(session.scalars(left)) == {D(0)}


def test_a_payment_is_reversed_once_and_a_reversal_never(session, loan) -> None:
    row = reverse(session, pay(session, loan, 10, FIRST_DUE).id, FIRST_DUE, "test")
    with pytest.raises(RuleError):
        reverse(session, row.reverses_id, FIRST_DUE, "test")
    with pytest.raises(RuleError):
        reverse(session, row.id, FIRST_DUE, "test")


def test_what_comes_in_after_a_write_off_is_recovery_and_the_status_stays(session, loan) -> None:
    day = date(2018, 4, 1)
    stand(session, loan, day)
    row = write_off(session, loan.id, day, "three months late", day)
    assert (row.principal, loan.status, loan.principal_outstanding) == (
        D(3000),
        LoanStatus.WRITTEN_OFF,
        D(3000),
    )
    assert pay(session, loan, 100, day).kind == RepaymentKind.RECOVERY
    assert (loan.status, loan.principal_outstanding, loan.overdue_since) == (
        LoanStatus.WRITTEN_OFF, D(2930), FIRST_DUE,
    )  # fmt: skip
    with pytest.raises(RuleError):
        write_off(session, loan.id, day, "again", day)


def test_a_file_of_write_offs_keeps_the_good_rows_and_names_the_bad(session, loan) -> None:
    day = date(2018, 4, 1)
    rows = [
        WrittenOff(2, "no such", day, D(1), "late"),
        WrittenOff(3, loan.number, day, D(2999), "late"),
        WrittenOff(4, loan.number, day, D(3000), "late"),
        WrittenOff(5, loan.number, day, D(3000), "late"),
    ]
    counts = write_off_staged(session, loan.client_id, rows, day)
    assert [(it.row, it.field, it.value) for it in counts.refused] == [
        (2, "loan_number", "no such"), (3, "principal", "2999"), (5, "written_off_on", "2018-04-01"),
    ]  # fmt: skip
    assert (counts.posted, session.scalar(select(func.count(WriteOff.id)))) == (1, 1)
    session.refresh(loan)
    assert loan.status == LoanStatus.WRITTEN_OFF
    assert write_off_staged(session, loan.client_id, rows[2:3], day).unchanged == 1
