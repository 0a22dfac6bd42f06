"""The bell in a browser: it counts, its list opens the record, and what was opened is read."""

import pytest
from playwright.sync_api import expect

from app.core import clock
from app.core.org import NotificationKind
from tests.browser.conftest import Visit
from tests.walk.world import World
from tests.web.people import add, rows, stored


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(1366, "light"), (360, "dark")], indirect=True, ids=["wide", "phone"])
def test_the_bell_leads_to_the_record_and_what_was_opened_is_read(visit: Visit, world: World) -> None:
    loan, page, reader = world.rows["loan"][0][1], visit.page, world.users["all"]
    told = {"user_id": reader, "entity": "loan", "row_id": loan.id, "actor_id": world.users["o1"], "checked_at": clock.now()}  # fmt: skip
    about = {NotificationKind.REPORT: f"2018-06-{visit.page.viewport_size['width'] % 28 + 1:02d}"}
    numbers = [
        add("notification", kind=kind, about=about.get(kind, "officer_id"), **told)
        for kind in NotificationKind
    ]
    visit.login_by_hand("all")
    page.locator("[data-bell]").click()
    expect(page.locator(".notice.is-unread").first).to_be_visible()
    before = page.locator("[data-bell-count]").inner_text()
    assert visit.violations() == []
    assert not visit.is_wider_than_screen()
    with page.expect_request("**/read") as sent:
        page.locator(f'[data-notice="/notifications/{numbers[0]}/read"]').click()
    assert sent.value.method == "POST"
    expect(page.get_by_role("heading", name=str(loan), exact=True)).to_be_visible()
    visit.open("/notifications/?unread=1")
    assert stored("notification", numbers[0]).read_at is not None
    expect(page.locator("[data-bell-count]")).to_have_text(str(int(before) - 1))

    visit.open("/notifications/choices")
    assert visit.violations() == []
    assert not visit.is_wider_than_screen()
    page.get_by_label("Somebody mentions you").select_option("On the screen and by e-mail")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    chosen = {str(one.kind): str(one.way) for one in rows("notification_choice", user_id=reader)}
    assert chosen["mention"] == "mail"

    add("file_job", user_id=reader, title="Loans", state="running", progress=40, rows=4000)
    add("file_job", user_id=reader, title="Customers", state="failed", message="The file could not be made")
    visit.open("/jobs/")
    expect(page.get_by_role("link", name="Stop: Loans").first).to_be_visible()
    assert visit.violations() == []
    assert not visit.is_wider_than_screen()
    assert (visit.complaints, visit.foreign) == ([], [])
