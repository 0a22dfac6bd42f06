"""Errands of an administrator that others live from: a field of his own, a layout for files, an import taken back."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import expect

from app.access.users import create_user
from app.core.org import GrantKind
from app.core.web.uploads import work
from tests.browser.conftest import Visit
from tests.browser.errands import becomes, choose, glance, look, panel, shown
from tests.walk.world import World
from tests.web.people import add, rows, stored


def declare(visit: Visit) -> None:
    """A field of choice for officers alone, with two values, named in two languages."""
    page = visit.page
    visit.open("/custom_field/add")
    page.select_option("#entity", "customer")
    page.fill("#code", "soil")
    page.select_option("#kind", "choice")
    page.fill("#label_en", "Soil")
    page.fill("#label_uk", "Ґрунт")
    page.select_option("#roles", label="Administrator")
    glance(visit, "field-declared")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/custom_field/show/*")
    glance(visit, "field-without-values")
    for code, uk, colour in (("Clay", "Глина", "orange"), ("Sand", "Пісок", "blue")):
        page.get_by_role("tab", name="Custom choices").click()
        panel(visit).get_by_role("link", name="Add", exact=True).click()
        page.fill("#code", code.lower())
        page.fill("#label_en", code)
        page.fill("#label_uk", uk)
        page.select_option("#colour", colour)
        page.keyboard.press("Control+s")
        page.wait_for_url("**/custom_choice/show/*")
        page.locator("dd a", has_text="Soil").first.click()
        page.wait_for_url("**/custom_field/show/*")
    page.get_by_role("tab", name="Custom choices").click()
    expect(panel(visit)).to_contain_text("Sand")
    look(visit, "field-values")


@pytest.mark.browser
@pytest.mark.full
def test_a_choice_a_day_and_a_reference_of_ones_own_are_filled_in_listed_sorted_and_told_in_excel_to_their_role(
    visit: Visit, world: World
) -> None:
    page, customer = visit.page, world.rows["customer"][0][1]
    visit.login("all")
    declare(visit)
    for code, kind, label, more in (("seen_on", "date", "Seen on", {}), ("mentor", "link", "Mentor", {"target": "user"})):  # fmt: skip
        add("custom_field", entity="customer", code=code, kind=kind, label_en=label, position=5, **more)
    becomes(visit, "o1")
    visit.open(f"/customer/edit/{customer.id}")
    page.get_by_label("Soil", exact=True).select_option("sand")
    page.get_by_label("Seen on").fill("2018-06-20")
    choose(visit, "Mentor", "o2")
    look(visit, "fields-filled")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/customer/page/**")
    look(visit, "fields-of-record")
    kept = {"soil": "sand", "seen_on": "2018-06-20", "mentor": world.users["o2"]}
    assert stored("customer", customer.id).custom.items() >= kept.items()
    visit.speak("uk")
    visit.open("/customer/list/?cols=name.c_soil.c_seen_on.c_mentor&sort=c_seen_on,-name&c_soil=sand")
    assert shown(visit) == [[customer.name, "Пісок", "20 черв. 2018\u202fр.", "o2"]]
    glance(visit, "fields-listed")
    with page.expect_download() as download:
        page.locator("[data-export-link]").click()
    sheet = load_workbook(BytesIO(download.value.path().read_bytes())).active
    lines: list[Any] = list(sheet.iter_rows(values_only=True))
    assert lines[0][1] == "Ґрунт"
    assert [str(one).partition(" ")[0] for one in lines[1][:4]] == [customer.name, "Пісок", "2018-06-20", "o2"]  # fmt: skip
    becomes(visit, "masked")
    visit.open("/customer/list/")
    page.get_by_role("button", name="Columns").click()
    expect(page.locator("[data-columns]").get_by_label("Seen on")).to_have_count(1)
    assert page.locator("[data-columns]").get_by_label("Soil").count() == 0
    assert (visit.complaints, visit.foreign) == ([], [])


def workbook(place: Path, lines: list[tuple[Any, ...]]) -> Path:
    """A file whose table stands on the second sheet, below a title."""
    book = Workbook()
    book.active.title = "Notes"
    sheet = book.create_sheet("Teams")
    for line in [("Teams of the region", None), *lines]:
        sheet.append(line)
    book.save(place)
    return place


def send(visit: Visit, file: Path) -> None:
    visit.open("/team/list/")
    visit.page.get_by_role("link", name="Import").click()
    visit.page.set_input_files("input[name=file]", file)
    visit.page.locator(".save-bar button").click()
    visit.page.wait_for_selector("[name=u-map-0]")


def keep_a_layout(visit: Visit, place: Path) -> None:
    """Say what the columns of a file mean and keep it for a role: records are only changed by it."""
    page = visit.page
    send(visit, workbook(place / "first.xlsx", [("Crew", "Seat"), ("Owls", "N")]))
    page.get_by_text("names of the columns in row 1").click()
    page.get_by_label("Row with the names of the columns").fill("2")
    page.get_by_role("button", name="Read again").click()
    expect(page.locator("[name=u-map-1]")).to_be_visible()
    page.select_option("[name=u-map-0]", "name")
    page.select_option("[name=u-map-1]", "department")
    page.locator("details[data-manner='1'] summary").click()
    page.get_by_label("Replace").fill("N = Northern\nS = Southern")
    page.get_by_label("Records", exact=True).select_option("update")
    page.get_by_text("Keep as a layout").click()
    page.locator("#u-name").fill("Crews of the region")
    page.locator("#u-role").select_option("Administrator")
    look(visit, "layout-kept")
    page.get_by_role("button", name="Check the rows").click()
    page.wait_for_load_state()
    glance(visit, "layout-checked")
    [layout] = rows("upload_layout", name="Crews of the region")
    assert (layout.role_id, layout.plan["mode"]) == (rows("role", name="Administrator")[0].id, "update")


def take_it(visit: Visit, place: Path) -> None:
    """A clerk's file with these columns, in another order, is read by it; then he asks to undo that."""
    page = visit.page
    becomes(visit, "clerk9")
    send(visit, workbook(place / "second.xlsx", [("Seat", "Crew"), ("S", "Owls"), ("S", "Hawks"), ("S", "Gulls")]))  # fmt: skip
    expect(page.locator("#u-layout option:checked")).to_have_text("Crews of the region")
    look(visit, "layout-offered")
    page.get_by_role("button", name="Check the rows").click()
    expect(page.locator("form.mend .reason")).to_have_text("No record has this Name")
    page.get_by_role("button", name="Import 2 rows, leave out the others").click()
    page.get_by_role("button", name="Ask to undo it").click()
    expect(page.get_by_text("It was asked to undo this import")).to_be_visible()
    look(visit, "undo-asked")


