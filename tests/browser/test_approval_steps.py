"""An approval of two steps in a browser: drawn up by an administrator, late, passed on, and decided by a substitute."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete

from app.access.users import create_user
from app.core.clock import business_date
from app.core.db import unscoped
from app.core.org import Absence, ApprovalRequest, ApprovalRoute, Task
from app.core.web import approved, escalating
from app.core.web.links import show_url
from tests.browser.conftest import Visit
from tests.browser.errand import become, judged, seen
from tests.walk.world import World
from tests.web.approvals import role
from tests.web.people import rows, stored

PEOPLE = {"boss": "Manager", "caller": "Agent", "deputy": "Officer"}


@pytest.fixture
def people(world: World) -> Any:
    """Who decides in which role, each seeing everything; what was asked for is gone afterwards."""
    named = {name: create_user(name, "pw", held, grants=({"kind": "all"},)) for name, held in PEOPLE.items()}
    yield named
    with unscoped("no request of another test") as session:
        for entity in (Absence, ApprovalRequest, ApprovalRoute, Task):
            session.execute(delete(entity))


def choose(page: Page, label: str, name: str) -> None:
    """Type into the lookup of a link and take what is found."""
    page.get_by_role("combobox", name=label, exact=True).press_sequentially(name)
    page.get_by_role("option", name=name).first.click()


def approve(visit: Visit, name: str, title: str) -> None:
    """Decide as this person on what stands among his approvals."""
    become(visit, name)
    visit.open("/approvals/")
    visit.page.locator("tbody tr", has_text=title).locator("a").first.click()
    seen(visit, f"asked-{name}")
    visit.page.get_by_role("link", name="Approve", exact=True).click()
    visit.page.get_by_role("button", name="Approve").click()
    expect(visit.page.locator(".note-toast").first).to_be_visible()


def draw_up(visit: Visit) -> None:
    """A route of two steps, the first with hours, as the administrator."""
    page = visit.page
    visit.login("all")
    visit.open("/approval_route/add")
    page.fill("#name", "Quiet loans")
    page.select_option("#operation", "stop_dunning")
    for label, name in (("First step", "Manager"), ("First step, if late", "Agent"), ("Second step", "Manager")):  # fmt: skip
        choose(page, label, name)
    page.fill("#first_hours", "2")
    judged(visit, "route")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/approval_route/show/*")
    [route] = rows("approval_route", name="Quiet loans")
    assert (route.first_role_id, route.first_hours) == (role("Manager"), 2)
    assert (route.first_escalation_id, route.second_role_id) == (role("Agent"), role("Manager"))


def ask(visit: Visit, loan: int) -> Any:
    """Ask for a loan's dunning to be stopped, as its officer; the request."""
    become(visit, "o1")
    visit.open(f"/loan/do/stop_dunning?ids={loan}")
    visit.page.locator("#reason").fill("He is ill")
    seen(visit, "ask")
    visit.page.locator(".save-bar .btn-primary").click()
    expect(visit.page.get_by_text("Sent for approval").first).to_be_visible()
    [asked] = rows("approval_request", operation="stop_dunning", row_id=loan)
    assert (str(asked.state), stored("loan", loan).is_dunning_stopped) == ("waiting", False)
    return asked


def go_away(visit: Visit, name: str, substitute: str) -> None:
    """Enter one's own absence of some days, and who stands in."""
    page = visit.page
    with unscoped("the day of a test") as session:
        today = business_date(session)
    become(visit, name)
    visit.open("/absence/add")
    page.fill("#starts_on", f"{today}")
    page.fill("#ends_on", f"{today + timedelta(days=3)}")
    choose(page, "Substitute", substitute)
    judged(visit, "absence")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/absence/show/*")


@pytest.mark.browser
def test_what_waits_too_long_goes_to_the_next_role_and_whoever_is_absent_is_stood_in_for(
    visit: Visit, world: World, people: dict[str, int], request: Any
) -> None:
    loan, app = world.rows["loan"][0][1].id, request.getfixturevalue("_application")
    draw_up(visit)
    asked = ask(visit, loan)
    with app.app_context():
        assert escalating.run(asked.escalates_at - timedelta(seconds=1)) == 0
        assert escalating.run(asked.escalates_at) == 1
    approve(visit, "caller", "Stop dunning")
    asked = stored("approval_request", asked.id)
    assert (asked.first_by_id, asked.step, str(asked.state)) == (people["caller"], 2, "waiting")
    go_away(visit, "boss", "deputy")
    approve(visit, "deputy", "Stop dunning")
    asked = stored("approval_request", asked.id)
    assert (asked.second_by_id, asked.second_for_id) == (people["deputy"], people["boss"])
    with app.app_context():
        assert approved.run() == 1
    assert stored("loan", loan).is_dunning_stopped
    become(visit, "o1")
    visit.open(show_url("approval_request", asked.id))
    expect(visit.page.locator("main")).to_contain_text("Dunning is stopped")
    expect(visit.page.get_by_role("tab", name="History")).to_have_count(0)
    judged(visit, "decided")
