"""From a file to records in a browser: the whole way, counted."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Visit
from tests.web.people import add, rows

FILE = "Команда;Підрозділ\nWolves;Collections\nBears;Collectoins\nFoxes;Collections\n"


def _look(visit: Visit, name: str) -> None:
    assert visit.violations() == [], name
    assert not visit.is_wider_than_screen(), name
    if folder := os.environ.get("SHOTS"):
        visit.page.screenshot(path=f"{folder}/{name}-{visit.page.viewport_size['width']}.png", full_page=True)


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(1366, "light"), (360, "dark")], indirect=True)
def test_a_file_becomes_records_in_six_clicks_and_one_key_with_a_cell_mended_where_it_stands(
    visit: Visit, tmp_path: Path, request: Any
) -> None:
    width = visit.page.viewport_size["width"]
    if not rows("department", name="Collections"):
        add("department", name="Collections")
    text = FILE if width > 400 else FILE.replace("s;", "es;")
    file, before = tmp_path / "teams.csv", len(rows("team"))
    file.write_text(text, "cp1251")
    visit.login("all")
    page = visit.page
    visit.open("/team/list/")
    page.click("a[href='/upload/new/team']")
    page.set_input_files("input[name=file]", file)
    _look(visit, "1-file")
    page.click(".save-bar button")
    page.wait_for_selector("[name=u-map-0]")
    page.select_option("[name=u-map-0]", "name")
    page.locator("table details summary").first.click()
    _look(visit, "2-columns")
    page.locator("table details summary").first.click()
    page.click(".save-bar button")
    page.wait_for_selector("form.mend")
    _look(visit, "3-check")
    cell = page.locator("[aria-invalid=true]")
    assert cell.input_value() == "Collectoins"
    cell.fill("Collections")
    cell.press("Enter")
    page.click("button[name=whole][value='1']")
    page.wait_for_selector("a[href*=picked]")
    _look(visit, "4-result")
    page.click("a[href*=picked]")
    page.wait_for_selector(".list-page")
    made = rows("team")[before:]
    assert [(one.name, bool(one.department_id)) for one in made] == [
        (line.split(";")[0], True) for line in text.splitlines()[1:]
    ]
    assert page.locator("tbody tr").count() == 3
    assert visit.complaints == []
