"""Fields of links: a word begun and not chosen changes nothing, and an emptied box means nothing is chosen."""

import pytest
from playwright.sync_api import Page

from app.core import registry
from app.core.db import unscoped
from tests.browser.conftest import Visit
from tests.walk.world import World

BOX = "#manager_id-text"
FOUND = ".combo-list:not([hidden]) .combo-option"


@pytest.fixture
def customer(world: World) -> int:
    """Id of a customer whose manager is o1."""
    number = int(world.rows["customer"][0][1].id)
    with unscoped("a customer with a manager") as session:
        session.get_one(registry.entity("customer"), number).manager_id = world.users["o1"]
    return number


def stored(customer: int) -> int | None:
    """The manager that the database holds."""
    with unscoped("what the browser stored") as session:
        found: int | None = session.get_one(registry.entity("customer"), customer).manager_id
        return found


def begin(page: Page, words: str) -> str:
    """Replace the name in the box by these words, chosen from nothing; returns the name that stood there."""
    name = page.input_value(BOX)
    assert name
    page.click(BOX)
    page.keyboard.press("Backspace")
    page.keyboard.type(words)
    return name


def save(page: Page, by: str) -> None:
    """Send the form by its keys or by its button, and wait until it is stored."""
    if by == "keys":
        page.keyboard.press("Control+s")
    else:
        page.click(".save-bar .btn-primary")
    page.wait_for_url("**/customer/page/*")


@pytest.mark.browser
@pytest.mark.parametrize("by", ["keys", "button"])
def test_a_name_begun_and_not_chosen_is_left_as_it_was_stored(
    visit: Visit, world: World, customer: int, by: str
) -> None:
    visit.page.set_default_timeout(9000)
    visit.login("all")
    visit.open(f"/customer/edit/{customer}")
    begin(visit.page, "o")
    save(visit.page, by)
    assert stored(customer) == world.users["o1"]


@pytest.mark.browser
@pytest.mark.parametrize(("key", "words"), [("Escape", "o"), ("Escape", ""), ("Tab", "o")])
def test_the_chosen_name_comes_back(visit: Visit, world: World, customer: int, key: str, words: str) -> None:
    visit.page.set_default_timeout(9000)
    visit.login("all")
    visit.open(f"/customer/edit/{customer}")
    name = begin(visit.page, words)
    visit.page.keyboard.press(key)
    assert visit.page.input_value(BOX) == name
    assert not visit.page.locator("[data-dirty]").is_visible()
    save(visit.page, "keys")
    assert stored(customer) == world.users["o1"]


@pytest.mark.browser
@pytest.mark.parametrize("key", ["Control+s", "Tab", "Enter"])
def test_an_emptied_box_means_that_nothing_is_chosen(visit: Visit, customer: int, key: str) -> None:
    visit.page.set_default_timeout(9000)
    visit.login("all")
    visit.open(f"/customer/edit/{customer}")
    begin(visit.page, "")
    if key == "Enter":
        visit.page.locator(FOUND).first.wait_for()
    visit.page.keyboard.press(key)
    if key != "Control+s":
        assert visit.page.input_value(BOX) == ""
        save(visit.page, "keys")
    visit.page.wait_for_url("**/customer/page/*")
    assert stored(customer) is None


@pytest.mark.browser
def test_the_cross_empties_a_field_and_a_full_name_fills_it(
    visit: Visit, world: World, customer: int
) -> None:
    visit.page.set_default_timeout(9000)
    visit.login("all")
    visit.open(f"/customer/edit/{customer}")
    name = visit.page.input_value(BOX)
    visit.page.click("#manager_id-combo .combo-clear")
    save(visit.page, "button")
    assert stored(customer) is None
    visit.open(f"/customer/edit/{customer}")
    visit.page.click(BOX)
    visit.page.keyboard.type(name)
    visit.page.locator(FOUND).first.wait_for()
    visit.page.keyboard.press("Tab")
    save(visit.page, "keys")
    assert stored(customer) == world.users["o1"]


@pytest.mark.browser
def test_a_filter_of_a_report_keeps_what_was_chosen(visit: Visit, world: World) -> None:
    visit.page.set_default_timeout(9000)
    visit.login("all")
    visit.open(f"/report/portfolio/?branch_id={world.branches['b1'].id}")
    box = visit.page.locator("#branch_id-text")
    name = box.input_value()
    assert name
    box.click()
    visit.page.keyboard.press("Backspace")
    visit.page.keyboard.type("zz")
    visit.page.click("#params .btn-primary")
    visit.page.wait_for_url("**/report/portfolio/?*")
    assert f"branch_id={world.branches['b1'].id}" in visit.page.url
    assert visit.page.input_value("#branch_id-text") == name


