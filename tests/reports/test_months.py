"""Sums of months tell every reader what the days tell, and are asked only where they know enough."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, text

import app.reports  # noqa: F401  declares the reports
from app.core import registry
from app.core.cents import WholeCents
from app.core.db import scoped_as, unscoped
from app.core.report import Reader
from app.models import CollectionByPlace, CollectionByUnit, CollectionSnapshot, Repayment
from app.reports import figures
from app.reports.asked import Period
from app.servicing import snapshots
from tests.reports.test_figures import VISIBLE
from tests.reports.world import ON, Book

MOVED = ("disbursed", "due_principal", "due_interest", "collected_principal", "collected_interest")
PERIODS = (
    (date(2018, 4, 1), ON), (date(2018, 3, 7), date(2018, 6, 12)), (date(2018, 5, 1), date(2018, 5, 31)),
    (date(2018, 5, 2), date(2018, 5, 30)), (date(2017, 1, 1), date(2019, 12, 31)), (date(2018, 4, 9), date(2018, 5, 31)),
)  # fmt: skip
GROUPS = ("county", "township", "village", "branch", "officer", "kind", "client", "month", "day")


def asked(session: Any, user_id: int, since: date, until: date, **limits: Any) -> Any:
    """The question of the repayments' report, settled for a reader."""
    report = registry.report("repayments")
    return report.asked(currency="CNY", since=since, until=until, **limits).settled(
        Reader(session, ON, user_id)
    )


def told(session: Any, question: Any, by: str) -> dict[Any, tuple[Any, ...]]:
    """What the report says, by the key of the row."""
    rows = session.execute(registry.report("repayments").query(question, by)).all()
    return {row.key: (row.collected_principal, row.collected_interest, row.collected) for row in rows}


@pytest.mark.parametrize("user", VISIBLE)
def test_every_reader_is_told_the_same_by_months_as_by_days(book: Book, user: str) -> None:
    with scoped_as(book.users[user]) as session:
        for since, until in PERIODS:
            by_months = asked(session, book.users[user], since, until)
            by_days = replace(by_months, moved_on=None)
            for by in GROUPS:
                assert told(session, by_months, by) == told(session, by_days, by), (since, until, by)


@pytest.mark.parametrize(("limit", "names"), [
    ("region_id", "places"), ("branch_id", "branches"), ("officer_id", "users"), ("client_id", "clients"),
])  # fmt: skip
def test_a_limit_holds_for_months_as_for_days(book: Book, limit: str, names: str) -> None:
    with scoped_as(book.users["manager"]) as session:
        for number in getattr(book, names).values():
            by_months = asked(session, book.users["manager"], *PERIODS[0], **{limit: number})
            for by in ("township", "officer", "month"):
                assert told(session, by_months, by) == told(session, replace(by_months, moved_on=None), by)


SOURCES: dict[str, dict[str, Any]] = {
    "manager": {
        "village": CollectionByPlace,
        "officer": CollectionByUnit,
        "kind": CollectionByUnit,
        "day": None,
    },
    "of_c1": {"village": CollectionByPlace, "month": CollectionByPlace, "officer": None, "kind": None},
    "partner": {"county": CollectionByPlace, "branch": None},
    "livestock": {"village": None, "month": None, "kind": None},
    "of_b1": {"officer": CollectionByUnit, "month": CollectionByUnit, "village": None},
    "o1": {"month": CollectionByUnit, "village": None},
    "leader": {"branch": CollectionByUnit, "township": None},
    "of_y": {"village": CollectionByPlace, "officer": CollectionByUnit},
    "two": {"village": None, "officer": None, "month": None, "client": None},
}


@pytest.mark.parametrize("user", SOURCES)
def test_sums_are_asked_only_where_they_have_all_that_limits_the_reader(book: Book, user: str) -> None:
    with scoped_as(book.users[user]) as session:
        question = asked(session, book.users[user], *PERIODS[0])
        assert {by: figures._by_month(question, by) for by in SOURCES[user]} == SOURCES[user]


def test_sums_are_asked_only_where_they_have_all_that_the_question_limits(book: Book) -> None:
    with scoped_as(book.users["manager"]) as session:
        whose = book.users["manager"]
        limited = {
            name: asked(session, whose, *PERIODS[0], **{name: number})
            for name, number in (
                ("region_id", book.places["t1"]), ("branch_id", book.branches["b1"]), ("officer_id", whose),
                ("product_kind", "livestock"), ("client_id", book.clients["x"]),
            )
        }  # fmt: skip
    found = {
        name: (figures._by_month(one, "village"), figures._by_month(one, "branch"))
        for name, one in limited.items()
    }
    assert found == {
        "region_id": (CollectionByPlace, None), "branch_id": (None, CollectionByUnit), "officer_id": (None, CollectionByUnit),
        "product_kind": (None, CollectionByUnit), "client_id": (CollectionByPlace, CollectionByUnit),
    }  # fmt: skip


def test_a_month_counts_as_whole_when_all_days_that_moved_in_it_are_asked() -> None:
    def months(since: date, until: date) -> Any:
        return Period(since=since, until=until, moved_on=date(2018, 6, 25)).whole_months()

    first, june = date(2018, 4, 1), date(2018, 6, 1)
    assert months(first, date(2018, 6, 25)) == (first, june)
    assert months(first, date(2018, 6, 24)) == (first, date(2018, 5, 1))
    assert months(date(2018, 4, 2), date(2018, 8, 3)) == (date(2018, 5, 1), date(2018, 8, 1))
    assert months(june, date(2018, 6, 24)) is None
    assert months(date(2018, 6, 2), date(2018, 6, 30)) is None
    assert Period(since=first, until=june).whole_months() is None


def months_as_stored(session: Any, source: Any) -> dict[Any, tuple[Any, ...]]:
    sums = [func.sum(getattr(source, name)) for name in MOVED]
    day = source.taken_on if source is CollectionSnapshot else source.month_on
    keys = (source.client_id, source.currency, func.to_char(day, "YYYY-MM"))
    return {tuple(row[:3]): tuple(row[3:]) for row in session.execute(select(*keys, *sums).group_by(*keys))}


def test_sums_of_months_follow_a_day_that_is_taken_again(book: Book) -> None:
    with unscoped("a payment that came to be known late") as session:
        repayment = session.scalars(select(Repayment).where(Repayment.kind == "repayment")).first()
        assert repayment is not None
        session.execute(
            text("UPDATE allocation SET amount = amount + 7.77 WHERE repayment_id = :id"),
            {"id": repayment.id},
        )
        snapshots.collections(session, repayment.received_on)
        session.expire_all()
        days = months_as_stored(session, CollectionSnapshot)
        assert months_as_stored(session, CollectionByPlace) == days
        assert months_as_stored(session, CollectionByUnit) == days
        client = repayment.client_id
        before = {key: row for key, row in days.items() if key[0] != client}
        snapshots.backfill(session, client, [date(2018, 4, 10), date(2018, 5, 5)])
        again = months_as_stored(session, CollectionByPlace)
        assert again == months_as_stored(session, CollectionSnapshot)
        assert {key: row for key, row in again.items() if key[0] != client} == before
        session.rollback()


def test_an_amount_is_kept_to_the_cent_and_no_fraction_of_one_is_taken() -> None:
    kind = WholeCents()
    assert kind.process_bind_param(Decimal("99999999999999.99"), None) == 9999999999999999
    assert str(kind.process_result_value(9999999999999999, None)) == "99999999999999.99"
    with pytest.raises(ValueError, match=r"0\.001 is no whole number of cents"):
        kind.process_bind_param(Decimal("0.001"), None)
