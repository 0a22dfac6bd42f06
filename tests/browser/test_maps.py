"""A report as a map at a desk and on a phone: as many shapes as rows, opened by click and by keyboard, and kept."""

import os

import pytest

from app.core import registry
from app.core.db import unscoped
from tests.browser.conftest import Visit

SHOTS = os.environ.get("SHOTS")


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(1366, "light"), (360, "dark")], ids=["desk", "phone"], indirect=True)
def test_a_report_is_built_as_a_map_whose_places_open_their_rows(
    visit: Visit, request: pytest.FixtureRequest
) -> None:
    page, name = visit.page, f"Map {request.node.callspec.id}"
    visit.login("all")
    visit.open("/user_report/build/loan")
    page.select_option("[name=_row]", "region__county")
    page.wait_for_url("**_row=region__county**")
    page.select_option("[name=_chart]", "map")
    page.wait_for_selector(".map-place path[d]")
    visit.settle()
    lines = page.locator("table.built tbody tr").count()
    assert page.locator(".map-place path[d^=M]").count() == lines == 2
    assert visit.violations() == []
    assert not visit.is_wider_than_screen()
    if SHOTS:
        page.locator(".map-card").screenshot(path=f"{SHOTS}/map-{page.viewport_size['width']}.png")  # type: ignore[index]
    page.click(".page-head-actions .btn-primary")
    page.fill("#report-name", name)
    page.keyboard.press("Enter")
    page.wait_for_url("**_report=**")
    with unscoped("what the browser stored") as session:
        assert "_chart=map" in session.query(registry.entity("user_report")).filter_by(name=name).one().query
    page.wait_for_selector(".map-place path[d]")
    kept, place = page.url, page.locator("a.map-place[tabindex='0']")
    assert place.count() == 1
    first = place.get_attribute("aria-label")
    place.focus()
    assert page.locator(".map-tip").inner_text() == first
    page.keyboard.press("ArrowRight")
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label != first
    page.keyboard.press("Enter")
    page.wait_for_url("**/loan/list/**")
    assert page.locator(".pager-total").inner_text().endswith(f"of {label.rpartition(': ')[2]}")
    visit.open(kept.removeprefix(visit.address))
    page.locator(f"a.map-place[aria-label='{first}']").click()
    page.wait_for_url("**/loan/list/**")
    assert page.locator(".pager-total").inner_text().endswith(f"of {first.rpartition(': ')[2]}")  # type: ignore[union-attr]
    assert visit.complaints == []
    assert visit.foreign == []
