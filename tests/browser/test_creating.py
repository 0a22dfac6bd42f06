"""Forms in a browser: a row is added while one is filled; what is asked for comes and goes with what is chosen."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.web.people import rows


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(360, "light")], indirect=True, ids=["phone"])
def test_what_a_lookup_does_not_find_is_added_in_a_dialog_and_chosen(visit: Visit) -> None:
    page = visit.page
    visit.login("all")
    visit.open("/team/add")
    page.get_by_label("Name", exact=True).fill("Night shift")
    page.get_by_role("combobox", name="Department").press_sequentially("Recovery")
    page.get_by_role("link", name="Department (Department)").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name", exact=True)).to_have_value("Recovery")
    expect(dialog.get_by_label("Name", exact=True)).to_be_focused()
    assert visit.violations() == []
    assert not visit.is_wider_than_screen()
    page.keyboard.press("Control+s")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("combobox", name="Department")).to_have_value("Recovery")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("heading", name="Night shift", exact=True)).to_be_visible()
    [department], [team] = rows("department", name="Recovery"), rows("team", name="Night shift")
    assert team.department_id == department.id
    visit.open("/data_grant/add")
    branch = page.get_by_role("combobox", name="Branch")
    expect(branch).to_be_hidden()
    page.get_by_label("Kind", exact=True).select_option("branch")
    expect(branch).to_be_visible()
    page.get_by_label("Kind", exact=True).select_option("all")
    expect(branch).to_be_hidden()
    assert (visit.complaints, visit.foreign) == ([], [])
