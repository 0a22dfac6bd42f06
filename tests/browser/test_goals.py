"""What is done most often takes few clicks and keys, and these are counted: typing a text or a number is one entry."""

from dataclasses import dataclass
from io import BytesIO

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Route

from tests.browser.conftest import Visit
from tests.walk.world import World
from tests.web.people import add, rows


@dataclass
class Hand:
    """The hand of a user: every click and key is counted, what is typed into a field once."""

    visit: Visit
    count: int = 0

    def click(self, selector: str) -> None:
        self.count += 1
        self.visit.page.locator(selector).first.click()

    def press(self, key: str) -> None:
        self.count += 1
        self.visit.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.count += 1
        self.visit.page.keyboard.type(text)


@pytest.fixture
def hand(visit: Visit) -> Hand:
    visit.login("all")
    return Hand(visit)


@pytest.mark.browser
def test_a_customer_is_found_by_his_telephone_from_anywhere_in_three_steps(hand: Hand, world: World) -> None:
    _number, phone = world.rows["phone"][0]
    page = hand.visit.page
    hand.visit.open("/branch/list/")
    hand.press("Control+k")
    hand.type(str(phone.number).removeprefix("+"))
    page.wait_for_selector("#palette-list .palette-item[aria-selected=true] >> text=+")
    hand.press("Enter")
    page.wait_for_url("**/customer/page/**")
    assert page.url.endswith(f"/customer/page/{phone.customer_id}")
    assert hand.count == 3


@pytest.mark.browser
def test_a_list_as_it_is_filtered_is_an_excel_file_with_one_click(hand: Hand, world: World) -> None:
    page, client = hand.visit.page, world.clients["y"].id
    hand.visit.open(f"/loan/list/?client={client}&sort=number")
    with page.expect_download() as download:
        hand.click("[data-export-link]")
    sheet = load_workbook(BytesIO(download.value.path().read_bytes())).active
    head = [cell.value for cell in sheet[1]]
    told = sorted(line[head.index("Number")].value for line in sheet.iter_rows(min_row=2) if line[0].value)
    assert told == sorted(loan.number for _n, loan in world.rows["loan"] if loan.client_id == client)
    assert 0 < len(told) < len(world.rows["loan"])
    assert hand.count == 1


@pytest.mark.browser
def test_from_a_region_to_its_officers_two_clicks_lead(hand: Hand, world: World) -> None:
    page = hand.visit.page
    hand.visit.open("/report/portfolio/?by=branch")
    name = page.locator(".report-card tbody a").first.inner_text()
    hand.click(".report-card tbody a")
    page.wait_for_load_state()
    hand.visit.settle()
    hand.click("nav.switch a:has-text('Officer')")
    page.wait_for_url("**by=officer**")
    assert name in page.inner_text("main")
    assert page.locator(".report-card tbody tr").count() >= 1
    assert hand.count == 2


@pytest.fixture
def fifty(world: World) -> list[int]:
    """Customers that nobody is in charge of."""
    client = world.clients["x"].id
    return [add("customer", client_id=client, name=f"Fifty {n:02d}") for n in range(50)]


@pytest.mark.browser
def test_fifty_rows_are_given_to_somebody_in_four_steps_however_fast_he_is_typed(
    hand: Hand, world: World, fifty: list[int]
) -> None:
    page, slow = hand.visit.page, []

    def late(route: Route) -> None:
        """An answer about part of the word comes last; that about the whole word comes late."""
        slow.append(route.request.url)
        page.wait_for_timeout(250)
        route.continue_()

    page.route("**/customer/lookup/manager?*", late)
    hand.visit.open("/customer/list/?name__contains=Fifty&size=50")
    hand.click("[data-pick-all]")
    hand.click("form.bulk button:has-text('Assign: Manager')")
    page.wait_for_url("**/customer/change?_change=manager_id")
    hand.visit.settle()
    assert page.evaluate("document.activeElement.id") == "manager_id-text"
    assert hand.visit.violations() == []
    hand.type("o2")
    hand.press("Enter")
    page.wait_for_url("**/customer/list/**")
    assert hand.count == 4
    assert "Rows changed: 50" in page.inner_text("#toasts")
    assert {row.manager_id for row in rows("customer") if row.id in fifty} == {world.users["o2"]}
    assert slow
    assert hand.visit.complaints == []


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(360, "light")], indirect=True, ids=["phone"])
def test_a_name_that_nobody_has_gives_the_rows_to_nobody(hand: Hand, world: World, fifty: list[int]) -> None:
    page, before = hand.visit.page, {row.id: row.manager_id for row in rows("customer")}
    chosen = "&".join(f"ids={one}" for one in fifty[:3])
    hand.visit.open(f"/customer/change?{chosen}&_change=manager_id")
    assert not hand.visit.is_wider_than_screen()
    assert page.evaluate("document.activeElement.id") == "manager_id-text"
    page.keyboard.press("Enter")
    page.wait_for_selector(".combo-list:not([hidden]) .combo-option")
    page.keyboard.type("zzz")
    page.keyboard.press("Enter")
    page.wait_for_selector(".combo-note:has-text('Nothing')")
    page.click(".save-bar .btn-primary")
    page.wait_for_selector(".combo-note:has-text('Nothing')")
    assert page.input_value("#manager_id-text") == "zzz"
    assert "/customer/change" in page.url
    page.keyboard.press("Escape")
    page.click(".fold > summary")
    page.check("[name=_change][value=remark]")
    page.keyboard.type("with a remark")
    page.click("#manager_id-text")
    page.keyboard.type("o1")
    page.wait_for_selector(".combo-list:not([hidden]) .combo-option:has-text('o1')")
    page.keyboard.press("Backspace")
    page.keyboard.type("3")
    # before the answer has come: what it names is taken, not what stood there
    page.keyboard.press("Enter")
    page.wait_for_url("**/customer/list/**")
    after = {row.id: (row.manager_id, row.remark) for row in rows("customer")}
    assert {after[one] for one in fifty[:3]} == {(world.users["o3"], "with a remark")}
    assert {one: after[one][0] for one in before if one not in fifty[:3]} == {
        one: before[one] for one in before if one not in fifty[:3]
    }
