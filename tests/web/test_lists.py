"""Lists as people and programs ask for them, against what Flask-AppBuilder's lists did by themselves."""

import re
import threading
from typing import Any

import pytest

from app.core import registry
from app.core.web import list_page
from app.core.web.links import shown_entities
from tests.web.people import Browser, rows, watched
from tests.web.shop import CUSTOMERS, Shop

MOST_STATEMENTS = 10
"""Of a list's page, whatever it shows: who asks, his scope and rights, settings, the rows, their number."""


def shown(page: str, slug: str = "customer") -> list[int]:
    """Ids of the rows of a page, in their order."""
    found = re.findall(rf'href="/{slug}/(?:show|page)/(\d+)"', page)
    return [int(one) for one in dict.fromkeys(found)]


def listed(shop: Shop, query: str, slug: str = "customer", name: str = "admin") -> list[int]:
    """Ids that a list of the API answers."""
    answer = shop.caller(name).call("GET", f"{slug}/?{query}")
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json["result"]]


@pytest.mark.parametrize("slug", [cls.slug() for cls in shown_entities()])
def test_a_list_page_asks_at_most_ten_statements(shop: Shop, slug: str) -> None:
    shop.admin.get("/home/")
    with watched() as asked:
        answer = shop.admin.get(f"/{slug}/list/?size=100")
    assert answer.status_code == 200
    assert len(asked.statements) <= MOST_STATEMENTS, asked.statements


def test_a_list_asks_no_more_for_many_rows_than_for_few(shop: Shop) -> None:
    shop.admin.get("/loan/list/")  # what a process asks once is no longer asked
    with watched() as few:
        shop.admin.get("/loan/list/?q=L-0001")
    with watched() as many:
        shop.admin.get("/loan/list/?size=100")
    assert len(many.statements) == len(few.statements)


@pytest.mark.parametrize(
    "query",
    [
        "_oc_Customer=password", "_oc_Customer=name", "_od_Customer=asc", "psize_Customer=20000", "page_Customer=2",
        "_flt_0_name=x", "size=20000", "size=-1", "size=x", "size=0", "sort=password", "sort=manager", "sort=nothing",
        "cols=password", "cols=branch_lft", "password=x", "password__starts=s", "branch_lft=1", "name__gt=a",
        "status=unknown", "manager=abc", "born_on=yesterdays", "after=%%%", "after=WzEsMl0", "before=W10", "status__in=active,x",
    ],
)  # fmt: skip
def test_what_a_list_does_not_offer_is_refused_with_a_sentence(shop: Shop, query: str) -> None:
    page = shop.admin.get(f"/customer/list/?{query}")
    assert page.status_code == 400
    answer = shop.caller("admin").call("GET", f"customer/?{query}")
    assert answer.status_code == 400
    assert answer.json["message"].count(" ") >= 3
    assert "Error" not in answer.json["message"]


@pytest.mark.parametrize(
    "query", ["sort=password", "password__starts=scrypt", "cols=password", "sort=session_stamp"]
)
def test_nobody_can_sort_filter_or_show_users_by_their_passwords(shop: Shop, query: str) -> None:
    assert shop.admin.get(f"/user/list/?{query}").status_code == 400
    assert "scrypt" not in shop.caller("admin").call("GET", "user/?size=100").text