@pytest.mark.browser
def test_a_filter_of_a_list_keeps_what_was_chosen(visit: Visit, world: World) -> None:
    visit.page.set_default_timeout(9000)
    visit.login("all")
    visit.open("/customer/list/")
    visit.page.click("[data-key=f]")
    visit.page.keyboard.type("Manager")
    visit.page.keyboard.press("Enter")
    box = visit.page.locator(".filter-body .combo input")
    visit.page.keyboard.type("zz")
    assert box.input_value() == "zz"
    box.fill("")
    box.press("Escape")
    visit.page.click("[data-filter-form] .btn-primary")
    visit.page.keyboard.type("o1")
    visit.page.locator(FOUND).first.click()
    name = box.input_value()
    box.press("Backspace")
    assert box.input_value() != name
    box.press("Tab")
    assert box.input_value() == name
    visit.page.click("[data-filter-form] .btn-primary")
    visit.page.wait_for_url(f"**/customer/list/?*{world.users['o1']}*")


def open_filter(page: Page, url: str, label: str) -> None:
    """Open a list's filter at a field of a link, all of its names shown."""
    page.goto(url)
    page.click("[data-key=f]")
    page.keyboard.type(label)
    page.keyboard.press("Enter")
    page.locator(".filter-body .combo input").click()
    page.locator(FOUND).nth(5).wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(1366, "light"), (390, "light")], ids=["wide", "phone"], indirect=True)
def test_every_name_of_a_filter_can_be_chosen_with_the_mouse(visit: Visit) -> None:
    page = visit.page
    page.set_default_timeout(9000)
    visit.login("all")
    visit.open("/customer/list/")
    for place in (0, 2, 5):
        open_filter(page, page.url.partition("?")[0], "Manager")
        name = page.locator(FOUND).nth(place).inner_text().splitlines()[0]
        page.locator(FOUND).nth(place).click()
        assert page.locator(".filter-body .combo input").input_value() == name
        page.click("[data-filter-form] .btn-primary")
        page.wait_for_url("**/customer/list/?*manager*")
        assert name in page.inner_text("main")


@pytest.mark.browser
def test_keys_in_a_filter_leave_its_menu_open(visit: Visit) -> None:
    page = visit.page
    page.set_default_timeout(9000)
    visit.login("all")
    visit.open("/customer/list/")
    open_filter(page, page.url, "Manager")
    page.keyboard.press("Escape")
    assert page.locator(FOUND).count() == 0
    assert page.locator("[data-filter-form]").is_visible()
    page.locator(".filter-body .combo input").click()
    page.locator(FOUND).nth(5).wait_for()
    page.keyboard.press("ArrowUp")
    last = page.locator(FOUND).last
    assert last.get_attribute("aria-selected") == "true"
    page.keyboard.press("Tab")
    assert page.locator("[data-filter-form]").is_visible()
    assert page.evaluate("document.activeElement.closest('[data-filter-form]') !== null")


@pytest.mark.browser
def test_a_needed_link_says_so_to_a_screen_reader(visit: Visit) -> None:
    visit.login("all")
    visit.open("/customer/add")
    assert visit.page.get_attribute("#client_id-text", "aria-required") == "true"
    assert visit.page.get_attribute(BOX, "aria-required") is None


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(390, "light")], ids=["phone"], indirect=True)
def test_a_list_is_filtered_by_one_of_several_records(visit: Visit) -> None:
    page = visit.page
    page.set_default_timeout(9000)
    visit.login("all")
    visit.open("/customer/list/")
    page.click("[data-key=f]")
    page.keyboard.type("Manager")
    page.keyboard.press("Enter")
    page.locator(".filter-body select.form-select").select_option("in")
    box = page.locator(".filter-body .combo")
    for place in (0, 2):
        box.locator("input").click()
        page.locator(FOUND).nth(place).click()
    names = [text.strip() for text in box.locator(".combo-token").all_inner_texts()]
    assert len(names) == 2
    assert visit.violations() == []
    page.click("[data-filter-form] .btn-primary")
    page.wait_for_url("**/customer/list/?*manager__in=*%2C*")
    assert ", ".join(names) in page.locator(".filter-chip").inner_text()
