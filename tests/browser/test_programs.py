"""The pages for whoever writes a program: making a token, its secret shown once, the reference, a webhook's form."""

import os
from typing import Any

import pytest

from tests.browser.conftest import Visit
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
