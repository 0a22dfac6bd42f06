"""What a user opened last: his alone, the newest first, as far as he still sees it."""

from typing import Any

import pytest
from sqlalchemy import delete, update

from app.core.db import unscoped
from app.core.org import RecentRecord
from app.core.web import recents
from app.models import Customer, Loan
from tests.web.people import rows, watched
from tests.web.shop import Shop


@pytest.fixture(autouse=True)
def _nothing_opened(shop: Shop) -> None:
    shop.admin.get("/home/")
    with unscoped("nobody has opened anything") as session:
        session.execute(delete(RecentRecord))


def open_page(shop: Shop, login: str, path: str) -> None:
    assert shop.browser(login).get(path).status_code == 200


def offered(shop: Shop, login: str) -> list[str]:
    """The addresses that Ctrl+K offers before anything is typed."""
    groups: list[dict[str, Any]] = shop.browser(login).get("/search/?q=").json["groups"]
    return [item["url"] for group in groups for item in group["items"]]


def test_records_are_offered_to_who_opened_them_the_last_one_first(shop: Shop) -> None:
    loan, customer = f"/loan/page/{shop.loans[0]}", f"/customer/page/{shop.customers[0]}"
    for path in (loan, customer, "/loan/list/", f"/branch/show/{rows('branch')[0].id}", loan):
        open_page(shop, "admin", path)
    assert offered(shop, "admin") == [loan, f"/branch/show/{rows('branch')[0].id}", customer]
    page = shop.admin.get("/home/").text
    assert page.index(f'href="{loan}"') < page.index(f'href="{customer}"')
    assert len(rows("recent_record", user_id=shop.users["admin"])) == 3
    assert offered(shop, "olga") == []


def test_a_record_that_one_sees_no_more_is_not_offered(shop: Shop) -> None:
    customer = shop.customers[1]
    open_page(shop, "otto", f"/customer/page/{customer}")
    assert offered(shop, "otto") == [f"/customer/page/{customer}"]
    assert shop.browser("otto").get(f"/customer/page/{shop.customers[0]}").status_code == 404
    with unscoped("taken from otto") as session:
        session.execute(update(Customer).where(Customer.id == customer).values(manager_id=shop.users["olga"]))
        session.execute(
            update(Loan).where(Loan.customer_id == customer).values(officer_id=shop.users["olga"])
        )
    assert offered(shop, "otto") == []
    assert [one.row_id for one in rows("recent_record", user_id=shop.users["otto"])] == [customer]


def test_opening_costs_one_statement_and_only_the_newest_are_kept(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recents, "KEPT", 2)
    for loan in (*shop.loans[:4], shop.loans[2]):
        with watched() as asked:
            open_page(shop, "admin", f"/loan/page/{loan}")
        assert len(asked.about("recent_record")) == 1
    kept = {one.row_id for one in rows("recent_record", user_id=shop.users["admin"])}
    assert kept == set(shop.loans[2:4])


def test_names_of_many_records_are_asked_for_once_for_each_entity(shop: Shop) -> None:
    for loan in shop.loans[:4]:
        open_page(shop, "admin", f"/loan/page/{loan}")
    with watched() as asked:
        assert len(offered(shop, "admin")) == 4
    assert len(asked.about("FROM loan")) == 1


def test_one_sign_of_chinese_is_searched_for_and_one_letter_is_not(shop: Shop) -> None:
    customer, browser = shop.customers[2], shop.browser("admin")
    with unscoped("a Chinese name") as session:
        was, session.get_one(Customer, customer).name = session.get_one(Customer, customer).name, "杨帆"
    found = browser.get("/search/?q=杨").json["groups"]
    with unscoped("as it was") as session:
        session.get_one(Customer, customer).name = was
    assert f"/customer/page/{customer}" in [item["url"] for group in found for item in group["items"]]
    assert browser.get(f"/search/?q={was[0]}").json["groups"] == []
