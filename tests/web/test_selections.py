"""A pasted column of numbers becomes a list of exactly those rows, and what was not found is told."""

import re
from typing import Any

import pytest

from app.core.web.links import shown_entities
from tests.web.people import Browser, add, rows
from tests.web.shop import Shop
from tests.web.test_lists import listed, shown


def paste(browser: Browser, pasted: str, slug: str = "loan") -> Any:
    return browser.post(f"/selection/{slug}", {"values": pasted})


def missing(page: str) -> list[str]:
    """The values told as not found."""
    found = re.search(r'id="pick-missing"[^>]*>([^<]*)</textarea>', page)
    assert found
    return found[1].strip().split("\n") if found[1].strip() else []


def test_pasted_numbers_show_exactly_their_rows(shop: Shop) -> None:
    answer = paste(shop.admin, "L-0003\r\nL-0001\tL-0002;'L-0001\n\n")
    assert answer.status_code == 302
    page = shop.admin.get(answer.headers["Location"] + "&size=100&sort=number").text
    assert shown(page, "loan") == shop.loans[1:4]
    assert re.search(r"<span>Selection</span> <b>Rows: 3</b>", page)
    chosen = rows("selection", user_id=shop.users["admin"])[-1]
    assert (chosen.entity, sorted(chosen.row_ids)) == ("loan", shop.loans[1:4])
    assert listed(shop, f"picked={chosen.id}&sort=number", "loan") == shop.loans[1:4]
    assert listed(shop, f"picked={chosen.id}&number=L-0002", "loan") == [shop.loans[2]]


def test_what_is_not_found_is_told_and_the_rest_is_kept(shop: Shop) -> None:
    answer = paste(shop.admin, "L-0001\nL-9999\nnothing <b>\nL-0002")
    assert answer.status_code == 200
    assert missing(answer.text) == ["L-9999", "nothing &lt;b&gt;"]
    found = re.search(r'href="(/loan/list/\?picked=\d+)"', answer.text)
    assert found
    assert set(shown(shop.admin.get(found[1]).text, "loan")) == set(shop.loans[1:3])


def test_customers_are_found_by_identity_telephone_loan_and_name_as_people_write_them(shop: Shop) -> None:
    written = "621121197011120003\n138 0000 0004\n+86 138-0000-0005\nL-0006\nCustomer 07"
    answer = paste(shop.admin, written, "customer")
    assert answer.status_code == 302, missing(answer.text)
    chosen = rows("selection", user_id=shop.users["admin"])[-1]
    assert chosen.row_ids == sorted(shop.customers[3:8])


def test_a_value_of_several_rows_chooses_them_all_and_says_so(shop: Shop) -> None:
    twin = add("customer", client_id=shop.client, name="Customer 08")
    answer = paste(shop.admin, "Customer 08", "customer")
    assert "More than one row each, all chosen: Customer 08" in answer.text
    assert rows("selection", user_id=shop.users["admin"])[-1].row_ids == sorted([shop.customers[8], twin])


def test_strangers_rows_are_not_found_and_a_strangers_selection_is_empty(shop: Shop) -> None:
    olga, otto = shop.browser("olga"), shop.browser("otto")
    answer = paste(olga, "L-0002\nL-0003")
    assert missing(answer.text) == ["L-0003"]
    own = rows("selection", user_id=shop.users["olga"])[-1]
    assert own.row_ids == [shop.loans[2]]
    for login in ("otto", "admin"):
        assert shown(shop.browser(login).get(f"/loan/list/?picked={own.id}").text, "loan") == []
    assert listed(shop, f"picked={own.id}", "loan", "otto") == []
    assert shown(olga.get(f"/customer/list/?picked={own.id}").text) == []
    before = len(rows("selection"))
    assert missing(paste(otto, "621121197011120002").text) == ["621121197011120002"]
    assert len(rows("selection")) == before


def test_who_sees_numbers_masked_finds_nobody_by_them(shop: Shop) -> None:
    answer = paste(shop.browser("partner"), "621121197011120003\n+8613800000004\nCustomer 05", "customer")
    assert missing(answer.text) == ["621121197011120003", "+8613800000004"]


@pytest.mark.parametrize(
    ("pasted", "said"),
    [("", "Paste at least one value"), (" ;\n", "Paste at least one value"), ("\n".join(map(str, range(10_001))), "At most 10000 values")],
)  # fmt: skip
def test_nothing_and_too_much_are_refused_with_a_sentence(shop: Shop, pasted: str, said: str) -> None:
    before = rows("selection")
    answer = paste(shop.admin, pasted)
    assert answer.status_code == 422
    assert said in answer.text
    assert len(rows("selection")) == len(before)


@pytest.mark.parametrize("number", ["x", "-1", "99999999999999999999"])
def test_a_selection_that_can_be_none_is_refused(shop: Shop, number: str) -> None:
    assert shop.admin.get(f"/loan/list/?picked={number}").status_code == 400


def test_lists_that_are_not_ones_own_have_no_page_to_paste_on(shop: Shop) -> None:
    agent = shop.browser("agent")
    for slug in ("setting", "nothing", "selection"):
        assert agent.get(f"/selection/{slug}").status_code == 404
        assert paste(agent, "1", slug).status_code == 404


@pytest.mark.parametrize("slug", [cls.slug() for cls in shown_entities()])
def test_a_list_offers_the_page_where_something_names_its_rows(shop: Shop, slug: str) -> None:
    offered = f'href="/selection/{slug}"' in shop.admin.get(f"/{slug}/list/?view=0").text
    page = shop.admin.get(f"/selection/{slug}")
    assert page.status_code == (200 if offered else 404)
    if offered:
        assert missing(paste(shop.admin, "no such value", slug).text) == ["no such value"]
    assert offered or slug not in ("customer", "loan", "user", "role", "product", "phone", "branch")


def test_what_programs_put_around_values_does_not_hide_them(shop: Shop) -> None:
    paste(shop.admin, '\ufeffCustomer\u00a0 01\r\n"Customer 02"\n\u200bCustomer 03', "customer")
    assert rows("selection", user_id=shop.users["admin"])[-1].row_ids == sorted(shop.customers[1:4])
