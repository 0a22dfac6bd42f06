"""The pages for whoever writes a program: making a token, its secret shown once, the reference, a webhook's form."""

import json
import os
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.errand import judged, seen
from tests.walk.world import World
from tests.web.people import rows


@pytest.mark.browser
@pytest.mark.parametrize(
    "visit", [(1366, "light"), (360, "dark")], indirect=True, ids=["wide", "narrow dark"]
)
def test_a_token_is_made_and_its_secret_read_once(visit: Visit, world: World) -> None:
    visit.login("all")
    wrong: dict[str, Any] = {}

    def look(where: str) -> None:
        if os.environ.get("LOANDESK_SHOTS"):
            visit.page.screenshot(
                path=f"{os.environ['LOANDESK_SHOTS']}/{where}_{visit.page.viewport_size['width']}.png",
                full_page=True,
            )
        problems = visit.violations() + (["wider than the screen"] if visit.is_wider_than_screen() else [])
        if problems or visit.complaints or visit.foreign:
            wrong[where] = (problems, visit.complaints[:], visit.foreign[:])

    made = len(rows("api_token", name="Ledger"))
    visit.open("/api_token/add")
    look("form")
    visit.page.fill("#name", "Ledger")
    visit.page.keyboard.press("Control+s")
    visit.page.wait_for_selector("#secret")
    assert visit.page.input_value("#secret").startswith("ld_")
    visit.page.keyboard.press("Tab")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_selector(".note-toast:has-text('Copied')")
    look("once")
    visit.page.reload()
    assert visit.page.locator("#secret").count() == 0, "a reload sends nothing again"
    assert len(rows("api_token", name="Ledger")) == made + 1
    assert "/api_token/show/" in visit.page.url
    assert visit.page.locator("text=Withdraw").count() > 0
    for path in (
        "/api_token/list/",
        "/reference/",
        "/reference/loan",
        "/webhook/add",
        "/webhook_delivery/list/",
    ):
        visit.open(path)
        look(path.strip("/").replace("/", "_"))
    assert not wrong


def new_token(visit: Visit) -> str:
    """The secret of a token made by hand."""
    visit.login("all")
    visit.open("/api_token/add")
    visit.page.fill("#name", "Tried out")
    visit.page.keyboard.press("Control+s")
    visit.page.wait_for_selector("#secret")
    return visit.page.input_value("#secret")


@pytest.mark.browser
def test_the_reference_shows_every_resource_and_a_call_tried_out_there_is_answered(
    visit: Visit, world: World
) -> None:
    page = visit.page
    token = new_token(visit)
    visit.open("/reference/")
    seen(visit, "reference")
    described = page.request.get(
        f"{visit.address}/api/v1/_openapi", headers={"Authorization": f"Bearer {token}"}
    )
    lists = {
        path for path, calls in described.json()["paths"].items() if path.count("/") == 4 and "get" in calls
    }
    shown = set(page.locator("td code").all_inner_texts())
    assert {path for path in lists if path.endswith("/")} <= shown

    visit.open("/reference/team")
    page.fill("#try-address", "/api/v1/team/?sort=name&fields=name")
    page.fill("#try-token", token)
    page.keyboard.press("Enter")
    expect(page.locator("[data-try-told]")).to_contain_text("200")
    answer = json.loads(page.locator("[data-try-answer] code").inner_text())
    assert {one["name"] for one in answer["result"]} == {one.name for one in rows("team")}
    page.select_option("#try-call", "POST /api/v1/team/")
    page.fill("#try-body", '{"name": "Made from the reference"}')
    judged(visit, "reference-tried")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[data-try-told]")).to_contain_text("201")
    [made] = rows("team", name="Made from the reference")
    [told] = rows("history", entity="team", row_id=made.id)
    assert (told.source, told.user_id) == ("api", world.users["all"])
    seen(visit, "reference-made")
    page.set_viewport_size({"width": 360, "height": 800})
    seen(visit, "reference-phone")
    page.fill("#try-token", "ld_nobody")
    page.keyboard.press("Enter")
    expect(page.locator("[data-try-told]")).to_contain_text("401")
