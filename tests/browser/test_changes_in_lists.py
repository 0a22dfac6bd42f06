"""Changing what stands in a list without leaving it: a value in its cell, a field of many rows."""

from typing import Any

import pytest
from sqlalchemy import update

from app.core.db import unscoped
from app.core.notices import settle
from app.core.org import BulkJob
from app.core.web import bulk, bulk_work, list_page, listing
from tests.browser.conftest import SIZES, Visit
from tests.walk.world import World
from tests.web.people import rows, stored


@pytest.fixture
def _short_pages(monkeypatch: Any) -> None:
    """So that the world's few rows are more than one page."""
    for module in (listing, list_page):
        monkeypatch.setattr(module, "SIZES", (2, 50, 100))


@pytest.mark.browser
@pytest.mark.usefixtures("_short_pages")
@pytest.mark.parametrize("visit", SIZES, indirect=True, ids=["wide", "phone"])
def test_a_field_of_all_rows_of_a_list_is_changed_in_five_steps(visit: Visit, world: World) -> None:
    visit.login("all")
    visit.open("/customer/list/")
    page, text = visit.page, f"noted at {visit.page.viewport_size}"
    before = len(rows("customer"))
    if page.viewport_size["width"] > 576:
        page.click("[data-pick-all]")
    else:
        for box in page.locator("tbody input[name=ids]").all():
            box.check()
    page.click("[data-pick-list]")
    page.locator("tbody input[name=ids]").first.uncheck()
    assert page.inner_text("form.bulk [data-count]") == "1", (
        "whoever unpicks a row means the picked ones alone"
    )
    page.locator("tbody input[name=ids]").first.check()
    page.click("[data-pick-list]")
    assert page.inner_text("form.bulk [data-count]") == str(before)
    assert not visit.is_wider_than_screen()
    page.keyboard.press("Enter")
    page.wait_for_url("**/customer/change")
    assert page.inner_text(".targets .count") == str(before)
    assert not page.locator("[name=remark]").is_visible()
    page.check("[name=_change][value=remark]")
    page.keyboard.type(text)
    assert visit.violations() == []
    assert not visit.is_wider_than_screen()
    page.check("[name=_change][value=status]")
    page.uncheck("[name=_change][value=status]")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/customer/list/**")
    assert f"Rows changed: {before}" in page.inner_text("#toasts")
    assert {row.remark for row in rows("customer")} == {text}
    assert world.rows["customer"]
    assert visit.complaints == []


@pytest.mark.browser
def test_f2_opens_a_value_enter_saves_it_and_esc_leaves_it(visit: Visit, world: World) -> None:
    visit.login("all")
    visit.open("/customer/list/?sort=id")
    page, keys = visit.page, visit.page.keyboard
    row_id = int(page.locator("tbody input[name=ids]").first.input_value())
    was = stored("customer", row_id).name
    keys.press("j")
    keys.press("F2")
    page.wait_for_selector(".cell-edit input[name=name]")
    keys.type("By keys")
    keys.press("Escape")
    assert page.locator(".cell-edit").count() == 0
    assert stored("customer", row_id).name == was
    keys.press("F2")
    page.wait_for_selector(".cell-edit")
    assert visit.violations() == []
    keys.type("By keys")
    keys.press("Enter")
    page.wait_for_selector("tbody a:text('By keys')")
    assert page.locator(".cell-edit").count() == 0
    assert stored("customer", row_id).name == "By keys"
    assert page.evaluate("document.activeElement.textContent") == "By keys"
    keys.press("F2")
    page.wait_for_selector(".cell-edit input[name=name]")
    keys.type(" ")
    keys.press("Tab")
    page.wait_for_selector(".cell-edit .field-error")
    assert stored("customer", row_id).name == "By keys"
    keys.press("Escape")
    status = page.locator("tbody tr").first.locator("td[data-label=Status]")
    status.dblclick(position={"x": 3, "y": 3})
    page.select_option(".cell-edit select[name=status]", "new")
    keys.press("Tab")
    page.wait_for_selector(".cell-edit .combo")
    assert str(stored("customer", row_id).status) == "new"
    assert "/customer/list/" in page.url
    assert world.rows["customer"]
    assert visit.complaints == [
        "Failed to load resource: the server responded with a status of 422 (UNPROCESSABLE ENTITY)"
    ]


@pytest.mark.browser
@pytest.mark.parametrize("visit", SIZES, indirect=True, ids=["wide", "phone"])
def test_a_large_change_is_watched_on_its_page_and_the_bell_tells_its_end(
    visit: Visit, app: Any, monkeypatch: Any
) -> None:
    for name in ("AT_ONCE", "AT_ONCE_FREE"):
        monkeypatch.setattr(bulk, name, 2)
    visit.login("all")
    visit.open("/customer/list/?sort=id")
    page, before = visit.page, [row.id for row in rows("customer")]
    boxes = page.locator("tbody input[name=ids]")
    for box in boxes.all():
        box.check()
    page.locator("form.bulk button[formaction='/customer/change']").click()
    page.wait_for_url("**/customer/change")
    assert visit.violations() == []
    page.check("[name=_change][value=remark]")
    page.keyboard.type(f"in the background at {page.viewport_size}")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/bulk_job/page/*")
    job = int(page.url.rsplit("/", 1)[1])
    assert f"0 of {len(before)} rows" in page.inner_text("#progress")
    assert visit.violations() == []
    assert not visit.is_wider_than_screen()
    with unscoped("one that goes meanwhile") as session:
        session.execute(
            update(BulkJob).where(BulkJob.id == job).values(row_ids=[*before, 999_999], total=len(before) + 1)
        )
    with app.app_context():
        bulk_work.run(job)
        settle.settle()
    page.wait_for_selector("text=Try these rows again")
    assert page.locator("a:has-text('Stop')").count() == 0
    assert "It is gone, or you do not see it any more" in page.inner_text("main")
    assert visit.violations() == []
    assert not visit.is_wider_than_screen()
    assert {row.remark for row in rows("customer")} == {f"in the background at {page.viewport_size}"}
    visit.open("/notifications/")
    assert page.locator(f"a[href='/bulk_job/page/{job}']").count() == 1
    assert visit.complaints == []
