"""Balances of now are those of the loans behind them, whatever befalls a loan."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import delete, select, update

from app.core import tree
from app.core.db import scoped_as, unscoped
from app.core.org import Branch, Region
from app.models import Bucket, Loan, Product
from app.servicing.posting_bulk import Receipt, post_staged
from app.servicing.reversal import reverse
from app.servicing.write_offs import write_off
from tests.reports.standing import READERS, assert_stands, changes, loan_of, pay, taken
from tests.reports.test_figures import rows
from tests.reports.world import ON, Book

__all__ = ["taken"]


def test_payments_and_their_reversal_stand_at_once_for_every_reader(book: Book) -> None:
    with unscoped("a payment of a test") as session:
        paid = pay(session, loan_of(book, session), "now 1")
    assert changes() > 0
    assert_stands(book, READERS, ("village",))
    with unscoped("a reversal of a test") as session:
        reverse(session, paid, ON, "not his")
    assert_stands(book, READERS, ("village", "officer"))
    assert_stands(book, currency="UAH")


def test_a_payment_that_an_officer_posts_himself_is_told_to_him_and_to_the_house(book: Book) -> None:
    with scoped_as(book.users["o1"]) as session:
        pay(session, loan_of(book, session), "now 2")
        session.commit()
    assert changes() > 0
    assert_stands(book, ("o1", "leader", "manager"))


def test_a_file_of_payments_stands_at_once(book: Book) -> None:
    with unscoped("a file of a test") as session:
        numbers = session.scalars(
            select(Loan.number)
            .where(Loan.client_id == book.clients["x"], Loan.status == "current", Loan.disbursed_on < ON)
            .order_by(Loan.id)
        ).all()
        receipts = [
            Receipt(n, number, Decimal("12.50"), ON, f"now {n}", Decimal("12.50"))
            for n, number in enumerate(numbers)
        ]
        assert post_staged(session, book.clients["x"], receipts, "now", ON).posted == len(receipts) > 3
    assert_stands(book, READERS, ("branch", "village"))


def test_a_write_off_leaves_the_balances_at_once(book: Book) -> None:
    with unscoped("a write-off of a test") as session:
        write_off(session, loan_of(book, session).id, ON, "gone", ON)
    assert changes() > 0
    assert_stands(book, READERS, ("village",))


def test_a_loan_that_goes_to_another_officer_unit_place_or_bucket_is_told_to_those_who_have_it_now(
    book: Book,
) -> None:
    with unscoped("a test moves a loan") as session:
        buckets = session.scalars(select(Bucket.id).order_by(Bucket.from_days)).all()
        for name, value in (
            ("officer_id", book.users["o3"]),
            ("branch_id", book.branches["b2"]),
            ("region_id", book.places["v4"]),
            ("bucket_id", buckets[-1]),
            ("officer_id", None),
        ):
            setattr(loan_of(book, session), name, value)
            session.commit()
            assert_stands(book, groups=("village", "officer"))
    assert_stands(book, READERS, ("village",))


def test_a_place_whose_loans_have_all_gone_is_no_row_any_more(book: Book) -> None:
    with unscoped("a test moves loans") as session:
        inside = select(Loan).where(Loan.region_id == book.places["v2"])
        before = [loan.id for loan in session.scalars(inside)]
        assert before
        session.execute(update(Loan).where(Loan.id.in_(before)).values(region_id=book.places["v3"]))
    assert_stands(book, READERS, ("village",))
    keys = set(rows(book, "quality", "manager", "village", currency="CNY"))
    assert book.places["v2"] not in keys
    assert book.places["v3"] in keys


def test_loans_that_come_and_go_are_counted_as_long_as_they_are_there(book: Book) -> None:
    with unscoped("a test brings a loan") as session:
        old = loan_of(book, session)
        copied = {
            name: getattr(old, name)
            for name in (
                "client_id", "customer_id", "product_id", "branch_id", "officer_id", "region_id", "currency", "principal",
                "annual_rate", "matures_on", "method", "terms", "bucket_id", "status", "principal_outstanding",
            )
        }  # fmt: skip
        new = Loan(number="NEW", disbursed_on=ON, **copied)
        session.add(new)
        session.flush()
        number = new.id
    assert_stands(book, READERS, ("village",))
    with unscoped("a test takes it away") as session:
        session.execute(delete(Loan).where(Loan.id == number))
    assert_stands(book, READERS, ("village",))


def test_a_loan_of_another_kind_of_product_counts_there(book: Book) -> None:
    with unscoped("a test changes a product") as session:
        loan = loan_of(book, session)
        other = select(Product.id).where(
            Product.client_id == book.clients["x"], Product.kind != loan.product_kind
        )
        loan.product_id = session.scalars(other).one()
    assert_stands(book, READERS, ("village",))


@pytest.mark.parametrize("moved_first", [True, False])
def test_changes_go_along_when_a_unit_or_a_place_moves(book: Book, moved_first: bool) -> None:
    def posts() -> None:
        with unscoped("a payment of a test") as session:
            pay(session, loan_of(book, session), f"moves {moved_first}")

    def moves() -> None:
        for kind, name, above in (
            (Region, "v1", "t2"),
            (Region, "v1", "t1"),
            (Branch, "b1", "b2"),
            (Branch, "b1", "hq"),
        ):
            names = book.places if kind is Region else book.branches
            with unscoped("a test moves a node") as session:
                assert tree.move(
                    session, session.get_one(kind, names[name]), session.get_one(kind, names[above])
                )
            assert_stands(book, ("manager", "livestock"), ("branch", "village"))

    steps: tuple[Callable[[], None], ...] = (moves, posts) if moved_first else (posts, moves)
    for step in steps:
        step()
        assert_stands(book, READERS, ("village",))


def test_moving_a_tree_is_no_change_of_balances(book: Book) -> None:
    with unscoped("a test moves a node") as session:
        tree.move(
            session, session.get_one(Region, book.places["t1"]), session.get_one(Region, book.places["c2"])
        )
    assert changes() == 0
    assert_stands(book, READERS, ("village",))
    with unscoped("a test moves it back") as session:
        tree.move(
            session, session.get_one(Region, book.places["t1"]), session.get_one(Region, book.places["c1"])
        )
