"""Loans that a file brings today stand in the reports of the days on which they were paid out and fell due."""

from sqlalchemy import func, select, update

import app.reports  # noqa: F401  declares the reports
from app.core.db import unscoped
from app.core.org import Branch
from app.models import Instalment, Loan
from app.servicing import snapshots
from tests.reports.imported import (
    ONE,
    Importer,
    assert_equal,
    assert_taken,
    bring,
    house,
    night,
    noted,
    reader,
    taken,
    told,
)
from tests.reports.standing import assert_stands, changes
from tests.reports.world import Book
from tests.servicing.ledgers import ON, Row

__all__ = ["bring", "house", "taken"]


def test_loans_of_a_file_stand_in_the_reports_of_past_days_at_once_and_after_the_night(
    house: Book, bring: Importer
) -> None:
    numbers = bring(30, "dingxi-b")
    users = ("manager", reader(house, numbers[0]))
    with unscoped("a test looks") as session:
        mine = Loan.number.in_(numbers)
        days = set(session.scalars(select(Loan.disbursed_on).where(mine)))
        days |= set(
            session.scalars(select(Instalment.due_on).join(Loan).where(mine, Instalment.due_on <= ON))
        )
    assert noted() == days
    assert sum(told(house, "manager", "portfolio", "branch", "disbursed").values()) > 0
    assert_equal(house, users)
    assert_stands(house, users, ("branch", "village", "kind"))
    assert changes() > 0
    night()
    assert_taken(house, users)
    assert changes() == 0
    assert_stands(house, users, ("branch", "village"))


def test_yesterdays_pay_outs_imported_this_morning_stand_under_yesterday(
    house: Book, bring: Importer
) -> None:
    yesterday = ON - ONE
    before = told(house, "manager", "portfolio", "branch", "disbursed", since=yesterday, until=yesterday)

    def paid_out_yesterday(row: Row) -> Row:
        start = yesterday.replace(day=24)
        return {"贷款起期": start, "贷款止期": start.replace(year=2021), "还款日": 24}

    numbers = bring(3, "dingxi-b", paid_out_yesterday)
    with unscoped("a test looks") as session:
        lent = session.scalars(select(func.sum(Loan.principal)).where(Loan.number.in_(numbers))).one()
    for _time in ("at once", "after the night"):
        now = told(house, "manager", "portfolio", "branch", "disbursed", since=yesterday, until=yesterday)
        assert sum(now.values()) - sum(before.values()) == lent > 0
        night()


def test_days_are_not_lost_when_a_night_works_while_a_file_is_stored(house: Book, bring: Importer) -> None:
    def night_before_the_end(percent: int, _stage: str) -> None:
        if percent == 97:
            night()
            assert noted() == set()

    numbers = bring(10, "dingxi-b", progress=night_before_the_end)
    assert noted()
    assert_equal(house, ("manager", reader(house, numbers[0])))
    night()
    assert_taken(house)


def test_a_night_that_dies_leaves_the_days_of_a_file_to_the_next(house: Book, bring: Importer) -> None:
    bring(5, "dingxi-b")
    days = noted()
    with unscoped("a night that dies") as session:
        snapshots.take(session, ON)
        session.rollback()
    assert noted() == days != set()
    assert_equal(house)
    night()
    assert_taken(house)


def test_a_corrected_day_or_amount_of_a_pay_out_is_reported_at_once(house: Book, bring: Importer) -> None:
    (number_,) = bring(1, "dingxi-b")
    night()
    with unscoped("a correction of a test") as session:
        loan = session.scalars(select(Loan).where(Loan.number == number_)).unique().one()
        was = loan.disbursed_on
        loan.disbursed_on, loan.principal = was + ONE, loan.principal + 7
    assert noted() == {was, was + ONE}
    assert_equal(house)
    night()
    assert_taken(house)
    with unscoped("a change of a test") as session:
        session.execute(update(Loan).where(Loan.number == number_).values(purpose="corn"))
    assert noted() == set()


def test_branches_see_only_their_own(house: Book) -> None:
    with unscoped("a test looks") as session:
        some = session.execute(
            select(Branch.id, func.min(Loan.number))
            .join(Loan, Loan.branch_id == Branch.id)
            .group_by(Branch.id)
        ).all()
    for branch, number_ in some[:2]:
        user = reader(house, number_)
        assert set(told(house, user, "portfolio", "branch", "disbursed")) <= {branch}
