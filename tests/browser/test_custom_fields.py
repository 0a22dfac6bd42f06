"""A field added by an administrator on the screen, filled in and found again, with the hands of a person."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SIZES, Visit
from tests.walk.world import World
from tests.web.people import add, stored
from tests.web.test_attachments import PNG

SHOTS = os.environ.get("SHOTS")


def shot(visit: Visit, name: str) -> None:
    """A picture of the whole page, for whoever asks for one."""
    if SHOTS:
        path = Path(SHOTS) / f"{name}-{visit.page.viewport_size['width']}.png"  # type: ignore[index]
        visit.page.screenshot(path=path, full_page=True)


@pytest.fixture(scope="module")
def others(world: World) -> None:
    """Fields of the other kinds, so that the form has one of each."""
    common = {"entity": "customer", "position": 5}
    for kind, label in (
        ("date", "Visited on"),
        ("money", "Income a year"),
        ("longtext", "Story of the farm"),
    ):
        add("custom_field", code=f"k_{kind}", kind=kind, label_en=label, **common)
    add(
        "custom_field",
        code="k_bool",
        kind="bool",
        label_en="Reads and writes",
        hint="Asked at the first visit",
        **common,
    )
    add("custom_field", code="k_file", kind="file", label_en="Deed of the land", **common)
    add("custom_field", code="k_link", kind="link", target="user", label_en="Mentor", **common)
    mood = add("custom_field", code="k_choice", kind="choice", label_en="Mood", **common)
    add("custom_choice", field_id=mood, code="glad", label_en="Glad", colour="green")


def see_and_remove_the_file(visit: Visit, customer: int) -> None:
    """The file that was sent stands on the record with its picture, and in the form with a box to take it away."""
    page = visit.page
    assert stored("customer", customer).custom["k_file"]["name"] == "deed.png"
    expect(page.locator('img[alt="deed.png"]')).to_be_visible()
    visit.open(f"/customer/edit/{customer}")
    expect(page.locator(".file-held")).to_contain_text("deed.png")
    shot(visit, "held")
    assert visit.violations() == []
    page.check('[name="c_k_file"][type="checkbox"]')
    page.click(".save-bar .btn-primary")
    page.wait_for_load_state("networkidle")
    assert "k_file" not in stored("customer", customer).custom


@pytest.mark.browser
@pytest.mark.parametrize("visit", SIZES, indirect=True, ids=["wide", "phone"])
def test_a_field_is_added_filled_in_and_found_without_a_restart(
    visit: Visit, world: World, others: None
) -> None:
    page, code = visit.page, f"herd_{visit.page.viewport_size['width']}"  # type: ignore[index]
    customer = world.rows["customer"][0][1].id
    visit.login("all")
    visit.open("/custom_field/add")
    page.select_option("#entity", "customer")
    page.fill("#code", code)
    page.select_option("#kind", "number")
    page.fill("#label_en", f"Herd {code}")
    shot(visit, "declare")
    assert visit.violations() == []
    assert not visit.is_wider_than_screen()
    page.click(".save-bar .btn-primary")
    page.wait_for_url("**/custom_field/show/*")
    shot(visit, "declared")
    visit.open(f"/customer/edit/{customer}")
    page.fill(f"#c_{code}", "1200")
    page.set_input_files("#c_k_file", {"name": "deed.png", "mimeType": "image/png", "buffer": PNG})
    page.locator("text=Further fields").scroll_into_view_if_needed()
    shot(visit, "fill")
    assert visit.violations() == []
    assert not visit.is_wider_than_screen()
    page.click(".save-bar .btn-primary")
    page.wait_for_load_state("networkidle")
    expect(page.locator("body")).to_contain_text("1,200")
    shot(visit, "record")
    assert stored("customer", customer).custom[code] == "1200"
    see_and_remove_the_file(visit, customer)
    visit.open(f"/customer/list/?c_{code}__gt=1000&cols=name.c_{code}.status")
    expect(page.locator("body")).to_contain_text("1,200")
    shot(visit, "list")
    assert visit.violations() == []
    assert visit.complaints == []
