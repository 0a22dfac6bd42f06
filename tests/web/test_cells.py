"""One value changed where it stands in a list: by the rules of the form, for nobody who may not edit."""

import re
from html import unescape
from typing import Any

import pytest

from tests.roles import role_that_reveals_nothing
from tests.web.people import Browser, rows, stored
from tests.web.shop import PEOPLE, Shop
from tests.web.test_two_writers import change, opened


def offered(page: str) -> list[str]:
    """What a list says of each of its columns: the field that can be changed there, or a dash."""
    found = re.search(r'data-cells="([^"]*)"', page)
    return found[1].split("|") if found else []


def test_a_value_is_stored_with_its_history_and_nothing_else_is(shop: Shop) -> None:
    row_id = shop.customers[3]
    before, told = stored("customer", row_id), rows("history", entity="customer", row_id=row_id)
    path = f"/customer/cell/name/{row_id}"
    page = shop.admin.get(path)
    assert re.findall(r'<(?:input|select|textarea)[^>]* name="(\w+)"', page.text) == [
        "csrf_token",
        "_opened",
        "name",
    ]
    answer = shop.admin.post(path, {"_opened": opened(page), "name": "Renamed here"})
    assert (answer.status_code, answer.json) == (200, {"warnings": []})
    after = stored("customer", row_id)
    assert (after.name, after.zone, after.remark, after.status) == (
        "Renamed here",
        before.zone,
        before.remark,
        before.status,
    )
    [kept] = rows("history", entity="customer", row_id=row_id)[len(told) :]
    assert kept.changes == {"name": [before.name, "Renamed here"]}
    assert (
        shop.admin.post(path, {"_opened": opened(shop.admin.get(path)), "name": "Renamed here"}).status_code
        == 200
    )
    assert len(rows("history", entity="customer", row_id=row_id)) == len(told) + 1


def test_a_value_that_cannot_stand_there_is_named_and_one_changed_meanwhile_is_shown(shop: Shop) -> None:
    row_id = shop.customers[5]
    path = f"/customer/cell/name/{row_id}"
    page = shop.admin.get(path)
    empty = shop.admin.post(path, {"_opened": opened(page), "name": " "})
    assert empty.status_code == 422
    assert "Needed" in empty.text
    ruled = shop.admin.post(f"/customer/cell/born_on/{row_id}", {"born_on": "2030-01-01"})
    assert ruled.status_code == 422
    assert "The day of birth lies ahead" in ruled.text
    change("customer", row_id, name="By somebody else")
    late = shop.admin.post(path, {"_opened": opened(page), "name": "By me"})
    assert late.status_code == 409
    assert "Somebody else changed this record meanwhile: Name" in unescape(late.text)
    assert 'value="By me"' in late.text
    assert stored("customer", row_id).name == "By somebody else"
    assert shop.admin.post(path, {"_opened": opened(late), "name": "By me"}).status_code == 200
    assert stored("customer", row_id).name == "By me"


def test_nothing_but_the_forms_fields_of_ones_own_rows_can_be_changed(shop: Shop) -> None:
    mine, foreign = shop.customers[0], shop.customers[1]
    olga, kept = shop.browser("olga"), stored("customer", foreign).name
    assert olga.get(f"/customer/cell/name/{foreign}").status_code == 404
    assert olga.post(f"/customer/cell/name/{foreign}", {"name": "smuggled"}).status_code == 404
    for column in ("branch_lft", "id", "password", "manager.name", "nothing"):
        assert olga.get(f"/customer/cell/{column}/{mine}").status_code == 404, column
    assert olga.get(f"/loan/cell/purpose/{shop.loans[0]}").status_code == 403
    assert shop.admin.get("/instalment/cell/number/1").status_code == 404
    assert stored("customer", foreign).name == kept
    assert offered(shop.browser("partner").get("/customer/list/").text) == []
    listed = offered(shop.admin.get("/loan/list/?cols=number.status.officer.days_past_due").text)
    assert listed == ["number", "-", "officer", "-"]


@pytest.fixture
def masked(shop: Shop) -> Browser:
    """Somebody with every right but that of seeing personal numbers in full."""
    from app.access.users import create_user

    create_user("masked", "pw", role_that_reveals_nothing("Masked"), grants=[{"kind": PEOPLE["admin"][1]}])
    return shop.browser("masked")


def test_a_value_that_one_sees_masked_cannot_be_changed(shop: Shop, masked: Any) -> None:
    row_id = shop.customers[7]
    kept = stored("customer", row_id).identity_number
    assert masked.get(f"/customer/cell/identity_number/{row_id}").status_code == 404
    answer = masked.post(f"/customer/cell/identity_number/{row_id}", {"identity_number": "smuggled"})
    assert answer.status_code == 404
    assert "identity_number" not in offered(masked.get("/customer/list/").text)
    data = {"__run": "1", "ids": [row_id], "_change": ["phone"], "phone": "+380501234567"}
    assert masked.post("/user/change", {**data, "ids": [shop.users["otto"]]}).status_code == 422
    assert (stored("customer", row_id).identity_number, stored("user", shop.users["otto"]).phone) == (
        kept,
        None,
    )
