"""A report as a map at a desk and on a phone: as many shapes as rows, opened by click and by keyboard, and kept."""

import os

import pytest

from app.core import registry
from app.core.db import unscoped
from tests.browser.conftest import Visit

SHOTS = os.environ.get("SHOTS")


SIZES = [(1366, "light"), (360, "dark")]


def build(visit: Visit) -> None:
    """Choose the groups and the map as people do; the page then has it."""
    page = visit.page
    visit.open("/user_report/build/loan")
    page.select_option("[name=_row]", "region__county")
    page.wait_for_url("**_row=region__county**")
    page.select_option("[name=_chart]", "map")
    page.wait_for_selector(".map-place path[d]")
    visit.settle()
    if SHOTS:
        page.locator(".map-card").screenshot(path=f"{SHOTS}/map-{page.viewport_size['width']}.png")  # type: ignore[index]


def keep(visit: Visit, name: str) -> str:
    """Keep the report; its address."""
    page = visit.page
    page.click(".page-head-actions .btn-primary")
    page.fill("#report-name", name)
    page.keyboard.press("Enter")
    page.wait_for_url("**_report=**")
    with unscoped("what the browser stored") as session:
        assert "_chart=map" in session.query(registry.entity("user_report")).filter_by(name=name).one().query
    page.wait_for_selector(".map-place path[d]")
    return page.url.removeprefix(visit.address)


def lists(visit: Visit, label: str) -> bool:
    """Whether the list that was opened has as many rows as the place says."""
    visit.page.wait_for_url("**/loan/list/**")
    total: str = visit.page.locator(".pager-total").inner_text()
    return total.endswith(f"of {label.rpartition(': ')[2]}")


@pytest.mark.browser
@pytest.mark.parametrize("visit", SIZES, ids=["desk", "phone"], indirect=True)
def test_a_report_is_built_as_a_map_whose_places_open_their_rows(
    visit: Visit, request: pytest.FixtureRequest
) -> None:
    page = visit.page
    visit.login("all")
    build(visit)
    lines = page.locator("table.built tbody tr").count()
    assert page.locator(".map-place path[d^=M]").count() == lines == 2
    assert visit.violations() == []
    assert not visit.is_wider_than_screen()
    kept = keep(visit, f"Map {request.node.callspec.id}")
    place = page.locator("a.map-place[tabindex='0']")
    first = place.get_attribute("aria-label") or ""
    place.focus()
    assert page.locator(".map-tip").inner_text() == first
    page.keyboard.press("ArrowRight")
    second = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert second != first
    page.keyboard.press("Enter")
    assert lists(visit, second)
    visit.open(kept)
    page.locator(f"a.map-place[aria-label='{first}']").click()
    assert lists(visit, first)
    assert visit.complaints == []
    assert visit.foreign == []
