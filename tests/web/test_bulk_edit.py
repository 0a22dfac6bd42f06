"""One change to many rows: what is stored, what is refused and why, and that no rule of a single edit is passed by."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.core import registry
from app.core.web import meant
from app.core.web.bulk_form import fields_of
from tests.web.people import Browser, add, rows, stored, watched
from tests.web.shop import DAY, Shop
from tests.web.test_two_writers import change as set_past_screens
from tests.web.test_writes import an_id
from tests.web.values import as_form, body, plain, same, with_verb

HISTORY_OF = {"entity": "customer", "action": "change"}


def bulk(browser: Browser, slug: str, ids: list[int], values: dict[str, Any], **more: Any) -> Any:
    """Tick these fields of the form, fill them in and send it, as its page does."""
    data = {"__run": "1", "ids": ids, "_change": list(values), **values, **more}
    return browser.post(f"/{slug}/change", data)


def listed(browser: Browser, slug: str, query: str, rows_shown: int, values: dict[str, Any]) -> Any:
    """The same for all rows of a list, of which the page said that there are so many."""
    return bulk(browser, slug, [], values, _list=query, _count=str(rows_shown))


def said(browser: Browser, answer: Any) -> str:
    """The messages on the page to which an answer leads."""
    assert answer.status_code == 302, re.findall(
        r"field-error.*?</p>|form-alert.*?</div>", answer.text, re.DOTALL
    )
    return str(browser.get(answer.headers["Location"]).text)


def refused(answer: Any) -> dict[int, str]:
    """The listed refusals of a page: id and reason."""
    assert answer.status_code == 200, answer.text
    found = re.findall(r'<td><a href="/\w+/(?:show|page)/(\d+)">[^<]+</a></td><td>([^<]+)</td>', answer.text)
    return {int(row_id): reason for row_id, reason in found}


@pytest.mark.parametrize(
    "values", [{"manager_id": "otto"}, {"zone": " Europe/Kyiv"}], ids=["free", "by rules"]
)
def test_many_rows_are_changed_by_one_statement_and_those_that_say_so_already_are_left(
    shop: Shop, values: dict[str, str]
) -> None:
    [(name, said_of_it)] = values.items()
    wanted = shop.users["otto"] if said_of_it == "otto" else said_of_it.strip()
    ids = [shop.customers[number] for number in range(12)]
    for one in ids[:3]:
        set_past_screens("customer", one, **{name: wanted})
    before = len(rows("history", **HISTORY_OF))
    with watched() as asked:
        answer = bulk(shop.admin, "customer", ids, {name: wanted}, change_reason="Moved")
    page = said(shop.admin, answer)
    same_already = sum(getattr(stored("customer", one), name) != wanted for one in ids)
    assert same_already == 0
    kept = [row for row in rows("history", **HISTORY_OF)[before:] if name in row.changes]
    assert f"Rows changed: {len(kept)}" in page
    assert f"Unchanged: {12 - len(kept)}" in page
    assert {row.row_id for row in kept} <= set(ids[3:])
    assert {(row.user_id, row.source, row.reason) for row in kept} == {
        (shop.users["admin"], "screen", "Moved")
    }
    assert len([one for one in asked.about("customer") if one.startswith("UPDATE")]) == 1


@pytest.mark.parametrize("slug", with_verb("edit"))
def test_every_entity_that_can_be_edited_can_be_edited_in_bulk(shop: Shop, slug: str) -> None:
    entity, row_id = registry.entity(slug), an_id(shop, slug, 31)
    with shop.app.test_request_context():
        offered = [field.column.key for field in fields_of(entity, shop_principal())]
    page = shop.admin.get(f"/{slug}/change?ids={row_id}")
    if not offered:
        assert "/change" not in shop.admin.get(f"/{slug}/list/").text
        return
    assert "Change 1 row<" in page.text
    assert re.findall(r'name="_change" value="(\w+)"', page.text) == offered
    free = [field for field in plain(slug) if field.column.key in offered and field.name != "names_in_files"]
    if free and slug != "setting":
        value = as_form(slug, body(slug, shop, 32))[free[0].column.key]
        assert bulk(shop.admin, slug, [row_id], {free[0].column.key: value}).status_code == 302
        assert same(free[0], value, stored(slug, row_id))


def shop_principal() -> Any:
    """Somebody who may see every value."""
    from app.core.web.principal import Principal

    return Principal(
        0, "", "", "", "en", is_partner=False, permissions=frozenset({("can_reveal", "PersonalData")})
    )


def test_rows_that_a_rule_refuses_are_listed_and_the_others_are_changed(shop: Shop) -> None:
    late = shop.loans[:2]
    for one in late:
        set_past_screens("loan", one, disbursed_on=DAY - timedelta(days=10))
    until = DAY - timedelta(days=20)
    answer = bulk(shop.admin, "loan", shop.loans[:6], {"matures_on": until.isoformat()})
    reasons = refused(answer)
    assert set(reasons) == set(late)
    assert all("must be after that of paying out" in reason for reason in reasons.values())
    assert "Rows changed: 4" in answer.text
    assert all(f'name="ids" value="{one}"' in answer.text for one in late), "another try is one click away"
    found = {one: stored("loan", one).matures_on for one in shop.loans[:6]}
    assert [one for one, day in found.items() if day == until] == shop.loans[2:6]


def test_a_row_that_the_database_refuses_does_not_keep_the_others_back(shop: Shop) -> None:
    other = add(
        "client",
        code="second",
        name="Second",
        currency="CNY",
        country="CN",
        zone="Asia/Shanghai",
        language="en",
    )
    add("customer", client_id=other, name="There", identity_number="ID-7")
    ids = [
        add("customer", client_id=shop.client, name=f"Free {n}", identity_number=f"ID-{n}")
        for n in range(5, 10)
    ]
    answer = bulk(shop.admin, "customer", [*ids, shop.customers[0]], {"client_id": other})
    reasons = refused(answer)
    assert reasons[ids[2]] == "There is one like this already"
    assert reasons[shop.customers[0]] == "Loans of another client belong to it"
    assert len(reasons) == 2
    assert [stored("customer", one).client_id for one in ids] == [other, other, shop.client, other, other]


def test_a_foreign_row_makes_it_a_404_and_a_role_without_the_right_a_403(shop: Shop) -> None:
    mine, foreign = shop.customers[0], shop.customers[1]
    before = stored("customer", mine).remark, stored("customer", foreign).remark
    for ids in ([foreign], [mine, foreign], [mine, 10**9], ["x"]):
        assert bulk(shop.browser("olga"), "customer", ids, {"remark": "smuggled"}).status_code == 404, ids
        assert shop.browser("olga").get("/customer/change", query_string={"ids": ids}).status_code == 404
    assert bulk(shop.browser("partner"), "customer", [mine], {"remark": "smuggled"}).status_code == 403
    assert bulk(shop.browser("olga"), "loan", [shop.loans[0]], {"purpose": "smuggled"}).status_code == 403
    assert shop.admin.get(f"/instalment/change?ids={mine}").status_code == 404
    assert "/customer/change" not in shop.browser("partner").get("/customer/list/").text
    assert (stored("customer", mine).remark, stored("customer", foreign).remark) == before


def test_all_rows_of_a_list_are_those_of_the_one_who_asks(shop: Shop) -> None:
    olga = shop.browser("olga")
    told = shop.caller("olga").call("GET", "customer/?status=inactive&size=100").json["result"]
    mine = {row["id"] for row in told}
    others = [row.id for row in rows("customer") if row.id not in mine]
    assert mine
    before = {one: stored("customer", one).remark for one in others}
    query = "?status=inactive&sort=-name&size=50"
    asked = olga.get("/customer/change", query_string={"_list": query})
    assert f"Change {len(mine)} rows" in asked.text
    assert listed(olga, "customer", query, len(mine) + 1, {"remark": "seen"}).status_code == 422
    assert "seen" not in {row.remark for row in rows("customer")}, "another number of rows than was said"
    assert f"Rows changed: {len(mine)}" in said(
        olga, listed(olga, "customer", query, len(mine), {"remark": "seen"})
    )
    assert {row.id for row in rows("customer", remark="seen")} == mine
    assert {one: stored("customer", one).remark for one in others} == before


def test_a_list_that_there_is_not_and_too_many_rows_are_refused_in_words(
    shop: Shop, monkeypatch: Any
) -> None:
    before = len(rows("loan", is_dunning_stopped=True))
    for query in ("?password=x", "?status=nothing", "?sort=password", "?identity_number__gt=1"):
        answer = listed(shop.admin, "customer", query, 1, {"remark": "smuggled"})
        assert answer.status_code == 400, query
    foreign = f"?customer={shop.customers[1]}"
    assert "Choose at least one row first" in listed(shop.browser("olga"), "phone", foreign, 1, {}).text
    asked = shop.admin.post("/loan/do/stop_dunning", {"_list": "?q=L-000"})
    assert {int(one) for one in re.findall(r'name="ids" value="(\d+)"', asked.text)} == set(shop.loans[:10])
    monkeypatch.setattr(meant, "MOST_ROWS", 3)
    assert "At most 3 rows at a time" in listed(shop.admin, "customer", "", 41, {"remark": "smuggled"}).text
    verb = shop.admin.post("/loan/do/stop_dunning", {"__run": "1", "_list": "", "reason": "r"})
    assert "At most 3 rows at a time" in verb.text
    assert rows("customer", remark="smuggled") == []
    assert len(rows("loan", is_dunning_stopped=True)) == before


@pytest.mark.parametrize(
    "values, reason",
    [
        ({}, "Choose at least one field to change"), ({"name": "  "}, "Needed"), ({"status": ""}, "Needed"),
        ({"status": "nothing"}, "form-alert"), ({"is_vulnerable": ""}, "Needed"), ({"born_on": "yesterday"}, "form-alert"),
        ({"manager_id": "999999"}, "There is nothing like this to choose"), ({"client_id": ""}, "Needed"),
        ({"identity_number": "1"}, "Choose at least one field to change"), ({"branch_lft": "1"}, "Choose at least one field"),
    ],
)  # fmt: skip
def test_what_cannot_stand_there_is_named_beside_its_field(
    shop: Shop, values: dict[str, str], reason: str
) -> None:
    before = [(row.name, row.status, row.identity_number) for row in rows("customer")]
    answer = bulk(shop.admin, "customer", shop.customers[:2], values)
    assert answer.status_code == 422
    assert reason in answer.text
    assert [(row.name, row.status, row.identity_number) for row in rows("customer")] == before


def test_a_change_that_would_take_rows_out_of_ones_reach_is_refused_for_these(shop: Shop) -> None:
    free = add("customer", client_id=shop.client, name="Free", manager_id=shop.users["olga"])
    answer = bulk(shop.browser("olga"), "customer", [free], {"manager_id": shop.users["otto"]})
    assert refused(answer) == {free: "With this value it would lie outside of what you may change"}
    assert stored("customer", free).manager_id == shop.users["olga"]
    emptied = bulk(shop.browser("olga"), "customer", [free], {"manager_id": ""})
    assert set(refused(emptied)) == {free}
    assert stored("customer", free).manager_id == shop.users["olga"]


def test_two_who_change_the_same_rows_wait_for_each_other(shop: Shop) -> None:
    one, other = Browser(shop.app, "admin"), Browser(shop.app, "admin")

    def again(browser: Browser, ids: list[int], text: str) -> list[int]:
        return [bulk(browser, "customer", ids, {"remark": f"{text} {n}"}).status_code for n in range(6)]

    with ThreadPoolExecutor() as pool:
        first = pool.submit(again, one, shop.customers, "first")
        second = pool.submit(again, other, shop.customers[::-1], "second")
        assert {*first.result(), *second.result()} == {302}
    assert {stored("customer", row).remark for row in shop.customers} <= {"first 5", "second 5"}


def test_of_many_refused_rows_of_an_operation_each_is_listed_with_its_reason(shop: Shop) -> None:
    loans = shop.loans[10:18]
    for one in loans[1:]:
        set_past_screens("loan", one, is_dunning_stopped=True)
    data = {"__run": "1", "ids": loans, "reason": "flood"}
    reasons = refused(shop.admin.post("/loan/do/stop_dunning", data))
    assert set(reasons) == set(loans[1:])
    assert set(reasons.values()) == {"Dunning is stopped already"}
    assert stored("loan", loans[0]).is_dunning_stopped


def test_the_page_names_the_rows_and_comes_back_to_its_list(shop: Shop) -> None:
    ids, came = shop.customers[:10], "/customer/list/?status=active"
    page = shop.admin.post("/customer/change", {"ids": ids, "next": came})
    assert page.status_code == 200
    assert "Customer 07" in page.text
    assert "Customer 08" not in page.text, "the first of them are enough"
    assert 'name="principal_outstanding"' not in page.text
    answer = bulk(shop.admin, "customer", ids, {"remark": "noted"}, next=came)
    assert answer.headers["Location"] == came
    amounts = bulk(shop.admin, "loan", shop.loans[20:22], {"principal": "1,500.50"})
    assert amounts.status_code == 302
    assert {stored("loan", one).principal for one in shop.loans[20:22]} == {Decimal("1500.50")}
