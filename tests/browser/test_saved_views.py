"""The menu of saved views: by keys and by mouse, at a desk and on a phone."""

import pytest

from app.core import registry
from app.core.db import unscoped
from tests.browser.conftest import Visit

SIZES = [(1366, "light"), (390, "dark")]
MENU = "[data-views] .views-save"


def stored(name: str) -> list[tuple[str, str]]:
    """Entity and query of the views of this name."""
    view = registry.entity("saved_view")
    with unscoped("what the browser stored") as session:
        return [(row.entity, row.query) for row in session.query(view).filter_by(name=name)]


@pytest.mark.browser
@pytest.mark.parametrize("visit", SIZES, ids=["desk", "phone"], indirect=True)
def test_a_view_is_saved_from_the_list_and_opened_with_two_clicks(
    visit: Visit, request: pytest.FixtureRequest
) -> None:
    page, name = visit.page, f"Of this kind {request.node.callspec.id}"
    visit.login("all")
    visit.open("/loan/list/?principal__gt=1&sort=-principal")
    page.keyboard.press("v")
    page.wait_for_selector(MENU)
    assert page.evaluate("document.activeElement.closest('[data-views]') !== null")
    assert visit.violations() == []
    assert not visit.is_wider_than_screen()
    page.fill("#view-name", name)
    page.keyboard.press("Enter")
    page.wait_for_url("**&view=*")
    assert stored(name) == [("loan", "principal__gt=1&sort=-principal")]

    visit.open("/loan/list/")
    page.click(".toolbar [data-key=v]")
    page.click(f"[data-views] a:has-text('{name}')")
    page.wait_for_url("**/loan/list/?principal__gt=1&sort=-principal&view=*")
    assert page.inner_text(".toolbar [data-key=v]").strip() == name
    page.keyboard.press("v")
    page.wait_for_selector(MENU)
    assert page.input_value("#view-name") == name
    page.keyboard.press("Escape")
    assert not page.locator(MENU).is_visible()
    assert visit.complaints == []
    assert visit.foreign == []
