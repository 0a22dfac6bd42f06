"""A house whose days were closed before any loan came; files are imported and its reports are held against the rows."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import func, select

import app.reports  # noqa: F401  declares the reports
from app.access.users import create_user
from app.core.db import scoped_as, unscoped
from app.core.org import GrantKind
from app.models import (
    CollectionByPlace,
    CollectionByUnit,
    CollectionSnapshot,
    Instalment,
    Loan,
    UntakenDay,
)
from app.servicing import snapshots
from app.servicing.intake import run_import
from tests.reports.reading import workbook
from tests.reports.test_figures import rows
from tests.reports.world import Book
from tests.servicing.ledgers import ON, Row, ledger, settle_in, some_loans

SINCE, UNTIL = date(2017, 12, 1), ON
LATER = date(2018, 9, 30)
ONE = timedelta(days=1)
Figure = dict[Any, Decimal]
Importer = Callable[..., Any]


@pytest.fixture(scope="module")
def house(database: Any, tmp_path_factory: pytest.TempPathFactory) -> Book:
    """An installation that closed its days before any loan came, with a reader of everything."""
    settle_in(tmp_path_factory.mktemp("house"))
    night()
    book = Book([])
    book.users["manager"] = create_user("manager", "pw", "Manager", grants=[{"kind": GrantKind.ALL}])
    return book


@pytest.fixture(autouse=True)
def taken(house: Book) -> Iterator[None]:
    """Every test begins after a night and leaves nothing behind that the next one does not take."""
    night()
    yield
    night()
    assert noted() == set()


@pytest.fixture(scope="module")
def bring(house: Book, tmp_path_factory: pytest.TempPathFactory) -> Importer:
    """Imports the next so many rows of the demonstration's ledger, by a layout."""
    folder, left = tmp_path_factory.mktemp("files"), iter(some_loans(240))

    def bring_some(count: int, layout: str, change: Callable[[Row], Any] = dict, **options: Any) -> list[str]:
        some = [next(left) for _n in range(count)]
        for row in some:
            row.update(change(row))
        summary = run_import(ledger(folder, some), layout, **options)
        assert (summary.created, summary.rejected) == (count, 0)
        return [row["借据编号"] for row in some]

    return bring_some


def night(day: date = ON) -> None:
    with unscoped("a night of a test") as session:
        snapshots.take(session, day)


def noted() -> set[date]:
    with unscoped("a test looks") as session:
        return set(session.scalars(select(UntakenDay.moved_on).where(UntakenDay.moved_on <= ON)))


def reader(house: Book, branch_of: str) -> str:
    """A reader of the branch of one of the loans."""
    with unscoped("a test looks") as session:
        branch = session.scalars(select(Loan.branch_id).where(Loan.number == branch_of).limit(1)).one()
    if str(branch) not in house.users:
        grants = [{"kind": GrantKind.BRANCH, "branch_id": branch}]
        house.users[str(branch)] = create_user(f"of_{branch}", "pw", "Manager", grants=grants)
    return str(branch)


def told(house: Book, user: str, name: str, by: str, figure: str, **asked: Any) -> Figure:
    """What a report tells a reader in one of its columns, without nothing."""
    found = rows(house, name, user, by, **{"currency": "CNY", "since": SINCE, "until": UNTIL, **asked})
    return {key: row[figure] for key, row in found.items() if row[figure]}


def paid_out(house: Book, user: str, key: Any) -> Figure:
    """The same from the loans that the list behind it shows."""
    with scoped_as(house.users[user]) as session:
        found = session.execute(
            select(key, Loan.principal).where(
                Loan.disbursed_on.between(SINCE, UNTIL), Loan.taken_over_on.is_(None), Loan.currency == "CNY"
            )
        ).all()
    return summed(found)


def fell_due(house: Book, user: str, until: date = UNTIL) -> Figure:
    with scoped_as(house.users[user]) as session:
        found = session.execute(
            select(Instalment.due_on, Instalment.principal + Instalment.interest).where(
                Instalment.due_on.between(SINCE, until), Instalment.is_before_takeover.is_(False)
            )
        ).all()
    return summed((due_on.replace(day=1), amount) for due_on, amount in found)


def summed(found: Any) -> Figure:
    sums: defaultdict[Any, Decimal] = defaultdict(Decimal)
    for key, amount in found:
        sums[key] += amount
    return dict(sums)


def assert_equal(house: Book, users: Sequence[str] = ("manager",)) -> None:
    """Reports tell what the rows behind them add up to."""
    for user in users:
        for by, key in (
            ("branch", Loan.branch_id),
            ("officer", Loan.officer_id),
            ("kind", Loan.product_kind),
        ):
            assert told(house, user, "portfolio", by, "disbursed") == paid_out(house, user, key), (user, by)
        assert told(house, user, "trend", "month", "due") == fell_due(house, user), user
    assert told(house, "manager", "trend", "month", "due", until=LATER) == fell_due(house, "manager", LATER)


def assert_taken(house: Book, users: Sequence[str] = ("manager",)) -> None:
    """No day waits, the sums by themselves have everything, and the reports still tell the same."""
    assert noted() == set()
    with unscoped("a test looks") as session:
        mine = (Loan.taken_over_on.is_(None), Loan.disbursed_on <= ON)
        lent = session.scalar(select(func.sum(Loan.principal)).where(*mine))
        due = session.execute(
            select(func.sum(Instalment.principal), func.sum(Instalment.interest)).where(
                Instalment.due_on <= ON, Instalment.is_before_takeover.is_(False)
            )
        ).one()
        for sums in (CollectionSnapshot, CollectionByPlace, CollectionByUnit):
            names = ("disbursed", "due_principal", "due_interest")
            found = session.execute(select(*(func.sum(getattr(sums, name)) for name in names))).one()
            assert [amount or 0 for amount in found] == [amount or 0 for amount in (lent, *due)], sums
    assert_equal(house, users)


def listed(browser: Any, address: str, column: str) -> Decimal:
    """What a list's rows add up to, from its workbook."""
    parts = urlsplit(address.replace("&amp;", "&"))
    slug, query = parts.path.split("/")[1], dict(parse_qsl(parts.query))
    with browser.get(f"/{slug}/export.xlsx", query_string={**query, "cols": column}) as answer:
        assert answer.status_code == 200, address
        found = next(iter(workbook(answer.data).values()))
    values = [next(iter(row.values())) for row in found]
    return sum((Decimal(str(value)) for value in values if value is not None), Decimal(0))