def test_two_people_at_once_never_see_each_others_search_or_filter(shop: Shop) -> None:
    wanted = {"olga": "q=Customer+1", "otto": "status=inactive"}
    alone = {
        name: shown(Browser(shop.app, name).get(f"/customer/list/?{query}").text)
        for name, query in wanted.items()
    }
    # customers divisible by four are inactive, and all of those are olga's
    assert len(alone["olga"]) == 5
    assert alone["otto"] == []
    wrong: list[Any] = []

    def look(name: str, query: str) -> None:
        browser = Browser(shop.app, name)
        for _again in range(12):
            seen = shown(browser.get(f"/customer/list/?{query}").text)
            if seen != alone[name]:
                wrong.append((name, seen))

    threads = [threading.Thread(target=look, args=pair) for pair in wanted.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_choice_is_shown_with_its_label_and_colour_never_its_stored_text(shop: Shop) -> None:
    page = shop.admin.get("/loan/list/?status=overdue&cols=number.status").text
    status = registry.entity("loan").__table__.c.status.info["choices"]("overdue")
    body = page[page.index("<tbody") : page.index("</tbody")]
    assert str(status.label) in body
    assert f"{status.colour}" in body
    assert ">overdue<" not in body
    assert len(shown(page, "loan")) == len(rows("loan", status="overdue"))


def test_the_number_of_rows_is_counted_only_to_the_cap(shop: Shop, monkeypatch: Any) -> None:
    monkeypatch.setattr("app.core.web.listing.COUNT_CAP", 10)
    monkeypatch.setattr(list_page, "COUNT_CAP", 10)
    page = shop.admin.get("/customer/list/").text
    assert "of more than 10" in page
    assert shop.caller("admin").call("GET", "customer/").json["count"] == 11


def test_masked_values_give_no_filter_order_or_search_to_those_who_may_not_reveal_them(shop: Shop) -> None:
    number = rows("customer", id=shop.customers[0])[0].identity_number
    assert listed(shop, f"identity_number={number}") == [shop.customers[0]]
    assert listed(shop, f"q={number}") == [shop.customers[0]]
    partner = shop.caller("partner")
    for query in (
        f"identity_number={number}",
        "identity_number__starts=6",
        "sort=identity_number",
        "sort=-identity_number",
    ):
        assert partner.call("GET", f"customer/?{query}").status_code == 400, query
        assert shop.browser("partner").get(f"/customer/list/?{query}").status_code == 400, query
    assert listed(shop, f"q={number}", name="partner") == []
    assert number not in shop.browser("partner").get("/customer/list/?size=100").text
    assert number in shop.admin.get("/customer/list/?size=100&sort=id").text


def test_masked_values_of_linked_rows_are_closed_too(shop: Shop) -> None:
    number = rows("customer", id=shop.customers[0])[0].identity_number
    partner = shop.caller("partner")
    for query in (
        f"customer.identity_number={number}",
        "customer.identity_number__starts=62",
        "customer.password=x",
    ):
        assert partner.call("GET", f"loan/?{query}").status_code == 400, query


def test_the_menu_holds_what_the_role_may_list_and_nothing_else(shop: Shop) -> None:
    def offered(name: str) -> set[str]:
        return set(re.findall(r'href="/(\w+)/list/"', shop.browser(name).get("/home/").text))

    with_menu = {cls.slug() for cls in shown_entities() if cls.__screen__.menu is not None}
    assert offered("admin") >= with_menu
    assert (
        offered("partner") & with_menu
        == {"customer", "loan", "instalment", "repayment", "region", "file_job", "comment", "attachment"}
        & with_menu
    )
    for slug in with_menu - offered("partner"):
        assert shop.browser("partner").get(f"/{slug}/list/").status_code == 403, slug
        assert shop.caller("partner").call("GET", f"{slug}/").status_code == 403, slug


def test_a_user_without_a_grant_sees_no_row_of_any_scoped_list(shop: Shop) -> None:
    for cls in shown_entities():
        if not cls.__scope__.is_shared:
            assert listed(shop, "size=100", cls.slug(), "nobody") == [], cls.slug()
    assert len(listed(shop, "size=100")) == CUSTOMERS + 1


def test_titles_and_menu_are_translated_for_each_reader_at_each_request(shop: Shop) -> None:
    browser = Browser(shop.app, "admin")
    for language, title in (("ru", "[А-ЯЁа-яё ]+"), ("en", "Customers"), ("ru", "[А-ЯЁа-яё ]+")):
        browser.get(f"/lang/{language}")
        page = browser.get("/customer/list/").text
        assert f'<html lang="{language}"' in page
        assert re.search(rf"<title>{title} ", page)
        assert re.search(rf'href="/customer/list/"[^§]{{0,300}}?<span>{title}</span>', page), "the menu line"
        assert "List Customer" not in page


@pytest.mark.parametrize(
    "header, lang",
    [("uk-UA,uk;q=0.9", "uk"), ("ru", "ru"), ("zh-CN,zh;q=0.9", "zh-Hans"), ("zh-TW", "zh-Hant"), ("zh-HK", "zh-Hant"),
     ("zh", "zh-Hans"), ("fr", "en"), ("", "en"), ("*", "en"), ("en-GB,uk;q=0.1", "en"), ("\x7f;;q=x", "en")],
)  # fmt: skip
def test_before_the_login_the_browsers_language_counts(shop: Shop, header: str, lang: str) -> None:
    page = shop.app.test_client().get("/login/", headers={"Accept-Language": header})
    assert page.status_code == 200
    assert f'<html lang="{lang}"' in page.text
