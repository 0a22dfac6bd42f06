"""A book that a ledger takes over in the midst of its life has no past: reports of it begin on the ledger's day."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

import app.reports  # noqa: F401  declares the reports
from app.core import clock
from app.core.db import unscoped
from app.models import Client, Instalment, Loan, PortfolioSnapshot, Repayment
from app.servicing import snapshots
from app.servicing.posting import post_repayment
from tests.reports.conftest import logged_in
from tests.reports.imported import (
    LATER,
    ONE,
    SINCE,
    UNTIL,
    Importer,
    assert_equal,
    assert_taken,
    bring,
    house,
    listed,
    night,
    taken,
    told,
)
from tests.reports.reading import number, table
from tests.reports.world import Book
from tests.servicing.ledgers import ON, Row

__all__ = ["bring", "house", "taken"]


@pytest.fixture(scope="module")
def taken_over(house: Book, bring: Importer) -> list[str]:
    """Loans that a ledger of today takes over."""
    return bring(40, "dingxi")


def test_a_ledger_brings_no_past_but_stands_in_the_reports_from_its_day_on(
    house: Book, taken_over: list[str]
) -> None:
    with unscoped("a test looks") as session:
        client = session.scalars(select(Client.id).where(Client.code == "dingxi")).one()
        assert set(session.scalars(select(Loan.taken_over_on).where(Loan.number.in_(taken_over)))) == {ON}
        mine = select(func.count()).select_from(Instalment).join(Loan).where(Loan.number.in_(taken_over))
        before = Instalment.due_on < ON
        assert session.scalar(mine.where(before)) == session.scalar(mine.where(Instalment.is_before_takeover))
        assert session.scalar(mine.where(before)) > 0
        today = session.scalar(
            select(func.sum(Instalment.principal + Instalment.interest))
            .join(Loan)
            .where(Loan.number.in_(taken_over), Instalment.due_on == ON)
        )
    for _time in ("at once", "after the night"):
        assert told(house, "manager", "portfolio", "client", "disbursed", client_id=client) == {}
        due = told(house, "manager", "trend", "month", "due", client_id=client)
        assert due == ({ON.replace(day=1): today} if today else {})
        collected = told(house, "manager", "trend", "month", "collected", client_id=client)
        assert set(collected) <= {ON.replace(day=1)}
        later = told(house, "manager", "trend", "month", "due", client_id=client, until=LATER)
        assert sum(later.values()) > (today or 0)
        assert_equal(house)
        night()
    assert_taken(house)


def test_past_days_of_a_ledgers_book_have_no_balances_either(house: Book, taken_over: list[str]) -> None:
    with unscoped("past days of a test") as session:
        client = session.scalars(select(Client.id).where(Client.code == "dingxi")).one()
        snapshots.backfill(session, client, [ON - 30 * ONE, ON])
        found = select(func.sum(PortfolioSnapshot.outstanding), func.sum(PortfolioSnapshot.overdue))
        mine = found.where(PortfolioSnapshot.client_id == client)
        stood = session.execute(mine.where(PortfolioSnapshot.taken_on == ON)).one()
        assert session.execute(mine.where(PortfolioSnapshot.taken_on < ON)).one() == (None, None)
        here = (Loan.client_id == client, func.coalesce(Loan.taken_over_on, Loan.disbursed_on) <= ON)
        loans = select(func.sum(Loan.principal_outstanding)).where(*here)
        assert stood[0] == session.scalar(loans)


@pytest.fixture
def following(house: Book) -> Iterator[date]:
    """A month later, for the time of a test."""
    for day in (ON + 30 * ONE, ON):
        with unscoped("the day of a test") as session:
            clock.set_business_date(session, day)
        if day != ON:
            yield day


def test_a_new_loan_of_a_later_ledger_is_paid_out_on_its_day(
    house: Book, bring: Importer, taken_over: list[str], following: date
) -> None:
    def new(row: Row) -> Row:
        start = date(2018, 7, 20)
        return {
            "贷款起期": start, "贷款止期": date(2021, 7, 20), "还款日": 20, "贷款余额": row["贷款金额"],
            "逾期起始日": None, "利息结至": start, "状态": "正常", "数据日期": following,
        }  # fmt: skip

    (new_one,) = bring(1, "dingxi", new)

    def running(row: Row) -> Row:
        return {"数据日期": following}

    (running_one,) = bring(1, "dingxi", running)
    with unscoped("a test looks") as session:
        found = dict(
            session.execute(
                select(Loan.number, Loan.taken_over_on).where(Loan.number.in_((new_one, running_one)))
            ).all()
        )
    assert found == {new_one: None, running_one: following}


def test_money_of_a_loan_taken_over_counts_from_the_ledgers_day_on(
    house: Book, taken_over: list[str]
) -> None:
    with unscoped("a payment of a test") as session:
        client = session.scalars(select(Client.id).where(Client.code == "dingxi")).one()
        loan = session.scalars(
            select(Loan.id).where(Loan.number.in_(taken_over), Loan.status == "current").limit(1)
        ).one()
        post_repayment(
            session, loan, Decimal("10.00"), ON, source="manual", reference="today", business_on=ON
        )
        assert session.scalar(select(func.count()).where(Repayment.reference == "today")) == 1
    collected = told(house, "manager", "trend", "month", "collected", client_id=client)
    assert collected == {ON.replace(day=1): Decimal("10.00")}


def test_the_lists_behind_the_numbers_leave_out_what_a_ledger_took_over(
    app: Any, house: Book, bring: Importer, taken_over: list[str]
) -> None:
    bring(20, "dingxi-b")
    browser = logged_in(app, "manager")
    period = f"since={SINCE}&until={UNTIL}&currency=CNY"
    opened = 0
    for report, by, columns in (
        ("portfolio", "client", {"Disbursed in the period": "principal"}),
        ("trend", "month", {"Due principal": "principal", "Due interest": "interest"}),
    ):
        for row in table(browser.get(f"/report/{report}/?by={by}&{period}").text).values():
            for column, amount in columns.items():
                text, address = row[column]
                if address and number(text) is not None:
                    assert listed(browser, address, amount) == number(text), (column, address)
                    opened += 1
    assert opened > 10
