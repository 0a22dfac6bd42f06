"""What is done most often takes few clicks and keys, and these are counted: typing a text or a number is one entry."""

from dataclasses import dataclass
from io import BytesIO

import pytest
from openpyxl import load_workbook

from tests.browser.conftest import Visit
from tests.walk.world import World


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
