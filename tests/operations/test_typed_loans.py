"""What is typed into a loan: its money, its days, and to whom it belongs."""

from dataclasses import dataclass
from typing import Any

import pytest

from app.access.users import create_user
from app.core.db import unscoped
from app.core.org import GrantKind
from app.models import Customer
from tests.operations.desk import Desk
from tests.operations.test_typed_rows import refusal
from tests.servicing.book import add_customer, make_frame
from tests.web.people import PASSWORD, add, rows, stored

FORM = (
    "client_id", "number", "customer_id", "product_id", "branch_id", "region_id", "joint_group_id", "currency", "principal",
    "annual_rate", "disbursed_on", "matures_on", "method",
)  # fmt: skip


@dataclass(frozen=True)
class Other:
    """Another client, with what is his."""

    client_id: int
    customer_id: int
    product_id: int
    joint_group_id: int


@pytest.fixture(scope="module")
def other(desk: Desk) -> Other:
    with unscoped("data of a test") as session:
        client, product, _branch = make_frame(session, code="other", name="Other", currency="UAH")
        ids = client.id, add_customer(session, client, "Petro").id, product.id
    return Other(*ids, add("joint_liability_group", client_id=ids[0], name="Neighbours"))


def typed(loan: int, **changed: Any) -> dict[str, Any]:
    """The form of a loan as it opens, with some values changed."""
    row = stored("loan", loan)
    found = {name: getattr(row, name) for name in FORM}
    return {name: str(value) for name, value in found.items() if value is not None} | changed


def refused(desk: Desk, loan: int, field: str, changed: dict[str, Any]) -> str:
    """What both doors say beside a field, having stored nothing."""
    before = typed(loan)
    answer = desk.browser("admin").post(f"/loan/edit/{loan}", typed(loan, **changed))
    assert answer.status_code == 422, answer.headers
    called = desk.caller("admin").call("PUT", f"loan/{loan}", changed)
    assert called.status_code == 422, called.text
    assert typed(loan) == before
    [said] = called.json["errors"][field]
    assert said in refusal(answer.text, field)
    return str(said)


@pytest.mark.parametrize(
    "field, changed, reason",
    [
        ("principal", {"principal": "-5"}, "At least 0.01"),
        ("principal", {"principal": "0"}, "At least 0.01"),
        ("annual_rate", {"annual_rate": "-7"}, "At least 0"),
        ("disbursed_on", {"disbursed_on": "2018-06-26", "matures_on": "2019-06-26"}, "after the business date"),
        ("disbursed_on", {"disbursed_on": "2099-01-01", "matures_on": "2001-01-01"}, "after the business date"),
        ("matures_on", {"matures_on": "2001-01-01"}, "must be after that of paying out"),
        ("matures_on", {"disbursed_on": "2018-06-25", "matures_on": "2018-06-25"}, "must be after that of paying out"),
        ("currency", {"currency": "UAH"}, "lend in CNY"),
    ],
)  # fmt: skip
def test_terms_that_no_loan_can_have_are_refused_beside_their_field(
    desk: Desk, field: str, changed: dict[str, Any], reason: str
) -> None:
    assert reason in refused(desk, desk.loan(), field, changed)


@pytest.mark.parametrize("field", ["customer_id", "product_id", "joint_group_id"])
def test_what_is_of_another_client_is_refused(desk: Desk, other: Other, field: str) -> None:
    changed = {field: getattr(other, field)}
    assert "belongs to another client" in refused(desk, desk.loan(), field, changed)


def test_a_loan_goes_over_to_another_client_with_all_that_is_his_or_not_at_all(
    desk: Desk, other: Other
) -> None:
    loan = desk.loan()
    assert "belongs to another client" in refused(desk, loan, "client_id", {"client_id": other.client_id})
    whole = {name: getattr(other, name) for name in ("client_id", "customer_id", "product_id")}
    moved = desk.browser("admin").post(f"/loan/edit/{loan}", typed(loan, **whole, currency="UAH"))
    assert moved.status_code == 302, moved.text
    kept = stored("loan", loan)
    assert (kept.client_id, kept.customer_id, kept.currency) == (other.client_id, other.customer_id, "UAH")


