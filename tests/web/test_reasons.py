"""Why a person changed or deleted a record: asked for on its form, kept with the history of what was changed."""

from html import unescape

import pytest

from tests.web.approvals import no_other_route, request
from tests.web.people import rows, stored
from tests.web.shop import Shop
from tests.web.test_approved_changes import watch
from tests.web.test_drafts import come_back, send_late, valkey
from tests.web.test_two_writers import customer, shown

__all__ = ["no_other_route", "valkey"]
WHY = "By letter of 3 May, № 12"


def test_the_reason_of_a_form_is_kept_with_the_change_and_with_nothing_after_it(shop: Shop) -> None:
    path, data = customer(shop, 2)
    assert "Why it is changed" in shop.admin.get(path).text
    assert "Why it is changed" not in shop.admin.get("/customer/add").text
    for name, why in (("With a reason", f" {WHY} "), ("Without", "")):
        data = customer(shop, 2)[1] | {"name": name, "change_reason": why}
        assert shop.admin.post(path, data).status_code == 302
        kept = rows("history", entity="customer", row_id=shop.customers[2])[-1]
        assert (kept.changes["name"][1], kept.reason, kept.source) == (name, why.strip() or None, "screen")


def test_a_reason_that_is_too_long_is_named_and_what_was_typed_stays(shop: Shop) -> None:
    path, data = customer(shop, 4)
    answer = shop.admin.post(path, data | {"name": "Not yet", "change_reason": "x" * 501})
    assert (answer.status_code, stored("customer", shop.customers[4]).name == "Not yet") == (422, False)
    assert (shown(answer, "change_reason"), shown(answer, "name")) == ("x" * 501, "Not yet")
    assert 'href="#change_reason"' in answer.text
    assert '<details class="fold" open>' in answer.text


def test_the_page_of_two_writers_and_a_lost_session_keep_the_reason(shop: Shop) -> None:
    path, data = customer(shop, 6)
    assert shop.browser("olga").post(path, data | {"name": "Renamed"}).status_code == 302
    answer = shop.admin.post(path, data | {"remark": "Calls back", "change_reason": WHY})
    assert (answer.status_code, shown(answer, "change_reason")) == (409, WHY)
    browser, login = send_late(shop, "otto", f"/customer/edit/{shop.customers[7]}", {"change_reason": WHY})
    page = come_back(browser, "otto", login)
    assert (shown(page, "change_reason"), '<details class="fold" open>' in page.text) == (WHY, True)


def test_who_approves_a_change_reads_its_reason(shop: Shop, no_other_route: None) -> None:
    watch(shop, "name")
    one, olga = shop.customers[8], shop.browser("olga")
    kept = {"kind": "person", "status": "active", "client_id": shop.client, "manager_id": shop.users["olga"]}
    said = {**kept, "name": "By the form", "change_reason": WHY}
    assert olga.post(f"/customer/edit/{one}", said).status_code == 302
    assert request(one, "customer").told == f"Reason: {WHY}"


@pytest.mark.parametrize(
    ("why", "is_deleted"), [(WHY, True), ("", True), ("x" * 501, False), ("a\0b", False)]
)
def test_the_reason_of_a_deletion_is_kept_with_what_was_deleted(
    shop: Shop, why: str, is_deleted: bool
) -> None:
    shop.admin.post("/team/add", {"name": f"Team {len(why)}"})
    team = rows("team")[-1].id
    page = shop.admin.get(f"/team/show/{team}").text
    assert "data-confirm-why" in page
    answer = shop.admin.post(f"/team/delete/{team}", {"change_reason": why})
    last = rows("history", entity="team", row_id=team)[-1]
    if is_deleted:
        assert (last.action, last.reason) == ("delete", why or None)
    else:
        assert (last.action, answer.headers["Location"]) == ("create", f"/team/show/{team}")
        said = unescape(shop.admin.get(f"/team/show/{team}").text)
        assert "The reason must be a text of at most 500 letters" in said


def test_what_keeps_no_history_asks_for_no_reason(shop: Shop) -> None:
    shop.admin.post("/saved_view/keep/customer", {"name": "Mine", "query": "status=active"})
    for one in rows("saved_view"):
        assert "data-confirm-why" not in shop.admin.get(f"/saved_view/show/{one.id}").text
