"""Prints stand in the access log: which record or list, by whom, from where; only of pages that he may open."""

from typing import Any

import pytest

from tests.web.people import rows
from tests.web.shop import Shop


def told(shop: Shop, login: str, address: str) -> Any:
    """What the browser is answered that says it prints a page."""
    return shop.browser(login).post("/printed/", {"address": address})


def prints(user_id: int) -> list[Any]:
    return rows("audit_event", kind="print", user_id=user_id)


def test_a_printed_record_is_kept_once_with_who_and_from_where(shop: Shop) -> None:
    before = len(prints(shop.users["olga"]))
    for _event in range(3):
        answer = told(shop, "olga", f"/customer/show/{shop.customers[0]}?tab=history")
        assert (answer.status_code, answer.data) == (204, b"")
    [kept] = prints(shop.users["olga"])[before:]
    assert (kept.entity, kept.row_id, kept.source, kept.network_address) == (
        "customer", shop.customers[0], "screen", "127.0.0.1",
    )  # fmt: skip
    assert told(shop, "otto", f"/customer/show/{shop.customers[1]}").status_code == 204
    log = shop.admin.get(f"/audit_event/list/?entity=customer&row_id={shop.customers[0]}&partial=tab").text
    assert "Print" in log


def test_a_printed_list_is_kept_with_its_filters_and_a_page_with_its_address(shop: Shop) -> None:
    assert told(shop, "olga", "/loan/list/?status=active&q=%D0%9E%00").status_code == 204
    assert told(shop, "olga", f"/loan/page/{shop.loans[0]}").status_code == 204
    assert told(shop, "olga", "/home/").status_code == 204
    listed, loan, home = prints(shop.users["olga"])[-3:]
    assert (listed.entity, listed.row_id, listed.details) == (
        "loan",
        None,
        {"filters": {"status": ["active"]}},
    )
    assert (loan.entity, loan.row_id, loan.about) == ("loan", shop.loans[0], f"/loan/page/{shop.loans[0]}")
    assert (home.entity, home.about) == (None, "/home/")
    assert "active" in shop.browser("auditor").get(f"/audit_event/show/{listed.id}").text.lower()


@pytest.mark.parametrize(
    "address",
    ["/customer/show/{foreign}", "/customer/page/{foreign}", "/customer/show/999999", "/webhook/list/", "/nowhere", "", "//[", "/login/",
     "/api/v1/customer/{mine}", "/customer/star/{mine}", "/customer/show/%00", "/static/js/core.js"],
)  # fmt: skip
def test_of_a_page_that_one_cannot_open_nothing_is_kept(shop: Shop, address: str) -> None:
    before = len(rows("audit_event", kind="print"))
    said = address.format(foreign=shop.customers[1], mine=shop.customers[0])
    assert told(shop, "olga", said).status_code == 404, said
    assert len(rows("audit_event", kind="print")) == before
