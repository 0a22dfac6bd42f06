"""A change that waits for approval, from the form that asks for it to the page on which it is approved, in a browser."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete

from app.core.db import unscoped
from app.core.org import ApprovalRequest, ApprovalRoute
from app.core.web import approved
from app.core.web.links import show_url
from tests.browser.conftest import SIZES, Visit
from tests.browser.test_tasks_and_rules import judged
from tests.walk.world import World
from tests.web.people import add, rows, stored


@pytest.fixture
def route(world: World) -> Iterator[int]:
    """Who changes a customer's name has to ask."""
    role = stored("user", world.users["all"]).role_id
    yield add(
        "approval_route", name="Names", operation="edit.customer", field_names="name", first_role_id=role
    )
    with unscoped("no route of another test") as session:
        session.execute(delete(ApprovalRequest).where(ApprovalRequest.operation == "edit.customer"))
        session.execute(delete(ApprovalRoute).where(ApprovalRoute.operation == "edit.customer"))


@pytest.mark.browser
@pytest.mark.parametrize("visit", SIZES, indirect=True, ids=["wide", "phone"])
def test_a_change_is_asked_for_on_its_form_and_approved_with_both_values_in_sight(
    visit: Visit, world: World, route: int, request: Any
) -> None:
    customer, page = world.rows["customer"][0][1], visit.page
    width = page.viewport_size["width"] if page.viewport_size else 0
    before, after = stored("customer", customer.id).name, f"Renamed at {width}"
    visit.login("o1")
    visit.open(f"/customer/edit/{customer.id}")
    page.fill("#name", after)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("nothing is stored yet").first).to_be_visible()
    assert stored("customer", customer.id).name == before
    visit.open("/absence/add")
    judged(visit)
    [asked] = rows("approval_request", operation="edit.customer")
    page.context.clear_cookies(name=re.compile("^(?!theme)"))
    visit.login("all")
    visit.open("/approvals/")
    judged(visit)
    visit.open(show_url("approval_request", asked.id))
    expect(page.locator("main")).to_contain_text(f"{before} → {after}")
    judged(visit)
    page.get_by_role("link", name="Approve", exact=True).click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved; it is done within some seconds").first).to_be_visible()
    with request.getfixturevalue("_application").app_context():
        assert approved.run() == 1
    assert stored("customer", customer.id).name == after
