"""Keys move the real focus and are listed only where they do something; a phone shows figures before filters.

Filters and further columns of the order are chosen by keys as by mouse.
"""

import re

import pytest

from tests.browser.conftest import Visit
from tests.walk.world import World

FOCUSED = "document.activeElement.closest('tr')?.rowIndex ?? null"
CURSOR = "document.querySelector('tr.is-cursor')?.rowIndex ?? null"


@pytest.mark.browser
def test_j_and_k_move_the_focus_and_enter_opens_the_row(visit: Visit, world: World) -> None:
    visit.login("all")
    visit.open("/loan/list/")
    keys = visit.page.keyboard
    for key, row in (("j", 1), ("j", 2), ("j", 3), ("k", 2)):
        keys.press(key)
        assert (visit.page.evaluate(FOCUSED), visit.page.evaluate(CURSOR)) == (row, row)
    assert visit.page.evaluate("document.activeElement.tagName") == "A"
    keys.press("Tab")
    assert visit.page.evaluate(FOCUSED) == 2, "Tab goes on within the row"
    keys.press("j")
    href = visit.page.evaluate("document.activeElement.getAttribute('href')")
    keys.press("Enter")
    visit.page.wait_for_url(f"**{href}")
    assert world.rows["loan"]
    assert visit.complaints == []


@pytest.mark.browser
def test_the_help_lists_the_keys_that_do_something_here(visit: Visit) -> None:
    visit.login("all")
    listed = "[...document.querySelectorAll('#help-keys dl > div:not([hidden]) kbd')].map((key) => key.textContent)"
    for path, there, absent in (
        ("/department/list/", {"n", "/"}, {"S"}),
        ("/loan/list/", {"j", "/", "x"}, {"n"}),
        ("/home/", {"?"}, {"n", "j", "e", "S"}),
        ("/department/add", {"S"}, {"n", "j"}),
    ):
        visit.open(path)
        visit.page.keyboard.press("Escape")
        visit.page.evaluate("document.activeElement.blur()")
        visit.page.keyboard.press("?")
        visit.page.locator("#help-keys").wait_for()
        keys = set(visit.page.evaluate(listed))
        assert there <= keys, path
        assert not absent & keys, path
    assert visit.violations() == []


@pytest.mark.browser
def test_n_opens_the_form_of_a_new_record_only_where_one_may_be_added(visit: Visit) -> None:
    visit.login("all")
    visit.open("/loan/list/")
    visit.page.keyboard.press("n")
    assert visit.page.url.endswith("/loan/list/")
    visit.open("/department/list/")
    visit.page.keyboard.press("n")
    visit.page.wait_for_url("**/department/add")


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(390, "light"), (390, "dark")], indirect=True, ids=["light", "dark"])
def test_a_report_on_a_phone_shows_figures_first_and_filters_on_demand(visit: Visit) -> None:
    visit.login("all")
    visit.open("/report/portfolio/")
    button, form = visit.page.locator("[data-params]"), visit.page.locator("#params")
    assert "As of" in button.inner_text()
    assert not form.is_visible()
    button.focus()
    visit.page.keyboard.press("Enter")
    assert form.is_visible()
    assert button.get_attribute("aria-expanded") == "true"
    assert visit.violations() == []
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("Boolean(document.activeElement.closest('#params'))")
    assert not visit.is_wider_than_screen()


@pytest.mark.browser
def test_a_report_on_a_wide_screen_shows_its_filters(visit: Visit) -> None:
    visit.login("all")
    visit.open("/report/portfolio/")
    assert visit.page.locator("#params").is_visible()
    assert not visit.page.locator("[data-params]").is_visible()


@pytest.mark.browser
def test_the_village_list_asks_for_a_village(visit: Visit) -> None:
    visit.login("all")
    visit.open("/report/villages/?officer_id=")
    assert visit.page.get_by_text("Choose a village", exact=True).is_visible()
    assert visit.page.get_by_text("No borrowers here").count() == 0


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(390, "light")], indirect=True)
def test_no_text_of_a_card_on_a_phone_is_cut(visit: Visit) -> None:
    visit.login("all")
    visit.open("/message/list/")
    cut = """[...document.querySelectorAll('.cards-on-phone td')].filter((cell) =>
        cell.scrollWidth > cell.clientWidth + 1 || cell.getBoundingClientRect().right > innerWidth).length"""
    assert visit.page.locator(".cards-on-phone tbody tr").count() > 0
    visit.page.evaluate(
        "document.querySelectorAll('.cards-on-phone td:nth-child(n+3)').forEach((cell) => {"
        "cell.textContent = 'Номер або адреса недійсні чи не мають використовуватися'; })"
    )
    assert visit.page.evaluate(cut) == 0


