"""Payments are allocated in the product's order and to the cent."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from app.servicing.dues import Component, Due, DueState
from app.servicing.waterfall import STANDARD, Direction, Order, Part, Surplus, allocate

TODAY = date(2024, 3, 1)
PLAIN = Order.parse("overdue: penalty fee interest principal; due: penalty fee interest principal")
"""Nothing in advance."""
JANUARY = Due(1, date(2024, 1, 1), Decimal(100), Decimal(10), Decimal(5), Decimal(1))
FEBRUARY = Due(2, date(2024, 2, 1), Decimal(100), Decimal(9), Decimal(5), Decimal(1))
MARCH = Due(3, TODAY, Decimal(100), Decimal(8))
APRIL = Due(4, date(2024, 4, 1), Decimal(100), Decimal(7))
DUES = [MARCH, JANUARY, APRIL, FEBRUARY]

AMOUNTS = st.decimals("0", "500", places=2)
dues_lists = st.lists(
    st.builds(
        Due,
        st.integers(1, 99),
        st.dates(date(2024, 2, 1), date(2024, 4, 1)),
        AMOUNTS,
        AMOUNTS,
        AMOUNTS,
        AMOUNTS,
    ),
    max_size=6,
    unique_by=lambda due: due.n,
)
orders = st.builds(
    Order,
    st.lists(st.tuples(st.sampled_from(DueState), st.sampled_from(Component)), unique=True).map(tuple),
    st.sampled_from(Direction),
    st.sampled_from(Surplus),
)


def _paid(amount: str, order: Order) -> list[str]:
    parts = allocate(Decimal(amount), DUES, order, TODAY)
    return [f"{part.n or '-'} {part.component or 'credit'} {part.amount.normalize():f}" for part in parts]


@given(st.decimals("0.01", "5000", places=2), dues_lists, orders)
def test_parts_sum_to_the_payment_and_pay_no_more_than_is_owed(
    amount: Decimal, dues: list[Due], order: Order
) -> None:
    parts = allocate(amount, dues, order, TODAY)
    assert sum(part.amount for part in parts) == amount
    assert all(part.amount > 0 for part in parts)
    by_number = {due.n: due for due in dues}
    assert all(
        part.amount <= by_number[part.n].unpaid(part.component) for part in parts if part.n is not None
    )
    assert len({(part.n, part.component) for part in parts}) == len(parts)
    principal = sum(part.amount for part in parts if part.component is Component.PRINCIPAL)
    assert principal <= sum(due.principal for due in dues)


@given(st.decimals("0.01", "5000", places=2), dues_lists, orders)
def test_nothing_is_kept_while_a_step_is_unpaid(amount: Decimal, dues: list[Due], order: Order) -> None:
    parts = allocate(amount, dues, order, TODAY)
    if any(part.n is None for part in parts):
        paid = {(part.n, part.component): part.amount for part in parts}
        for state, component in order.steps:
            for due in dues:
                if due.state(TODAY) is state:
                    assert paid.get((due.n, component), Decimal(0)) == due.unpaid(component)


@given(st.randoms(use_true_random=False))
def test_the_order_in_which_dues_are_given_does_not_matter(random: object) -> None:
    shuffled = random.sample(DUES, len(DUES))
    assert allocate(Decimal(200), shuffled, PLAIN, TODAY) == allocate(Decimal(200), DUES, PLAIN, TODAY)


def test_horizontal_finishes_the_oldest_instalment_first() -> None:
    assert _paid("120", PLAIN) == [
        "1 penalty 1",
        "1 fee 5",
        "1 interest 10",
        "1 principal 100",
        "2 penalty 1",
        "2 fee 3",
    ]


def test_vertical_finishes_one_component_of_all_instalments_first() -> None:
    order = Order(PLAIN.steps, Direction.VERTICAL)
    assert _paid("40", order) == [
        "1 penalty 1",
        "2 penalty 1",
        "1 fee 5",
        "2 fee 5",
        "1 interest 10",
        "2 interest 9",
        "1 principal 9",
    ]


def test_a_product_may_put_principal_before_penalties() -> None:
    order = Order.parse("overdue: principal interest fee penalty", Direction.VERTICAL)
    assert _paid("215", order) == ["1 principal 100", "2 principal 100", "1 interest 10", "2 interest 5"]


def test_what_falls_due_today_comes_after_what_is_overdue_and_before_the_future() -> None:
    order = Order.parse("advance: interest; due: interest; overdue: interest")
    assert _paid("20", order) == ["4 interest 7", "3 interest 8", "1 interest 5"]
    assert _paid("340", PLAIN)[-2:] == ["3 principal 100", "- credit 1"]


def test_a_surplus_is_kept_as_credit_or_reduces_principal() -> None:
    to_principal = Order(PLAIN.steps, surplus=Surplus.PRINCIPAL)
    assert _paid("369", PLAIN)[-1] == "- credit 30"
    assert _paid("369", to_principal)[-1] == "- principal 30"
    assert _paid("450", to_principal)[-2:] == ["- principal 100", "- credit 11"]


def test_instalments_may_be_paid_in_advance() -> None:
    assert Order.parse(f"{PLAIN}; advance: interest principal") == STANDARD
    assert _paid("369", STANDARD)[-2:] == ["4 interest 7", "4 principal 23"]


def test_a_payment_without_dues_is_all_credit() -> None:
    for surplus in Surplus:
        parts = allocate(Decimal(7), [], Order(PLAIN.steps, surplus=surplus), TODAY)
        assert parts == [Part(None, None, Decimal(7))]


@given(orders)
def test_an_order_is_read_back_from_its_text(order: Order) -> None:
    assert Order.parse(str(order), order.direction, order.surplus) == order


@pytest.mark.parametrize(
    "text,reason",
    [
        ("late: interest", "“late” in the allocation order is none of: overdue, due, advance"),
        ("due: capital", "“capital” in the allocation order is none of: penalty, fee, interest, principal"),
        ("due: fee; due: fee", "names a step twice"),
    ],
)
def test_an_order_that_means_nothing_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Order.parse(text)


@pytest.mark.parametrize("amount", ["0", "-1", "0.001"])
def test_a_payment_is_a_positive_amount_in_cents(amount: str) -> None:
    with pytest.raises(ValueError, match="positive amount in cents"):
        allocate(Decimal(amount), DUES, PLAIN, TODAY)
