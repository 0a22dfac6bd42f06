"""The help panel: opened by button and key, closed by Esc, and the focus is where it was."""

import pytest

from tests.browser.conftest import Visit


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(360, "light"), (1366, "dark")], indirect=True, ids=["phone", "dark"])
def test_the_panel_opens_closes_and_gives_the_focus_back(visit: Visit) -> None:
    visit.login("all")
    visit.open("/loan/list/")
    page = visit.page
    page.focus("[data-help-open]")
    page.keyboard.press("Enter")
    page.get_by_text("Credit agreements with their terms").wait_for()
    page.locator("#help.show:not(.showing)").wait_for()
    assert page.evaluate("document.activeElement.closest('#help') !== null")
    assert visit.violations() == []
    assert not visit.is_wider_than_screen()
    if page.viewport_size["width"] == 360:
        assert page.locator("#help").bounding_box()["width"] == 360
    page.keyboard.press("j")
    assert page.locator("tr.is-cursor").count() == 0, "keys of the list rest while the panel is open"
    page.keyboard.press("Escape")
    page.locator("#help").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.hasAttribute('data-help-open')")
    assert visit.complaints == []
