"""The figures of reports are those one adds up by hand, in every scope, and nobody's are told to anybody else."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

import app.reports  # noqa: F401  declares the reports
from app.core import registry
from app.core.db import scoped_as
from app.core.report import Reader
from tests.reports.world import ON, OPEN, PAST, Book, Fact, collected

SINCE = date(2018, 4, 1)
VISIBLE: dict[str, Callable[[Fact], bool]] = {
    "manager": lambda fact: True,
    "of_b1": lambda fact: fact.branch == "b1",
    "of_c1": lambda fact: fact.is_under("c1"),
    "livestock": lambda fact: fact.is_under("c1") and fact.kind == "livestock",
    "of_y": lambda fact: fact.client == "y",
    "two": lambda fact: fact.branch == "b1" or fact.is_under("t3"),
    "o1": lambda fact: fact.officer == "o1",
    "leader": lambda fact: fact.officer in ("o1", "o2"),
    "partner": lambda fact: fact.is_under("t3"),
    "nobody": lambda fact: False,
}
KEYS: dict[str, Callable[[Book, Fact], Any]] = {
    "county": lambda book, fact: book.places.get(fact.level("county") or ""),
    "township": lambda book, fact: book.places.get(fact.level("township") or ""),
    "village": lambda book, fact: book.places.get(fact.level("village") or ""),
    "branch": lambda book, fact: book.branches[fact.branch],
    "officer": lambda book, fact: book.users.get(fact.officer or ""),
    "kind": lambda book, fact: fact.kind,
    "client": lambda book, fact: book.clients[fact.client],
    "customer": lambda book, fact: book.customers[fact.client, fact.customer],
}


def rows(book: Book, name: str, user: str, by: str, **asked: Any) -> dict[Any, dict[str, Any]]:
    """The rows of a report by their key, as that user gets them."""
    report = registry.report(name)
    with scoped_as(book.users[user]) as session:
        question = report.asked(**asked).settled(Reader(session, ON, book.users[user]))
        found = session.execute(report.query(question, by)).all()
    return {row.key: dict(row._mapping) for row in found}


def by_hand(
    book: Book, user: str, by: str, figures: dict[str, Callable[[Fact], Any]], currency: str = "CNY"
) -> dict[Any, dict[str, Any]]:
    """The same from the plain facts; rows that are nought in every figure are left out."""
    found: dict[Any, dict[str, Any]] = {}
    for fact in book.facts:
        if VISIBLE[user](fact) and fact.currency == currency:
            row = found.setdefault(KEYS[by](book, fact), dict.fromkeys(figures, 0))
            for name, figure in figures.items():
                row[name] += figure(fact)
    return {key: row for key, row in found.items() if any(row.values())}


def plain(found: dict[Any, dict[str, Any]], names: Any) -> dict[Any, dict[str, Any]]:
    """Only these figures, with nought for nothing, and no rows that are nought in all of them."""
    rows = {key: {name: row[name] or 0 for name in names} for key, row in found.items()}
    return {key: row for key, row in rows.items() if any(row.values())}


def is_open(fact: Fact) -> bool:
    return fact.status in OPEN


PORTFOLIO: dict[str, Callable[[Fact], Any]] = {
    "loans": is_open,
    "disbursed": lambda fact: fact.principal * (SINCE <= fact.disbursed_on <= ON),
    "collected_principal": lambda fact: collected(fact, SINCE, ON)[0],
    "collected_interest": lambda fact: collected(fact, SINCE, ON)[1],
    "outstanding": lambda fact: fact.outstanding * is_open(fact),
    "overdue": lambda fact: fact.overdue * is_open(fact),
    "late": lambda fact: fact.outstanding * (is_open(fact) and fact.days > 30),
}


@pytest.mark.parametrize("by", KEYS)
@pytest.mark.parametrize("user", VISIBLE)
def test_the_portfolio_is_what_the_reader_may_see_added_up_by_hand(book: Book, user: str, by: str) -> None:
    found = rows(book, "portfolio", user, by, currency="CNY", since=SINCE)
    assert plain(found, PORTFOLIO) == by_hand(book, user, by, PORTFOLIO)


@pytest.mark.parametrize("user", VISIBLE)
def test_rows_add_up_to_the_same_whole_whatever_they_are_grouped_by(book: Book, user: str) -> None:
    whole = {
        name: sum(figure(fact) for fact in book.facts if VISIBLE[user](fact) and fact.currency == "UAH")
        for name, figure in PORTFOLIO.items()
    }
    for by in KEYS:
        found = plain(rows(book, "portfolio", user, by, currency="UAH", since=SINCE), PORTFOLIO).values()
        assert {name: sum(row[name] for row in found) for name in PORTFOLIO} == whole, by


def test_a_past_day_has_the_balances_of_its_own_snapshot(book: Book) -> None:
    figures = {
        "outstanding": lambda fact: 2 * fact.outstanding * (is_open(fact) and fact.disbursed_on <= PAST)
    }
    found = rows(book, "portfolio", "manager", "branch", currency="CNY", as_of=PAST)
    assert plain(found, figures) == by_hand(book, "manager", "branch", figures)


def test_a_day_without_a_snapshot_takes_the_latest_before_it(book: Book) -> None:
    asked = {"currency": "CNY", "as_of": date(2018, 6, 10)}
    with scoped_as(book.users["manager"]) as session:
        question = registry.report("portfolio").asked(**asked).settled(Reader(session, ON, 1))
    assert question.taken_on == PAST
    assert not question.is_current


def test_before_the_first_snapshot_there_are_no_balances(book: Book) -> None:
    found = rows(
        book, "portfolio", "manager", "branch", currency="CNY", as_of=date(2017, 1, 1), since=SINCE, until=ON
    )
    assert [row["outstanding"] for row in found.values()] == [None] * 3
    assert sum(row["disbursed"] for row in found.values()) > 0


@pytest.mark.parametrize(("limit", "names", "holds"), [
    ("region_id", "places", lambda fact, name: fact.is_under(name)),
    ("branch_id", "branches", lambda fact, name: name in (fact.branch, "hq")),
    ("officer_id", "users", lambda fact, name: fact.officer == name),
    ("client_id", "clients", lambda fact, name: fact.client == name),
])  # fmt: skip
def test_a_limit_holds_for_every_figure(book: Book, limit: str, names: str, holds: Any) -> None:
    for name, number in getattr(book, names).items():
        wanted = {
            figure: sum(of(fact) for fact in book.facts if fact.currency == "CNY" and holds(fact, name))
            for figure, of in PORTFOLIO.items()
        }
        for by in ("township", "customer"):
            found = plain(
                rows(book, "portfolio", "manager", by, currency="CNY", since=SINCE, **{limit: number}),
                PORTFOLIO,
            )
            assert {figure: sum(row[figure] for row in found.values()) for figure in PORTFOLIO} == wanted, (
                name,
                by,
            )


def test_the_balance_by_bucket_is_the_balance_of_loans_in_it(book: Book) -> None:
    found = rows(book, "quality", "manager", "county", currency="CNY")
    for name, place in (("c1", book.places["c1"]), ("c2", book.places["c2"])):
        row = found[place]
        buckets = [
            value or 0
            for column, value in row.items()
            if column.startswith("bucket_") and column != "bucket_none"
        ]
        loans = [f for f in book.facts if f.currency == "CNY" and is_open(f) and f.is_under(name)]
        expected = [
            sum(f.outstanding for f in loans if f.bucket == bucket)
            for bucket in ("in time", "1-30", "31-60", "61 and more")
        ]
        assert buckets == expected
        assert sum(buckets) == row["outstanding"]


@pytest.mark.parametrize("user", VISIBLE)
@pytest.mark.parametrize("by", ["client", "village", "officer", "customer"])
def test_repayments_are_those_of_the_journal_without_opening_positions(
    book: Book, user: str, by: str
) -> None:
    figures = {name: PORTFOLIO[name] for name in ("collected_principal", "collected_interest")}
    figures["collected"] = lambda fact: sum(collected(fact, SINCE, ON))
    found = rows(book, "repayments", user, by, currency="CNY", since=SINCE, until=ON)
    assert plain(found, figures) == by_hand(book, user, by, figures)


def test_repayments_of_one_customer_come_by_day_from_his_own_loans(book: Book) -> None:
    (client, number), customer = next(iter(book.customers.items()))
    loans = [fact for fact in book.facts if (fact.client, fact.customer) == (client, number)]
    days: dict[date, int] = {}
    for day, principal, _interest, kind in (paid for fact in loans for paid in fact.paid):
        if kind != "opening" and SINCE <= day <= ON:
            days[day] = days.get(day, 0) + principal
    found = rows(
        book, "repayments", "manager", "day", currency="CNY", since=SINCE, until=ON, customer_id=customer
    )
    assert {key: row["collected_principal"] for key, row in found.items()} == days


def test_the_trend_has_what_fell_due_and_came_in_month_by_month(book: Book) -> None:
    found = rows(
        book, "trend", "manager", "month", currency="CNY", since=date(2018, 3, 1), until=date(2018, 8, 31)
    )
    loans = [fact for fact in book.facts if fact.currency == "CNY"]
    for month in range(3, 9):
        first, last = date(2018, month, 1), date(2018, month, 28 if month == 2 else 30)
        row = found.get(first, {})
        principal, interest = (sum(collected(fact, first, last)[i] for fact in loans) for i in (0, 1))
        due = [
            f
            for f in loans
            if (ON.toordinal() + f.number) in range(first.toordinal(), date(2018, month + 1, 1).toordinal())
        ]
        assert (row.get("collected") or 0, row.get("due") or 0) == (principal + interest, 220 * len(due))


def test_the_trend_of_the_home_page_begins_six_months_back(book: Book) -> None:
    with scoped_as(book.users["manager"]) as session:
        question = registry.report("trend").asked(currency="CNY").settled(Reader(session, ON, 1))
    assert (question.since, question.until) == (date(2018, 1, 1), ON)


@pytest.mark.parametrize("user", VISIBLE)
def test_a_month_in_which_nothing_moved_stands_in_the_trend_for_every_reader(book: Book, user: str) -> None:
    asked = {"currency": "CNY", "since": date(2017, 11, 15), "until": date(2018, 8, 31)}
    found = rows(book, "trend", user, "month", **asked)
    months = [date(2017, 11, 1), date(2017, 12, 1), *(date(2018, n, 1) for n in range(1, 9))]
    assert list(found) == months
    empty = [month for month, row in found.items() if not row["due"] and not row["collected"]]
    assert empty[:4] == months[:4]
    moved = {
        day.replace(day=1)
        for fact in book.facts if VISIBLE[user](fact) and fact.currency == "CNY"
        for day in (fact.due_on, *(one[0] for one in fact.paid if one[3] != "opening"))
    }  # fmt: skip
    assert set(months) - set(empty) == moved


def test_a_period_of_centuries_has_only_the_months_that_moved(book: Book) -> None:
    asked = {"currency": "CNY", "since": date(1, 1, 1), "until": date(9999, 12, 31)}
    found = rows(book, "trend", "manager", "month", **asked)
    assert 5 <= len(found) < 10
    assert all(row["due"] or row["collected"] for row in found.values())


def test_days_on_which_nothing_moved_are_no_rows(book: Book) -> None:
    found = rows(book, "repayments", "manager", "day", currency="CNY", since=SINCE, until=ON)
    assert all(row["collected"] for row in found.values())


@pytest.mark.parametrize("user", VISIBLE)
@pytest.mark.parametrize("by", ["county", "branch", "officer"])
def test_statistics_count_each_customer_once(book: Book, user: str, by: str) -> None:
    figures: dict[str, Callable[[Fact], Any]] = {
        "loans": lambda fact: 1, "disbursed": lambda fact: fact.principal, "overdue_loans": lambda fact: fact.days > 0,
        "overdue": lambda fact: fact.overdue, "outstanding": lambda fact: fact.outstanding * is_open(fact),
    }  # fmt: skip
    found = rows(book, "statistics", user, by, currency="CNY")
    assert plain(found, figures) == by_hand(book, user, by, figures)
    mine = [fact for fact in book.facts if VISIBLE[user](fact) and fact.currency == "CNY"]
    people = {key: {(f.client, f.customer) for f in mine if KEYS[by](book, f) == key} for key in found}
    assert {key: row["customers"] for key, row in found.items()} == {
        key: len(names) for key, names in people.items()
    }
    (whole,) = rows(book, "statistics", user, "", currency="CNY").values()
    assert whole["customers"] == len({(f.client, f.customer) for f in mine})


def test_the_literal_scope_stands_in_the_statement_and_not_only_in_row_security(book: Book) -> None:
    from sqlalchemy import event

    from app.core.db import engine

    said: list[str] = []

    def listen(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        said.append(statement)

    event.listen(engine(), "before_cursor_execute", listen)
    rows(book, "portfolio", "of_c1", "township", currency="CNY")
    rows(book, "portfolio", "of_c1", "customer", currency="CNY")
    event.remove(engine(), "before_cursor_execute", listen)
    snapshots = [one for one in said if "FROM portfolio_snapshot" in one and "collection_snapshot" in one]
    journals = [one for one in said if "allocation" in one]
    assert all(one.count("region_lft BETWEEN") >= 2 for one in snapshots)
    assert all("customer_reach" in one and one.count("region_lft BETWEEN") >= 3 for one in journals)
    assert snapshots
    assert journals


def test_only_the_main_currency_is_shown_first(book: Book) -> None:
    default = registry.report("portfolio").asked.parameters()[0].metadata["default"]
    with scoped_as(book.users["manager"]) as session:
        assert default(Reader(session, ON, 1)) == "CNY"
    with scoped_as(book.users["of_y"]) as session:
        assert default(Reader(session, ON, 1)) == "UAH"
