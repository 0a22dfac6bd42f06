"""A person is erased by hand, on a phone: the form says what it means, and his history that it was done."""

import pytest
from playwright.sync_api import expect

from app.core.web.links import show_url
from tests.browser.conftest import Visit
from tests.walk.world import World
from tests.web.people import add, stored


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(360, "dark")], indirect=True, ids=["phone"])
def test_a_person_is_erased_by_hand_and_his_history_says_so(visit: Visit, world: World) -> None:
    page, client = visit.page, world.clients["y"].id
    customer = add("customer", client_id=client, name="Nadia Hidden", identity_number="621121198005050011")
    visit.login("all")
    visit.open(f"/customer/do/erase_customer?ids={customer}")
    expect(page.get_by_text("This cannot be undone.")).to_be_visible()
    page.locator("#reason").fill("asked for by letter")
    assert (visit.violations(), visit.is_wider_than_screen()) == ([], False)
    page.get_by_role("button", name="Erase personal values").click()
    expect(page.get_by_text("The personal values are erased")).to_be_visible()
    assert stored("customer", customer).name == f"••• {customer}"
    visit.open(show_url("customer", customer) + "?tab=activity")
    expect(page.locator(".event-text", has_text="Name: erased →").first).to_be_visible()
    assert (visit.violations(), visit.is_wider_than_screen()) == ([], False)
    assert (visit.complaints, visit.foreign) == ([], [])
