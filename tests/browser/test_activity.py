"""A record's activity in a browser: a comment with a mention, an image that is seen, a star; a drawing that runs nothing."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete

from app.core.db import unscoped
from app.core.org import Favourite
from app.core.web.links import show_url
from tests.browser.conftest import SIZES, Visit
from tests.walk.world import World
from tests.web.people import rows
from tests.web.test_attachments import PNG, SVG


@pytest.mark.browser
@pytest.mark.parametrize("visit", SIZES, indirect=True, ids=["wide", "phone"])
def test_a_comment_an_image_and_a_star_are_made_by_hand(visit: Visit, world: World) -> None:
    loan, page = world.rows["loan"][0][1], visit.page
    width = page.viewport_size["width"] if page.viewport_size else 0
    with unscoped("no star yet") as session:
        session.execute(delete(Favourite))
    visit.login("o1")
    visit.open(show_url("loan", loan.id) + "?tab=activity")
    page.get_by_label("Comment", exact=True).press_sequentially("Ask @al")
    page.get_by_role("option", name="@all").wait_for()
    page.keyboard.press("Enter")
    page.get_by_label("Comment", exact=True).press_sequentially(f"at {width}")
    page.get_by_role("button", name="Add comment").click()
    expect(page.locator(".event-text", has_text=f"Ask @all at {width}")).to_be_visible()
    [comment] = rows("comment", text=f"Ask @all at {width}")
    assert [one.user_id for one in rows("mention", comment_id=comment.id)] == [world.users["all"]]

    page.get_by_label("File", exact=True).set_input_files(
        {"name": f"{width}.png", "mimeType": "text/plain", "buffer": PNG}
    )
    page.get_by_role("button", name="Attach file").click()
    image = page.locator(f'img[alt="{width}.png"]')
    image.scroll_into_view_if_needed()
    expect(image).to_have_js_property("naturalWidth", 1)

    page.get_by_role("button", name="Favourite").click()
    expect(page.get_by_role("button", name="Favourite")).to_have_attribute("aria-pressed", "true")
    assert [one.row_id for one in rows("favourite", user_id=world.users["o1"], row_id=loan.id)] == [loan.id]
    expect(page.locator("#tab-panel:not([aria-busy])")).to_be_visible()
    assert visit.violations() == []
    assert not visit.is_wider_than_screen()
    assert (visit.complaints, visit.foreign) == ([], [])
    visit.open("/home/")
    for card in ("Favourites", "Recent"):
        expect(
            page.locator(".card", has_text=card).locator(".links-list", has_text=str(loan))
        ).to_be_visible()


@pytest.mark.browser
def test_a_drawing_with_a_script_is_only_kept_and_runs_nothing(visit: Visit, world: World) -> None:
    loan, page = world.rows["loan"][0][1], visit.page
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    visit.login("o1")
    visit.open(show_url("loan", loan.id) + "?tab=activity")
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "d.svg", "mimeType": "image/svg+xml", "buffer": SVG}
    )
    page.get_by_role("button", name="Attach file").click()
    link = page.get_by_role("link", name="d.svg")
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "d.svg"
    answer = page.request.get(visit.address + str(link.get_attribute("href")))
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert ran == []
    assert page.url.startswith(visit.address + show_url("loan", loan.id))
