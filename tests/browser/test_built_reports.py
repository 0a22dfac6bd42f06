"""Building a report at a desk and on a phone: what is chosen is shown at once, in the address, and kept by a name."""

import pytest

from app.core import registry
from app.core.db import unscoped
from tests.browser.conftest import Visit

SIZES = [(1366, "light"), (360, "dark")]


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
        assert report.entity == "loan"
        for said in ("_row=branch", "_m=count", "_m=principal__sum", "_chart=bar", "status="):
            assert said in report.query
    number = page.locator("table.built tbody td.num a").first
    shown = number.inner_text()
    number.click()
    page.wait_for_url("**/loan/list/**")
    assert page.locator(".pager-total").inner_text().endswith(f"of {shown}")
    assert visit.complaints == []
    assert visit.foreign == []
