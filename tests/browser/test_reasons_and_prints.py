"""A print is told to the access log by the page itself, and a reason is given where a record is changed or deleted."""

import pytest

from tests.browser.conftest import Visit
from tests.walk.world import World
from tests.web.people import add, rows

WHY = "By letter of 3 May"


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(390, "light")], indirect=True)
def test_what_is_printed_changed_or_deleted_is_kept_with_who_and_why(visit: Visit, world: World) -> None:
    visit.login("all")
    customer = world.rows["customer"][0][1]
    visit.open(f"/customer/show/{customer.id}")
    with visit.page.expect_response("**/printed/") as answer:
        visit.page.pdf()
    assert answer.value.status == 204
    [kept] = rows("audit_event", kind="print", row_id=customer.id)
    assert (kept.entity, kept.user_id) == ("customer", world.users["all"])
    team = add("team", name="To be renamed")
    visit.open(f"/team/edit/{team}")
    assert not visit.page.locator("#change_reason").is_visible()
    visit.page.locator("main details.fold > summary").focus()
    visit.page.keyboard.press("Enter")
    visit.page.fill("#change_reason", WHY)
    visit.page.fill("#name", "Renamed")
    assert (visit.violations(), visit.is_wider_than_screen()) == ([], False)
    visit.page.click(".save-bar .btn-primary")
    visit.settle()
    visit.page.click(".page-actions .dropdown > .btn, .dropdown > .btn:visible")
    visit.page.click("form[action^='/team/delete/'] button:visible")
    visit.page.locator("#confirm [data-why] > summary").click()
    visit.page.fill("#confirm-why", f"{WHY} again")
    assert visit.violations() == []
    visit.page.press("#confirm-why", "Enter")
    visit.page.wait_for_url("**/team/list/**")
    told = [(one.action, one.reason) for one in rows("history", entity="team", row_id=team)]
    assert told[1:] == [("change", WHY), ("delete", f"{WHY} again")]
    assert visit.complaints == []