def test_a_loan_with_payments_keeps_its_client_and_currency(desk: Desk, other: Other) -> None:
    loan = desk.loan()
    paid = desk.run(
        "clerk", "/loan/do/post_repayment", [loan], amount="10", received_on="2018-06-20", reference="K-1"
    )
    assert paid.status_code == 302
    whole = {name: getattr(other, name) for name in ("client_id", "customer_id", "product_id")}
    assert "are posted" in refused(desk, loan, "client_id", {**whole, "currency": "UAH"})


@pytest.mark.parametrize(
    "changed",
    [
        {"principal": "123"},
        {"annual_rate": "1.5"},
        {"method": "flat"},
        {"disbursed_on": "2018-01-02"},
        {"matures_on": "2030-01-01"},
    ],
)
def test_terms_that_a_schedule_was_made_with_change_only_with_it(desk: Desk, changed: dict[str, Any]) -> None:
    [field] = changed
    assert "schedule of this loan was made with it" in refused(desk, desk.loan(), field, changed)


def test_what_loans_belong_to_stays_with_their_client(desk: Desk, other: Other) -> None:
    loan = stored("loan", desk.loan())
    order = {"allocation_order": "overdue: interest principal"}
    for path, more in ((f"customer/{loan.customer_id}", {}), (f"product/{loan.product_id}", order)):
        called = desk.caller("admin").call("PUT", path, {"client_id": other.client_id} | more)
        assert called.status_code == 422, called.text
        assert "Loans of another client" in called.json["errors"]["client_id"][0]
    assert stored("customer", loan.customer_id).client_id == desk.client
    assert stored("product", loan.product_id).client_id == desk.client


def test_what_a_file_brought_does_not_stop_other_changes(desk: Desk) -> None:
    loan = desk.loan(purpose="calf")
    with unscoped("a loan of an old file") as session:
        from app.models import Loan

        session.get_one(Loan, loan).currency = "USD"
    assert desk.caller("admin").call("PUT", f"loan/{loan}", {"purpose": "cow"}).status_code == 200
    assert (stored("loan", loan).purpose, stored("loan", loan).currency) == ("cow", "USD")


def test_who_sees_none_of_the_loans_cannot_move_their_customer_either(desk: Desk, other: Other) -> None:
    loan = stored("loan", desk.loan())
    grants = [
        {"kind": GrantKind.BRANCH, "branch_id": add("branch", name="Elsewhere")},
        {"kind": GrantKind.CLIENT, "client_id": other.client_id},
    ]
    create_user("mover", PASSWORD, "Officer", grants=grants)
    with unscoped("a customer whose loans lie in another branch") as session:
        customer = session.get_one(Customer, loan.customer_id)
        before, customer.branch_id = customer.branch_id, grants[0]["branch_id"]
    mover = desk.caller("mover")
    assert mover.call("GET", f"loan/{loan.id}").status_code == 404
    assert mover.call("GET", f"customer/{loan.customer_id}").status_code == 200
    moved = {"client_id": other.client_id}
    path = f"/customer/edit/{loan.customer_id}"
    form = {"kind": "person", "name": "Moved", "status": "active", "client_id": str(other.client_id)}
    answer = desk.browser("mover").post(path, form)
    assert "Loans of another client" in refusal(answer.text, "client_id")
    called = mover.call("PATCH", f"customer/{loan.customer_id}", moved)
    assert "Loans of another client" in called.json["errors"]["client_id"][0]
    lot = mover.call("POST", "customer/bulk", {"items": [{"id": loan.customer_id, **moved}]})
    assert "Loans of another client" in lot.text
    assert stored("customer", loan.customer_id).client_id == loan.client_id
    with unscoped("as it was") as session:
        session.get_one(Customer, loan.customer_id).branch_id = before


def test_nobody_is_linked_to_a_customer_of_another_client(desk: Desk, other: Other) -> None:
    customer = stored("loan", desk.loan()).customer_id
    link = {"customer": customer, "kind": "spouse", "name": "Petro", "linked": other.customer_id}
    refused = desk.caller("admin").call("POST", "customer_link/", link)
    assert refused.json["errors"]["linked_id"] == ["He is a customer of another client"]
    assert rows("customer_link", customer_id=customer, name="Petro") == []
