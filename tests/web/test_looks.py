"""The access log: whose personal numbers were shown to whom, by which way and from where; and reasons of programs."""

from typing import Any
from urllib.parse import quote

import pytest

from app.access.users import create_user
from app.core.org import GrantKind
from app.core.web.setup import behind
from tests.roles import role_that_reveals_nothing
from tests.web.people import PASSWORD, Browser, rows
from tests.web.shop import Shop


def looks(user_id: int) -> list[Any]:
    """What the log keeps of a person's looks."""
    return rows("audit_event", kind="look", user_id=user_id)


def test_a_look_at_a_record_is_kept_with_way_and_address(shop: Shop) -> None:
    customer, auditor = shop.customers[4], shop.users["auditor"]
    assert "62112119701112" in shop.browser("auditor").get(f"/customer/show/{customer}").text
    [seen] = [one for one in looks(auditor) if one.row_id == customer]
    assert (seen.entity, seen.source, seen.network_address) == ("customer", "screen", "127.0.0.1")
    assert shop.caller("auditor").call("GET", f"customer/{customer}").status_code == 200
    [_seen, called] = [one for one in looks(auditor) if one.row_id == customer]
    assert (called.entity, called.source, called.network_address) == ("customer", "api", "127.0.0.1")


def test_a_look_at_a_list_is_kept_once_with_every_record_that_it_showed(shop: Shop) -> None:
    before = len(looks(shop.users["agent"]))
    page = shop.browser("agent").get("/customer/list/?size=50&cols=name.identity_number").text
    [seen] = looks(shop.users["agent"])[before:]
    assert (seen.entity, seen.row_id, len(seen.details["ids"])) == ("customer", None, 40)
    assert {*shop.customers} == {*seen.details["ids"]}
    assert page.count("62112119701112") >= 40


def test_no_look_is_kept_where_nothing_personal_is_shown_or_all_of_it_masked(shop: Shop) -> None:
    before = len(rows("audit_event", kind="look"))
    assert shop.admin.get("/team/list/").status_code == 200
    assert shop.admin.get("/customer/show/999999").status_code == 404
    role = role_that_reveals_nothing("Blind")
    create_user("blind", PASSWORD, role, grants=[{"kind": GrantKind.ALL}])
    page = Browser(shop.app, "blind").get(f"/customer/show/{shop.customers[4]}")
    assert (page.status_code, "••••" in page.text) == (200, True)
    assert len(rows("audit_event", kind="look")) == before


def test_a_form_that_shows_a_number_is_a_look(shop: Shop) -> None:
    customer = shop.customers[6]
    assert shop.admin.get(f"/customer/edit/{customer}").status_code == 200
    assert [one.row_id for one in looks(shop.users["admin"])][-1] == customer


def test_a_login_that_failed_is_kept_also_of_somebody_unknown(shop: Shop) -> None:
    assert Browser(shop.app).login("somebody-unknown", "wrong").status_code == 302
    kept = rows("audit_event", kind="login_failed")[-1]
    assert (kept.user_id, kept.about, kept.source, kept.network_address) == (
        None, "somebody-unknown", "screen", "127.0.0.1",
    )  # fmt: skip


def test_the_address_is_the_one_that_trusted_proxies_tell_and_nobody_else(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"X-Forwarded-For": "198.51.100.9, 203.0.113.7"}
    browser = Browser(shop.app)
    browser.login("forged", "wrong", headers=told)
    assert rows("audit_event", about="forged")[-1].network_address == "127.0.0.1"
    monkeypatch.setattr(shop.app, "wsgi_app", behind(shop.app.wsgi_app, 1))
    browser.login("proxied", "wrong", headers=told)
    assert rows("audit_event", about="proxied")[-1].network_address == "203.0.113.7"


@pytest.mark.parametrize("reason", ["Court order 12/2018", "Рішення суду № 12"])
def test_the_reason_that_a_program_gives_is_kept_with_what_it_changes(shop: Shop, reason: str) -> None:
    customer = shop.customers[8]
    said = {"Change-Reason": quote(reason)}
    answer = shop.caller("admin").call("PATCH", f"customer/{customer}", {"name": reason}, headers=said)
    assert answer.status_code == 200, answer.text
    kept = rows("history", entity="customer", row_id=customer)[-1]
    assert (kept.reason, kept.source, kept.changes["name"][1]) == (reason, "api", reason)
    assert shop.caller("admin").call("PATCH", f"customer/{customer}", {"name": "Next"}).status_code == 200
    assert rows("history", entity="customer", row_id=customer)[-1].reason is None


@pytest.mark.parametrize("reason", ["x" * 501, "%00", "%ff"])
def test_a_reason_that_cannot_be_kept_is_refused_with_a_sentence(shop: Shop, reason: str) -> None:
    customer = shop.customers[8]
    before = len(rows("history"))
    said = {"Change-Reason": reason}
    answer = shop.caller("admin").call("PATCH", f"customer/{customer}", {"name": "No"}, headers=said)
    assert (answer.status_code, "at most 500 letters" in answer.text) == (400, True), answer.text
    assert len(rows("history")) == before


@pytest.mark.parametrize("said", ["principal_outstanding", "name", "Name", "manager"])
def test_the_history_is_found_by_the_field_that_changed(shop: Shop, said: str) -> None:
    customer = shop.customers[9]
    shop.admin.post(f"/customer/cell/name/{customer}", {"name": "Found by its field"})
    answer = shop.caller("admin").call(
        "GET", f"history/?changes__contains={said}&entity=customer&row_id={customer}"
    )
    assert answer.status_code == 200, answer.text
    found = [one["changes"] for one in answer.json["result"]]
    assert all(("manager_id" if said == "manager" else "name") in one for one in found)
    assert bool(found) == (said.lower() == "name")


def test_a_field_that_nothing_has_is_refused_by_name(shop: Shop) -> None:
    answer = shop.caller("admin").call("GET", "history/?changes__contains=no_such_thing")
    assert answer.status_code == 400
    assert "no_such_thing" in answer.json["message"]
