"""Money posted for a day that is closed: the next night takes the day again, once, also when it is cut short."""

from datetime import date, timedelta
from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import func, select

from app.core import clock
from app.core.db import unscoped
from app.models import CollectionByPlace, CollectionByUnit, CollectionSnapshot, Loan, UntakenDay
from app.servicing.account import Split
from app.servicing.posting import post_repayment
from app.servicing.reversal import reverse
from tasks import nightly
from tests.conftest import Database
from tests.servicing.book import BUSINESS_ON, make_book

ONE = timedelta(days=1)
AMOUNT = Decimal("12.34")


@pytest.fixture(scope="module")
def filled(database: Database) -> Database:
    """A committed book whose first day is closed."""
    with unscoped("a test of the night") as session:
        clock.set_business_date(session, BUSINESS_ON)
        make_book(session, 30)
    night(BUSINESS_ON + ONE)
    return database


def night(day: date) -> None:
    nightly.run(day, lambda _line: None)


def collected(day: date) -> tuple[Decimal, ...]:
    """What is stored as collected on a day, and in its month by place and by unit."""
    with unscoped("a test looks") as session:
        found = [
            session.scalar(
                select(func.sum(CollectionSnapshot.collected_principal)).where(
                    CollectionSnapshot.taken_on == day
                )
            )
        ]
        for sums in (CollectionByPlace, CollectionByUnit):
            month = select(func.sum(sums.collected_principal)).where(sums.month_on == day.replace(day=1))
            found.append(session.scalar(month))
        return tuple(amount or Decimal(0) for amount in found)


def noted() -> list[date]:
    with unscoped("a test looks") as session:
        return list(session.scalars(select(UntakenDay.moved_on)))


def post(received_on: date, reference: str) -> int:
    with unscoped("a payment of a test") as session:
        loan_id = session.scalars(select(Loan.id).order_by(Loan.id).limit(1)).one()
        row = post_repayment(
            session, loan_id, AMOUNT, received_on, source="manual", reference=reference,
            business_on=clock.business_date(session), split=Split(AMOUNT, Decimal(0)),
        )  # fmt: skip
        return row.id


def test_days_with_late_money_are_taken_again_by_the_next_night_however_it_ends(filled: Database) -> None:
    repayment_id = post(BUSINESS_ON, "yesterday's file")
    assert (noted(), collected(BUSINESS_ON)) == ([BUSINESS_ON], (0, 0, 0))
    with psycopg.connect(filled.admin_url, autocommit=True) as owner:
        owner.execute("ALTER TABLE collection_by_unit RENAME TO collection_by_unit_away")
        with pytest.raises(Exception, match="collection_by_unit"):
            night(BUSINESS_ON + 2 * ONE)
        owner.execute("ALTER TABLE collection_by_unit_away RENAME TO collection_by_unit")
    assert (noted(), collected(BUSINESS_ON)) == ([BUSINESS_ON], (0, 0, 0))
    night(BUSINESS_ON + 2 * ONE)
    assert (noted(), collected(BUSINESS_ON)) == ([], (AMOUNT, AMOUNT, AMOUNT))
    night(BUSINESS_ON + 2 * ONE)
    assert collected(BUSINESS_ON) == (AMOUNT, AMOUNT, AMOUNT)

    with unscoped("a reversal of a test") as session:
        reverse(session, repayment_id, BUSINESS_ON, "posted to the wrong loan")
    post(BUSINESS_ON + 2 * ONE, "today")
    assert sorted(noted()) == [BUSINESS_ON, BUSINESS_ON + 2 * ONE]
    night(BUSINESS_ON + 3 * ONE)
    assert noted() == []
    assert collected(BUSINESS_ON)[0] == 0
    assert collected(BUSINESS_ON + 2 * ONE)[0] == AMOUNT
