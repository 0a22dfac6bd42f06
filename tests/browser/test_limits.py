"""What cannot be done is said before it costs anything: a file of 200 MB, a custom field that is used."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from app.core.web.links import show_url
from tests.browser.conftest import Visit
from tests.browser.errand import judged
from tests.walk.world import World
from tests.web.people import add, rows


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(360, "dark")], indirect=True, ids=["phone"])
def test_a_file_of_200_mb_is_refused_beside_its_field_before_any_of_it_is_sent_and_a_used_field_is_not_deleted(
    visit: Visit, world: World, tmp_path: Path
) -> None:
    loan, page = world.rows["loan"][0][1], visit.page
    large, sent = tmp_path / "large.bin", []
    with large.open("wb") as file:
        file.truncate(200_000_000)
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    visit.login("all")
    visit.open(show_url("loan", loan.id) + "?tab=activity")
    chosen = page.get_by_label("File", exact=True)
    chosen.set_input_files(large)
    expect(page.get_by_role("alert")).to_have_text("The file is larger than 50 MB.")
    judged(visit, "too-large")
    page.get_by_role("button", name="Attach file").click()
    assert (sent, rows("attachment", name="large.bin")) == ([], [])
    chosen.set_input_files({"name": "small.txt", "mimeType": "text/plain", "buffer": b"small"})
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Attach file").click()
    expect(page.get_by_role("link", name="small.txt")).to_be_visible()
    assert len(rows("attachment", name="small.txt")) == 1

    field = add("custom_field", entity="loan", code="herd", kind="number", label_en="Herd")
    add("saved_view", user_id=world.users["all"], entity="loan", name="Large herds", query="c_herd__gt=100")
    visit.open(f"/custom_field/show/{field}")
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Delete").click()
    page.locator("#confirm [data-verb]").click()
    expect(page.locator("#toasts")).to_contain_text("It is still used. Saved views: Large herds")
    judged(visit, "field-used")
    assert len(rows("custom_field", id=field)) == 1