@pytest.mark.browser
@pytest.mark.full
def test_a_layout_of_an_administrator_changes_records_and_a_second_person_takes_the_import_back(
    visit: Visit, world: World, tmp_path: Path, request: Any
) -> None:
    page = visit.page
    north, south = (add("department", name=name) for name in ("Northern", "Southern"))
    teams = {name: add("team", name=name, department_id=north) for name in ("Owls", "Hawks")}
    create_user("clerk9", "pw", "Administrator", grants=[{"kind": GrantKind.ALL}])
    create_user("second", "pw", "Administrator", grants=[{"kind": GrantKind.ALL}])
    visit.login("all")
    keep_a_layout(visit, tmp_path)
    take_it(visit, tmp_path)
    assert [stored("team", one).department_id for one in teams.values()] == [south, south]
    assert rows("team", name="Gulls") == []
    becomes(visit, "second")
    visit.open("/upload/list/")
    glance(visit, "undo-list")
    page.locator("tbody tr", has_text="second.xlsx").get_by_role("link").first.click()
    glance(visit, "undo-second")
    page.get_by_role("button", name="Undo this import").click()
    with request.getfixturevalue("_application").app_context():
        work.run_waiting()
    visit.open(page.url.removeprefix(visit.address))
    glance(visit, "undo-done")
    assert [stored("team", one).department_id for one in teams.values()] == [north, north]
    [taken] = rows("upload", file_name="second.xlsx")
    assert (str(taken.state), taken.undone_by_id) == ("undone", rows("user", username="second")[0].id)
