"""A joined alias of an entity is held to the scope like the entity itself, whoever asked the same before."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.access.users import create_user
from app.core.db import scoped_as, unscoped
from app.core.org import Branch, GrantKind
from app.models import Client, Customer, CustomerLink, Loan, Product


@pytest.fixture(scope="module")
def users(_application: Any, database: Any) -> dict[str, int]:
    """Two users with a branch each; a loan and its customer in each branch, linked to one another."""
    with unscoped("data of the test") as session:
        client = Client(code="b", name="B", currency="CNY", country="CN", zone="Asia/Shanghai", language="en")
        product = Product(code="P", name="P", currency="CNY", allocation_order="overdue")
        branches = [Branch(name=name) for name in ("north", "south")]
        session.add_all([client, product])
        for branch in branches:
            session.add(branch)
            session.flush()
        people = [_with_loan(session, client, product, branch) for branch in branches]
        for one, other in (people, people[::-1]):
            session.add(CustomerLink(customer_id=one, linked_id=other, kind="guarantor", name="G"))
        ids = {branch.name: branch.id for branch in branches}
    grants = {name: [{"kind": GrantKind.BRANCH, "branch_id": branch}] for name, branch in ids.items()}
    return {name: create_user(name, "pw", "Officer", grants=given) for name, given in grants.items()}


def _with_loan(session: Any, client: Client, product: Product, branch: Branch) -> int:
    customer = Customer(client_id=client.id, name=f"of {branch.name}")
    session.add(customer)
    session.flush()
    session.add(
        Loan(
            client_id=client.id, number=branch.name, customer_id=customer.id, product_id=product.id, branch_id=branch.id, currency="CNY",
            principal=1, annual_rate=1, disbursed_on="2018-01-01", matures_on="2019-01-01", method="bullet",
        )
    )  # fmt: skip
    return int(customer.id)


def asked(user_id: int, statement: Any) -> list[Any]:
    with scoped_as(user_id) as session:
        return [tuple(row) for row in session.execute(statement)]


@pytest.mark.parametrize("turn", [("north", "south"), ("south", "north")])
def test_a_joined_alias_shows_rows_of_the_scope(users: dict[str, int], turn: tuple[str, ...]) -> None:
    loan, customer, client = aliased(Loan, name="l"), aliased(Customer, name="c"), aliased(Client, name="k")
    statement = (
        select(loan.number, customer.name, client.code)
        .select_from(loan)
        .join(customer, customer.id == loan.customer_id)
        .join(client, client.id == customer.client_id)
    )
    for name in turn:
        assert asked(users[name], statement) == [(name, f"of {name}", "b")]


@pytest.mark.parametrize("turn", [("north", "south"), ("south", "north")])
def test_an_alias_beside_its_own_entity_is_held_to_the_scope_of_its_own_rows(
    users: dict[str, int], turn: tuple[str, ...]
) -> None:
    other = aliased(Customer)
    statement = (
        select(Customer.name, other.name)
        .join(CustomerLink, CustomerLink.customer_id == Customer.id)
        .outerjoin(other, other.id == CustomerLink.linked_id)
    )
    for name in turn:
        assert asked(users[name], statement) == [(f"of {name}", None)]
