"""What rows copy for their scope is what stands where it was copied from, whoever changes which end when."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from app.core import tree
from app.core.db import scoped_as, unscoped
from app.core.org import Branch, Region
from app.models import (
    CollectionByUnit,
    CollectionSnapshot,
    Customer,
    Loan,
    PortfolioChange,
    PortfolioSnapshot,
    Product,
)
from app.models.lending import ProductKind
from tests.reports.standing import READERS, assert_stands, loan_of, night, pay, taken
from tests.reports.world import Book

__all__ = ["taken"]
SUMMED = (PortfolioSnapshot, PortfolioChange, CollectionSnapshot, CollectionByUnit)


def change_kind(product_id: int, kind: ProductKind) -> None:
    with unscoped("a test says what a product is") as session:
        session.get_one(Product, product_id).kind = kind


def kinds_of(entity: Any, product_id: int) -> set[str]:
    with unscoped("a test looks") as session:
        return set(session.scalars(select(entity.product_kind).where(entity.product_id == product_id)))


@pytest.fixture
def product(book: Book) -> Any:
    with unscoped("a test looks") as session:
        mine = (
            select(Loan)
            .join(Loan.product)
            .where(Loan.client_id == book.clients["x"], Product.kind == "livestock")
        )
        loan = session.scalars(mine.where(Loan.principal_outstanding > 100)).first()
        pay(session, loan, f"before its kind changes {uuid4()}")
        found = loan.product_id
    yield found
    change_kind(found, ProductKind.LIVESTOCK)


def test_loans_and_their_sums_follow_a_product_to_another_kind(book: Book, product: int) -> None:
    before = {entity: kinds_of(entity, product) for entity in (Loan, *SUMMED)}
    assert all(len(kinds) == 1 for kinds in before.values())
    change_kind(product, ProductKind.HOUSING)
    assert {entity: kinds_of(entity, product) for entity in (Loan, *SUMMED)} == {
        key: {"housing"} for key in before
    }
    assert_stands(book, READERS, ("kind", "village"))
    with unscoped("a test looks") as session:
        pay(session, loan_of(book, session), f"after its kind changed {uuid4()}")
    assert_stands(book, READERS, ("kind", "village"))
    night()
    assert_stands(book, READERS, ("kind", "village"))


def test_whoever_sees_one_kind_of_a_place_sees_by_what_the_product_is_now(book: Book, product: int) -> None:
    def seen() -> tuple[set[int], set[int]]:
        with scoped_as(book.users["livestock"]) as session:
            return set(session.scalars(select(Loan.product_id))), set(session.scalars(select(Customer.id)))

    products, customers = seen()
    assert product in products
    change_kind(product, ProductKind.HOUSING)
    left, known = seen()
    assert product not in left
    assert known < customers


def moves(entity: Any, name: str, above: str) -> Callable[[Book, Any], None]:
    def move(book: Book, session: Any) -> None:
        names = book.places if entity is Region else book.branches
        assert tree.move(session, session.get_one(entity, names[name]), session.get_one(entity, names[above]))

    return move


ENDS = {
    "region": (moves(Region, "v1", "t2"), moves(Region, "v1", "t1"), "region_id"),
    "branch": (moves(Branch, "b1", "b2"), moves(Branch, "b1", "hq"), "branch_id"),
}


def stale(what: str) -> dict[str, int]:
    """Rows that stand under another number than their node has, by table."""
    found = {}
    with unscoped("a test looks") as session:
        for table in ("loan", "portfolio_change", "portfolio_snapshot"):
            wrong = f"SELECT count(*) FROM {table} x JOIN {what} n ON n.id = x.{what}_id WHERE x.{what}_lft <> n.lft"
            found[table] = session.execute(text(wrong)).scalar() or 0
    return {table: rows for table, rows in found.items() if rows}


@pytest.mark.parametrize("what", ENDS)
def test_a_loan_that_goes_where_a_move_is_under_way_waits_and_gets_the_new_number(
    book: Book, what: str
) -> None:
    there, back, column = ENDS[what]
    target = book.places["v1"] if what == "region" else book.branches["b1"]
    went = threading.Event()

    def goes() -> None:
        with unscoped("a loan of a test goes there") as session:
            loan = session.scalars(
                select(Loan).where(Loan.client_id == book.clients["x"], getattr(Loan, column) != target)
            ).first()
            setattr(loan, column, target)
            session.flush()
        went.set()

    with unscoped("a test moves a node") as session:
        there(book, session)
        session.flush()
        other = threading.Thread(target=goes)
        other.start()
        assert not went.wait(0.4), "the loan got a number that is about to end"
    other.join(20)
    assert stale(what) == {}
    with unscoped("a test moves it back") as session:
        back(book, session)
    assert_stands(book, READERS, ("village", "branch"))


def test_a_payment_under_way_leaves_no_change_under_a_number_that_ended(book: Book) -> None:
    moved = threading.Event()

    def mover() -> None:
        with unscoped("a test moves a node") as session:
            moves(Region, "v1", "t2")(book, session)
        moved.set()

    with unscoped("a payment of a test") as session:
        loan = session.scalars(
            select(Loan).where(Loan.region_id == book.places["v1"], Loan.principal_outstanding > 100)
        ).first()
        pay(session, loan, f"meanwhile {uuid4()}")
        other = threading.Thread(target=mover)
        other.start()
        assert not moved.wait(0.4)
    other.join(20)
    assert stale("region") == {}
    assert_stands(book, READERS, ("village",))
    with unscoped("a test moves it back") as session:
        moves(Region, "v1", "t1")(book, session)


def test_a_loan_given_a_product_whose_kind_is_changing_gets_the_new_kind(book: Book, product: int) -> None:
    def goes() -> None:
        with unscoped("a loan of a test goes there") as session:
            other = select(Loan).where(Loan.client_id == book.clients["x"], Loan.product_id != product)
            session.scalars(other).first().product_id = product

    with unscoped("a test says what a product is") as session:
        session.get_one(Product, product).kind = ProductKind.HOUSING
        session.flush()
        other = threading.Thread(target=goes)
        other.start()
        other.join(0.4)
        assert other.is_alive()
    other.join(20)
    assert kinds_of(Loan, product) == {"housing"}
    assert_stands(book, READERS, ("kind",))
