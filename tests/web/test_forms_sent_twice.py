"""Forms of people: sent twice they are stored once, and the person is led to what was stored."""

import re
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

from tests.web.people import Browser, add, rows
from tests.web.shop import Shop

AGAIN = "This was stored already; nothing was stored twice"


def opened(browser: Browser, path: str) -> dict[str, str]:
    """What the hidden inputs of a form say that was just opened."""
    page = browser.get(path).text
    form = next(one for one in re.findall(r"(?s)<form.*?</form>", page) if 'name="_once"' in one)
    found = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    [csrf] = set(re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', form))
    return {**found, "csrf_token": csrf}


def send(browser: Browser, path: str, said: dict[str, Any], **options: Any) -> Any:
    return browser.client.post(path, data=said, **options)


def test_four_clicks_at_once_store_one_row_and_lead_to_it(shop: Shop) -> None:
    browsers = [Browser(shop.app, "admin") for _ in range(4)]
    said = {**opened(browsers[0], "/department/add"), "name": "Clicked"}
    # the mark of a page is good in its own session alone, the key in all of one person
    marks = [one.mark("/home/") for one in browsers]
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda b, m: send(b, "/department/add", {**said, "csrf_token": m}), browsers, marks)
        )
    [made] = rows("department", name="Clicked")
    assert {one.headers["Location"] for one in answers} == {f"/department/show/{made.id}"}
    assert sum(AGAIN in one.get(f"/department/show/{made.id}").text for one in browsers) == 3


def test_a_form_sent_again_after_a_change_is_asked_about_and_stored_when_sent_once_more(shop: Shop) -> None:
    page = opened(shop.admin, "/team/add")
    send(shop.admin, "/team/add", {**page, "name": "First"})
    again = send(shop.admin, "/team/add", {**page, "name": "Second"})
    assert (again.status_code, "stored before you changed it" in again.text, rows("team", name="Second")) == (
        422,
        True,
        [],
    )
    assert 'value="Second"' in again.text
    fresh = re.search(r'name="_once" value="(\w+)"', again.text)
    assert fresh
    assert fresh[1] != page["_once"]
    assert send(shop.admin, "/team/add", {**page, "_once": fresh[1], "name": "Second"}).status_code == 302
    assert len(rows("team", name="Second")) == 1


def test_a_refused_form_may_be_sent_again_with_its_key_and_a_deleted_row_is_not_led_to(shop: Shop) -> None:
    page = opened(shop.admin, "/team/add")
    assert send(shop.admin, "/team/add", {**page, "name": ""}).status_code == 422
    made = send(shop.admin, "/team/add", {**page, "name": "Short-lived"})
    assert made.status_code == 302
    shop.admin.post(made.headers["Location"].replace("show", "delete"))
    gone = send(shop.admin, "/team/add", {**page, "name": "Short-lived"})
    assert (gone.status_code, "no longer there" in gone.text) == (422, True)
    stranger = shop.browser("owner")
    said = {**page, "name": "Of another", "csrf_token": stranger.mark("/home/")}
    assert send(stranger, "/team/add", said).status_code == 302, "a key is one person's"


def test_a_change_and_a_file_sent_twice_are_stored_once(shop: Shop) -> None:
    row_id = add("team", name="Renamed")
    page = {**opened(shop.admin, f"/team/edit/{row_id}"), "name": "Renamed twice"}
    for _ in range(2):
        answer = send(shop.admin, f"/team/edit/{row_id}", page)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/team/show/{row_id}")
    assert len(rows("history", entity="team", row_id=row_id, action="change")) == 1
    card = opened(shop.admin, f"/customer/activity/{shop.customers[4]}")
    for _ in range(2):
        said = {**card, "file_key": (BytesIO(b"%PDF-1.4 once"), "once.pdf")}
        assert send(shop.admin, "/attachment/add", said).status_code == 302
    assert len(rows("attachment", entity="customer", row_id=shop.customers[4])) == 1


def test_a_contact_note_sent_twice_stands_once_on_the_timeline(shop: Shop) -> None:
    customer = shop.customers[6]
    page = {
        **opened(shop.admin, f"/customer/page/{customer}"),
        "way": "phone",
        "place": "",
        "text": "Reached",
    }
    for _ in range(2):
        assert send(shop.admin, f"/customer/page/{customer}/note", page).status_code == 302
    assert len(rows("contact_note", customer_id=customer)) == 1


def test_an_operation_sent_twice_runs_once(shop: Shop) -> None:
    row_id = add(
        "task", entity="team", row_id=add("team", name="Busy"), title="Call", author_id=shop.users["admin"]
    )
    page = {**opened(shop.admin, f"/task/do/finish_task?ids={row_id}"), "note": "Reached"}
    first, second = (send(shop.admin, "/task/do/finish_task", page) for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 302)
    assert AGAIN in shop.admin.get(second.headers["Location"]).text
    assert len(rows("history", entity="task", row_id=row_id, action="change")) == 1
    other = send(shop.admin, "/task/do/finish_task", {**page, "note": "Not reached"})
    assert (other.status_code, "stored before you changed it" in other.text) == (422, True)
