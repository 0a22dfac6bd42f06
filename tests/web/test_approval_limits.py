"""Limits of approval routes: in a currency, and for a branch and what lies below it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from app.core.db import unscoped
from app.core.web.approving import texts
from tests.web.approvals import no_other_route, request, role, route
from tests.web.people import add, rows, stored
from tests.web.shop import Shop

__all__ = ["no_other_route"]
CNY = {"amount_field": "principal", "currency": "CNY"}


@pytest.fixture
def hryvnia(shop: Shop) -> Iterator[int]:
    """A small loan in hryvnia."""
    loan = shop.loans[30]
    _set(loan, currency="UAH", principal=50, is_dunning_stopped=False)
    yield loan
    _set(loan, currency="CNY", principal=1030)


def _set(loan: int, **values: Any) -> None:
    with unscoped("a loan of a test") as session:
        row = session.get_one(type(stored("loan", loan)), loan)
        for name, value in values.items():
            setattr(row, name, value)


def stop(shop: Shop, loan: int) -> int:
    """Ask for a loan's dunning to be stopped; 200 where it was done at once."""
    answer = shop.caller("admin").call("POST", f"loan/{loan}/do/stop_dunning", {"reason": "He is ill"})
    return int(answer.status_code)


def test_what_no_route_names_a_limit_for_in_its_currency_needs_approval(shop: Shop, hryvnia: int) -> None:
    low = route(shop, least="1025", **CNY)
    high = route(shop, least="9000", first_role=role("Administrator"), **CNY, second_role=role("Manager"), second_least="90000")  # fmt: skip
    assert stop(shop, shop.loans[24]) == 200, "below the limit, in its currency"
    assert stop(shop, hryvnia) == 202
    waits = request(hryvnia)
    assert (waits.route_id, waits.is_last) == (high, False), "nobody said how much is much in hryvnia"
    assert stop(shop, shop.loans[26]) == 202
    assert request(shop.loans[26]).route_id == low


def test_a_route_without_a_limit_or_in_its_own_currency_takes_the_other_currency(
    shop: Shop, hryvnia: int
) -> None:
    route(shop, least="1025", **CNY)
    every = route(shop, first_role=role("Administrator"))
    assert stop(shop, hryvnia) == 202
    assert request(hryvnia).route_id == every
    assert shop.caller("admin").call("DELETE", f"approval_route/{every}").status_code == 422, (
        "it was asked by"
    )
    shop.caller("admin").call("PATCH", f"approval_route/{every}", {"is_off": True})
    own = route(shop, least="40", amount_field="principal", currency="UAH")
    with unscoped("asked anew") as session:
        session.delete(session.merge(request(hryvnia)))
    assert stop(shop, hryvnia) == 202
    assert request(hryvnia).route_id == own
    _set(hryvnia, principal=30)
    with unscoped("asked anew") as session:
        session.delete(session.merge(request(hryvnia)))
    assert stop(shop, hryvnia) == 200, "below the limit of its own currency"


def test_a_change_of_the_currency_does_not_slip_below_a_limit(shop: Shop) -> None:
    unit = {"amount_field": "rounding_unit", "currency": "CNY", "least": "5"}
    route(shop, operation="edit.product", field_names="name", **unit)
    codes = [
        shop.caller("admin").call("PATCH", f"product/{shop.product}", {"name": "Renamed", **more}).status_code
        for more in ({}, {"name": "Once more", "currency": "UAH"})
    ]
    assert codes == [200, 202]
    kept = stored("product", shop.product)
    assert (kept.name, kept.currency) == ("Renamed", "CNY")


def test_the_route_of_the_nearest_branch_goes_before_the_others(shop: Shop) -> None:
    head, north = shop.branches["head"], shop.branches["north"]
    south = add("branch", name="South", parent_id=head)
    everywhere = route(shop, least="1", first_role=role("Administrator"), **CNY)
    below_head = route(shop, branch=head)
    of_north = route(shop, branch=north, least="1020", **CNY)
    north_small, north_large, southern = shop.loans[10], shop.loans[32], shop.loans[34]
    _set(southern, branch_id=south)
    for loan in (north_small, north_large, southern):
        assert stop(shop, loan) == 202
    ways = [request(loan).route_id for loan in (north_small, north_large, southern)]
    assert ways == [below_head, of_north, below_head]
    route(shop, operation="edit.loan", field_names="officer", branch=north)
    other = {"officer": shop.users["otto"]}
    codes = [
        shop.caller("admin").call("PATCH", f"loan/{one}", other).status_code
        for one in (southern, shop.loans[36])
    ]
    assert codes == [200, 202]
    assert everywhere not in {one.route_id for one in rows("approval_request")}
    _set(southern, branch_id=north, officer_id=shop.users["olga"])


def test_limits_say_their_currency_and_branches_are_those_of_records(shop: Shop) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"operation": "stop_dunning", "amount_field": "principal", "least": "5"}, "currency"),
        (
            {"operation": "stop_dunning", "amount_field": "principal", "least": "5", "currency": "XXY"},
            "currency",
        ),
        ({"operation": "edit.team", "field_names": "name", "currency": "CNY"}, "currency"),
        ({"operation": "edit.team", "field_names": "name", "branch": shop.branches["north"]}, "branch_id"),
    ]
    for said, column in wrong:
        answer = shop.caller("admin").call("POST", "approval_route/", {"name": "W", "first_role": role("Manager"), **said})  # fmt: skip
        assert (answer.status_code, set(answer.json["errors"])) == (422, {column}), answer.text
    route(shop, least="5", **CNY)
    route(shop, least="5", amount_field="principal", currency="UAH")
    route(shop, least="5", **CNY, branch=shop.branches["north"])
    again = {"name": "W", "operation": "stop_dunning", "first_role": role("Manager"), "least": "5", **CNY}
    assert set(shop.caller("admin").call("POST", "approval_route/", again).json["errors"]) == {"operation"}


def test_a_zero_that_was_said_is_kept_with_the_request_and_nothing_is_not() -> None:
    said = {"rate": Decimal("0.00"), "days": 0, "is_new": True, "is_old": False, "note": None, "text": ""}
    assert texts(said) == {"rate": "0.00", "days": "0", "is_new": "y"}
