"""Building a report at a desk and on a phone: what is chosen is shown at once, in the address, and kept by a name."""

import os

import pytest

from app.core import registry
from app.core.db import unscoped
from tests.browser.conftest import Visit

SHOTS = os.environ.get("SHOTS")
SIZES = [(1366, "light"), (360, "dark")]


def have_it_sent_to_an_officer(visit: Visit, report: int) -> None:
    """Choose by whom it is received; its maker is then told what keeps one from getting it."""
    page = visit.page
    page.click("text=Send by e-mail")
    page.select_option("#send-days", "week-1")
    box = page.locator(".views-save .combo input")
    box.fill("o1")
    page.locator(".combo-option", has_text="o1").first.click()
    page.locator(".views-save:visible .btn-primary").click()
    page.wait_for_load_state("networkidle")
    with unscoped("what the browser stored") as session:
        [user] = session.get_one(registry.entity("user_report"), report).receivers
        assert session.get_one(registry.entity("user"), user).username == "o1"
    page.click("text=Send by e-mail")
    page.wait_for_selector(".views-save .combo-token")
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/sent-{page.viewport_size['width']}.png")  # type: ignore[index]
    assert visit.violations() == []
    page.keyboard.press("Escape")


@pytest.mark.browser
@pytest.mark.parametrize("visit", SIZES, ids=["desk", "phone"], indirect=True)
def test_a_report_is_built_by_choosing_and_kept_as_it_is_shown(
    visit: Visit, request: pytest.FixtureRequest
) -> None:
    page, name = visit.page, f"Built {request.node.callspec.id}"
    visit.login("all")
    visit.open("/user_report/build/loan")
    page.select_option("[name=_row]", "branch")
    page.wait_for_url("**_row=branch**")
    page.select_option("[name=_m] >> nth=1", "principal__sum")
    page.wait_for_url("**principal__sum**")
    page.select_option("[name=_chart]", "bar")
    page.wait_for_selector("[data-chart] canvas")
    assert page.locator("table.built tbody tr").count() == 4
    assert visit.violations() == []
    assert not visit.is_wider_than_screen()
    page.click("[data-bs-toggle=dropdown]:has-text('Filter')")
    page.fill("#filter-find", "Status")
    page.keyboard.press("Enter")
    page.click(".filter-actions .btn-primary >> visible=true")
    page.wait_for_url("**status=**")
    page.wait_for_selector(".filter-chip")
    page.click(".page-head-actions .btn-primary")
    page.fill("#report-name", name)
    page.keyboard.press("Enter")
    page.wait_for_url("**_report=**")
    kept = registry.entity("user_report")
    with unscoped("what the browser stored") as session:
        report = session.query(kept).filter_by(name=name).one()
        number_of_report = report.id
        assert report.entity == "loan"
        for said in ("_row=branch", "_m=count", "_m=principal__sum", "_chart=bar", "status="):
            assert said in report.query
    have_it_sent_to_an_officer(visit, number_of_report)
    number = page.locator("table.built tbody td.num a").first
    shown = number.inner_text()
    number.click()
    page.wait_for_url("**/loan/list/**")
    assert page.locator(".pager-total").inner_text().endswith(f"of {shown}")
    assert visit.complaints == []
    assert visit.foreign == []
