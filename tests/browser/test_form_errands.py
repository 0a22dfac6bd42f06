"""Errands at a form: nothing that was typed is lost, not by leaving, not with the session, not to somebody else."""

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, expect

from tests.browser.conftest import SIZES, Visit
from tests.browser.errands import glance, look
from tests.walk.world import World
from tests.web.people import rows, stored


@pytest.fixture(autouse=True)
def _valkey(_application: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings may have been read before the tests' servers were there."""
    monkeypatch.setitem(_application.config, "REDIS_URL", os.environ["REDIS_URL"])


@pytest.fixture
def other(browser: Browser, address: str) -> Iterator[Visit]:
    """The screen of a second person."""
    context = browser.new_context(viewport={"width": 1366, "height": 800})
    yield Visit(context.new_page(), address)
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("visit", SIZES, indirect=True, ids=["wide", "phone"])
def test_leaving_an_unsaved_form_asks_and_what_was_typed_survives_a_lost_session(
    visit: Visit, world: World
) -> None:
    customer, page = world.rows["customer"][1][1], visit.page
    text = f"Calls back at {page.viewport_size['width']}"  # type: ignore[index]
    visit.login("all")
    visit.open(f"/customer/edit/{customer.id}")
    page.get_by_label("Remark").fill(text)
    expect(page.locator("[data-dirty]")).to_be_visible()
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.locator(".crumbs a").first.click(no_wait_after=True)
    page.wait_for_timeout(100)
    assert asked == ["beforeunload"]
    assert page.get_by_label("Remark").input_value() == text
    page.context.clear_cookies(name=re.compile("^(?!theme)"))
    page.keyboard.press("Control+s")
    page.wait_for_url("**/login/**")
    expect(page.get_by_text("what you typed is kept for an hour")).to_be_visible()
    look(visit, "session-lost")
    page.fill("#username", "all")
    page.fill("#password", "pw")
    page.click(".login-go")
    page.wait_for_url(f"**/customer/edit/{customer.id}")
    expect(page.get_by_text("nothing is saved yet")).to_be_visible()
    assert page.get_by_label("Remark").input_value() == text
    expect(page.locator("[data-dirty]")).to_be_visible()
    look(visit, "session-back")
    assert stored("customer", customer.id).remark != text
    page.keyboard.press("Control+s")
    page.wait_for_url("**/customer/page/**")
    assert stored("customer", customer.id).remark == text


@pytest.mark.browser
def test_two_people_at_one_form_see_both_versions_and_nothing_is_lost(
    visit: Visit, other: Visit, world: World
) -> None:
    customer, page = world.rows["customer"][0][1], visit.page
    visit.login("all")
    other.login("o1")
    for one in (visit, other):
        one.open(f"/customer/edit/{customer.id}")
    other.page.get_by_label("Name", exact=True).fill("Named by the officer")
    other.page.get_by_label("Remark").fill("The officer was there")
    other.page.keyboard.press("Control+s")
    other.page.wait_for_url("**/customer/page/**")
    page.get_by_label("Name", exact=True).fill("Named by the chief")
    page.get_by_label("Zone", exact=True).fill("Asia/Tokyo")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert").first).to_contain_text("Somebody else changed this record meanwhile")
    assert stored("customer", customer.id).name == "Named by the officer"
    expect(page.locator(".field-error", has_text="Named by the officer")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Named by the chief")
    expect(page.get_by_label("Remark")).to_have_value("The officer was there")
    visit.complaints.clear()  # of the refusal
    look(visit, "both-versions")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/customer/page/**")
    now = stored("customer", customer.id)
    assert (now.name, now.zone, now.remark) == ("Named by the chief", "Asia/Tokyo", "The officer was there")
    changed = [one.changes for one in rows("history", entity="customer", row_id=customer.id)]
    assert {"name", "remark"} <= set(changed[-2])
    assert "remark" not in changed[-1]
    glance(visit, "both-saved")