def begin(visit: Visit, path: str) -> None:
    visit.page.set_default_timeout(9000)
    visit.login("all")
    visit.open(path)


def choose(visit: Visit, label: str) -> None:
    """Type a field's name into the open menu and take it."""
    visit.page.locator("#filter-find:focus").wait_for()
    visit.page.keyboard.type(label)
    visit.page.keyboard.press("Enter")


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(390, "dark")], indirect=True)
def test_a_period_is_one_key_or_click_and_any_number_of_days_can_be_typed(visit: Visit) -> None:
    page = visit.page
    begin(visit, "/loan/list/")
    page.keyboard.press("f")
    choose(visit, "Disbursed")
    page.locator("[data-day=this-month]").wait_for()
    assert visit.violations() == []
    assert not visit.is_wider_than_screen()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/loan/list/?disbursed_on=yesterday")
    assert "yesterday" in page.inner_text(".filter-chip")
    page.keyboard.press("f")
    choose(visit, "Disbursed")
    page.click("[data-day=this-month]")
    page.wait_for_url("**/loan/list/?disbursed_on=this-month")
    page.keyboard.press("f")
    choose(visit, "Disbursed")
    page.select_option(".filter-body select", "older-than-…-days")
    page.fill(".filter-body input", "45")
    page.keyboard.press("Enter")
    page.wait_for_url("**/loan/list/?disbursed_on=older-than-45-days")
    assert "older than 45 days" in page.inner_text(".filter-chip")
    assert visit.complaints == []


@pytest.mark.browser
def test_or_in_the_menu_makes_a_group_that_grows_and_shrinks(visit: Visit, world: World) -> None:
    page = visit.page
    begin(visit, "/loan/list/?currency=CNY")
    page.keyboard.press("f")
    choose(visit, "Status")
    page.select_option(".filter-body select >> nth=1", "overdue")
    page.click("[data-filter-form] [data-or]")
    choose(visit, "Disbursed")
    page.click("[data-filter-form] [data-or]")
    page.click("[data-day=last-30-days]")
    choose(visit, "Principal")
    page.fill(".filter-body input", "lots")
    page.keyboard.press("Enter")
    page.get_by_text("Principal: lots is not a number").wait_for()
    query = "?currency=CNY&any1.status=overdue&any1.disbursed_on=last-30-days"
    assert page.url.endswith(query)
    page.locator(".filter-chip [data-or]").focus()
    page.keyboard.press("Enter")
    choose(visit, "Principal")
    page.fill(".filter-body input", "1")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape(f"{query}&any1.principal=1") + "$"))
    assert page.locator(".filter-chip.is-any").count() == 1
    assert visit.violations() == []
    page.locator(".is-any a").nth(1).click()
    page.wait_for_url("**currency=CNY&any1.status=overdue&any1.principal=1")
    page.locator(".is-any a").first.click()
    page.wait_for_url("**currency=CNY&any1.principal=1")
    assert page.locator(".is-any").count() == 0
    assert [one for one in visit.complaints if "400" not in one] == []


@pytest.mark.browser
def test_shift_makes_a_head_a_further_column_of_the_order(visit: Visit) -> None:
    page = visit.page
    begin(visit, "/loan/list/?cols=number.status.principal")
    page.click(".sorter >> text=Status")
    page.wait_for_url("**sort=status")
    page.locator(".sorter >> text=Principal").focus()
    page.keyboard.press("Shift+Enter")
    page.wait_for_url(re.compile("sort=status(,|%2C)-principal$"))
    page.locator(".sorter:focus", has_text="Principal").wait_for()
    assert page.locator("th[aria-sort=descending] sup").inner_text() == "2"
    page.click(".sorter >> text=Status", modifiers=["Shift"])
    page.wait_for_url(re.compile("sort=-status(,|%2C)-principal$"))
    assert page.locator("th[aria-sort=descending]").count() == 2
    page.click(".sorter >> text=Number")
    page.wait_for_url("**sort=number")
    assert visit.complaints == []
