"""A record's tools: mentions in comments, star, follow, its neighbours in a list, a copy of it."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.core.web import drafts
from tests.web.people import Browser, add, rows, stored
from tests.web.shop import Shop
from tests.web.test_drafts import come_back, inputs_of, lose_cookie


def say(shop: Shop, login: str, text: str, row_id: int) -> Any:
    return shop.browser(login).post(
        "/comment/add", {"entity": "loan", "row_id": str(row_id), "text": text}, follow_redirects=True
    )


def mentioned(text: str) -> set[int]:
    [comment] = rows("comment", text=text)
    return {one.user_id for one in rows("mention", comment_id=comment.id)}


def test_a_mention_of_who_sees_the_record_is_stored_and_of_others_is_told(shop: Shop) -> None:
    loan = shop.loans[0]
    answer = say(shop, "olga", "@admin and @Agent, not @otto or @nowhere; mail a@partner.example", loan)
    assert mentioned("@admin and @Agent, not @otto or @nowhere; mail a@partner.example") == {
        shop.users["admin"],
        shop.users["agent"],
    }
    assert "Nobody of this name sees this record: @otto, @nowhere" in answer.text
    [one] = rows("comment", text="@admin and @Agent, not @otto or @nowhere; mail a@partner.example")
    shop.browser("olga").post(f"/comment/edit/{one.id}", {"text": "@auditor and @agent now"})
    assert mentioned("@auditor and @agent now") == {shop.users["auditor"], shop.users["agent"]}
    kept = rows("mention", comment_id=one.id)[0]
    assert (kept.entity, kept.row_id, kept.author_id) == ("loan", loan, shop.users["olga"])
    shop.browser("olga").post(f"/comment/delete/{one.id}")
    assert rows("mention", comment_id=one.id) == []


def test_only_who_sees_the_record_is_offered_to_be_mentioned(shop: Shop) -> None:
    offered = shop.browser("olga").get(f"/loan/mentions/{shop.loans[0]}").json["results"]
    names = {one["value"] for one in offered}
    assert {"olga", "admin", "agent"} <= names
    assert not {"otto", "nobody", "owner"} & names
    letters = shop.browser("olga").get(f"/loan/mentions/{shop.loans[0]}?q=ag").json["results"]
    assert [one["value"] for one in letters] == ["agent"]
    assert shop.browser("otto").get(f"/loan/mentions/{shop.loans[0]}").status_code == 404


def test_too_many_mentions_are_refused(shop: Shop) -> None:
    text = " ".join(f"@user{number}" for number in range(21))
    assert "At most 20 people" in say(shop, "olga", text, shop.loans[0]).text
    assert rows("comment", text=text) == []


@pytest.mark.parametrize(("verb", "slug"), [("star", "favourite"), ("follow", "following")])
def test_a_star_and_a_following_are_the_readers_own_and_turned_off_again(
    shop: Shop, verb: str, slug: str
) -> None:
    loan, olga = shop.loans[4], shop.browser("olga")
    about = {"entity": "loan", "row_id": loan}
    assert olga.post(f"/loan/{verb}/{loan}").status_code == 302
    assert [one.user_id for one in rows(slug, **about)] == [shop.users["olga"]]
    assert re.search(
        rf'/loan/{verb}/{loan}".*?aria-pressed="true"', olga.get(f"/loan/page/{loan}").text, re.DOTALL
    )
    assert f"/loan/{verb}/{loan}" in shop.admin.get(f"/loan/page/{loan}").text
    assert shop.browser("otto").post(f"/loan/{verb}/{loan}").status_code == 404
    assert shop.caller("otto").call("POST", f"{slug}/", about).status_code == 404
    assert shop.caller("olga").call("POST", f"{slug}/", about).status_code == 422
    assert len(rows(slug, **about)) == 1
    olga.post(f"/loan/{verb}/{loan}")
    assert rows(slug, **about) == []


def test_a_star_that_is_pressed_six_times_at_once_is_turned_six_times(shop: Shop) -> None:
    loan, olga = shop.loans[8], shop.browser("olga")
    said, path = {"csrf_token": olga.mark("/home/")}, f"/loan/star/{loan}"
    name = shop.app.config["SESSION_COOKIE_NAME"]
    cookie = olga.client.get_cookie(name).value

    def press(_time: int) -> int:
        client = shop.app.test_client()
        client.set_cookie(name, cookie)
        return int(client.post(path, data=said).status_code)

    for pressed, left in ((6, 0), (5, 1)):
        with ThreadPoolExecutor(pressed) as pool:
            assert set(pool.map(press, range(pressed))) == {302}
        assert len(rows("favourite", entity="loan", row_id=loan)) == left


def test_favourites_stand_on_the_home_page_while_their_record_is_in_sight(shop: Shop) -> None:
    for row_id in (shop.loans[6], shop.loans[1]):
        add("favourite", user_id=shop.users["olga"], entity="loan", row_id=row_id)
    add("favourite", user_id=shop.users["olga"], entity="customer", row_id=shop.customers[6])
    home = shop.browser("olga").get("/home/").text
    assert f'href="/loan/page/{shop.loans[6]}"' in home
    assert f'href="/customer/page/{shop.customers[6]}"' in home
    assert stored("loan", shop.loans[1]).number not in home


def test_the_neighbours_are_those_of_the_list_one_came_from(shop: Shop) -> None:
    query = "sort=-number&status=overdue"
    olga = shop.browser("olga")
    shown = [
        int(one) for one in re.findall(r'data-href="/loan/page/(\d+)"', olga.get(f"/loan/list/?{query}").text)
    ]
    assert len(shown) > 4
    page = olga.get(
        f"/loan/page/{shown[2]}", headers={"Referer": f"http://localhost/loan/list/?{query}&after=x"}
    ).text
    around = re.findall(r'href="(/loan/page/(\d+)\?list=[^"]+)"', page)
    assert [int(one) for _url, one in around] == [shown[1], shown[3]]
    onward = olga.get(around[1][0].replace("&amp;", "&")).text
    assert [int(one) for one in re.findall(r'href="/loan/page/(\d+)\?list=', onward)] == [shown[2], shown[4]]
    assert 'href="/loan/list/?sort=-number&amp;status=overdue"' in onward
    first = olga.get(f"/loan/page/{shown[0]}?list=sort%3D-number%26status%3Doverdue").text
    assert [int(one) for one in re.findall(r'href="/loan/page/(\d+)\?list=', first)] == [shown[1]]
    for odd in ("nothing%3D1", "sort%3Dpassword", "%00"):
        assert olga.get(f"/loan/page/{shown[0]}?list={odd}").status_code == 200


def test_neighbours_are_found_in_every_order_with_empty_values(shop: Shop) -> None:
    for sort in ("overdue_since", "-overdue_since", "status,-principal"):
        listed = [
            row["id"] for row in shop.caller("admin").call("GET", f"loan/?sort={sort}&size=50").json["result"]
        ]
        for at in (0, 1, len(listed) // 2, len(listed) - 1):
            page = shop.admin.get(f"/loan/page/{listed[at]}?list=sort%3D{sort}").text
            found = [int(one) for one in re.findall(r'href="/loan/page/(\d+)\?list=', page)]
            assert found == [*listed[max(at - 1, 0) : at], *listed[at + 1 : at + 2]], (sort, at)


def test_a_duplicate_begins_with_the_records_values_without_what_is_unique(shop: Shop) -> None:
    olga, model = shop.browser("olga"), stored("customer", shop.customers[0])
    assert f'/customer/add?copy={model.id}"' in olga.get(f"/customer/page/{model.id}").text
    form = olga.get(f"/customer/add?copy={model.id}").text
    assert f'value="{model.name}"' in form
    assert model.identity_number not in form
    assert re.search(rf'name="manager_id".*?<option value="{shop.users["olga"]}" selected', form, re.DOTALL)
    assert olga.get(f"/customer/add?copy={shop.customers[1]}").status_code == 404
    assert olga.get("/customer/add?copy=x").status_code == 404
    assert len(rows("customer", name=model.name)) == 1


def test_a_comment_sent_after_the_session_ended_comes_back_with_its_record(
    shop: Shop, monkeypatch: Any
) -> None:
    monkeypatch.setitem(shop.app.config, "REDIS_URL", os.environ["REDIS_URL"])
    browser, loan = Browser(shop.app, "olga"), shop.loans[0]
    found = re.search(r'name="_writer" value="([^"]+)"', browser.get(f"/loan/activity/{loan}").text)
    lose_cookie(browser)
    data = {drafts.MARK: found[1], "entity": "loan", "row_id": str(loan), "text": "He was at home"}
    came = {"Referer": f"http://localhost/loan/page/{loan}?tab=activity"}
    answer = browser.client.post("/comment/add", data=data, headers=came)
    page = come_back(browser, "olga", answer.headers["Location"])
    assert "He was at home</textarea>" in page.text
    assert rows("comment", text="He was at home") == []
    answer = browser.post("/comment/add", inputs_of(page.text) | {"text": "He was at home"})
    assert answer.headers["Location"].startswith(f"/loan/page/{loan}")
    [kept] = rows("comment", text="He was at home")
    assert (kept.entity, kept.row_id) == ("loan", loan)
