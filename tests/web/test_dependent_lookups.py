"""What a form says already orders what its lookups offer, derived from the entities' own links."""

import re
from html import unescape

from app.core.db import unscoped
from app.core.org import User
from tests.web.people import watched
from tests.web.shop import Shop


def offered(shop: Shop, login: str, path: str) -> list[str]:
    return [one["text"] for one in shop.browser(login).get(path).json["results"]]


def test_a_form_tells_which_fields_order_which(shop: Shop) -> None:
    page = unescape(shop.admin.get(f"/customer/edit/{shop.customers[0]}").text)
    near = re.search(r'name="manager_id"[^>]*data-near="([^"]*)"', page)
    assert near
    assert "branch_id=branch_id" in near[1].split(";")


def test_of_a_chosen_branch_its_people_come_first_and_the_others_after_them(shop: Shop) -> None:
    north = shop.branches["north"]
    with unscoped("people of a branch") as session:
        session.get_one(User, shop.users["owner"]).branch_id = north
        session.get_one(User, shop.users["otto"]).branch_id = north
    every = offered(shop, "olga", "/customer/lookup/manager")
    near = offered(shop, "olga", f"/customer/lookup/manager?near.branch_id={north}")
    assert near[:2] == ["Otto Test", "Owner Test"]
    assert sorted(near) == sorted(every)
    assert offered(shop, "olga", f"/customer/lookup/manager?q=ot&near.branch_id={north}") == ["Otto Test"]


def test_what_is_no_link_and_no_id_is_passed_over_and_no_row_out_of_sight_is_offered(shop: Shop) -> None:
    plain = offered(shop, "olga", "/phone/lookup/customer")
    for wrong in ("near.password=1", "near.nothing=1", "near.client_id=x", f"near.client_id={10**30}"):
        assert offered(shop, "olga", f"/phone/lookup/customer?{wrong}") == plain
    near = offered(shop, "olga", f"/phone/lookup/customer?near.manager_id={shop.users['otto']}")
    assert sorted(near) == sorted(plain)
    with watched() as asked:
        offered(shop, "olga", "/phone/lookup/customer")
    assert len([one for one in asked.about("customer") if "ORDER BY" in one]) == 1
