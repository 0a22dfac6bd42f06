"""The bell in a browser: it counts, its list opens the record, and what was opened is read."""

from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from app.core import clock
from app.core.notices.settle import settle
from app.core.org import NotificationKind
from app.core.web import export_job
from app.core.web.links import show_url
from tests.browser.conftest import SIZES, Visit
from tests.browser.errand import become, judged, seen
from tests.walk.world import World
from tests.web.people import add, rows, stored


@pytest.mark.browser
@pytest.mark.parametrize("visit", SIZES, indirect=True, ids=["wide", "phone"])
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


@pytest.mark.browser
def test_who_chose_so_is_told_by_bell_by_mail_or_not_at_all(visit: Visit, world: World, request: Any) -> None:
    page, loan, reader = visit.page, world.rows["loan"][0][1], world.users["all"]
    ways = {"mention": "On the screen and by e-mail", "comment": "Not at all", "change": "On the screen"}
    visit.login("all")
    visit.open("/notifications/choices")
    for kind, way in ways.items():
        page.select_option(f"#kind-{kind}", label=way)
    seen(visit, "choices")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    visit.open(show_url("loan", loan.id))
    page.get_by_role("button", name="Follow").click()
    expect(page.get_by_role("button", name="Follow")).to_have_attribute("aria-pressed", "true")

    become(visit, "o1")
    for words in ("Look here @all", "Nobody is meant"):
        visit.open(show_url("loan", loan.id) + "?tab=activity")
        page.get_by_label("Comment", exact=True).fill(words)
        page.get_by_role("button", name="Add comment").click()
        expect(page.locator(".event-text", has_text=words)).to_be_visible()
    with request.getfixturevalue("_application").app_context():
        settle()
    mine = rows("notification", user_id=reader, row_id=loan.id, actor_id=world.users["o1"])
    known = {str(one.kind): one.mail_state for one in mine if one.comment_id}
    assert {kind: str(state) for kind, state in known.items()} == {"mention": "waiting"}


@pytest.mark.browser
def test_a_job_is_stopped_half_way_run_again_and_its_result_fetched_from_the_job_centre(
    visit: Visit, world: World, request: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, app = visit.page, request.getfixturevalue("_application")
    wanted = {"entity": "customer", "query": [], "language": "en"}
    job = add(
        "file_job", user_id=world.users["all"], title="All customers", request=wanted, file_name="c.xlsx"
    )
    monkeypatch.setattr(export_job, "STEP", 2)
    usual, halves = export_job._tell_rows, []

    def half_way(number: int, total: int, done: int) -> None:
        """The moment in which the job is at its half: its owner looks at it and has enough."""
        usual(number, total, done)
        if not halves:
            halves.append(done)
            visit.open("/jobs/")
            expect(page.get_by_role("progressbar", name="All customers")).to_be_visible()
            seen(visit, "job-running")
            page.get_by_role("link", name="Stop: All customers").click()
            page.locator(".save-bar .btn-primary, .save-bar .btn-danger-solid").click()
            expect(page.locator("#toasts")).not_to_be_empty()

    monkeypatch.setattr(export_job, "_tell_rows", half_way)
    visit.login("all")
    with app.app_context():
        assert not export_job.run(job)
    stopped = stored("file_job", job)
    assert (str(stopped.state), stopped.file_key) == ("stopped", None)
    visit.open("/jobs/")
    page.get_by_role("link", name="Run again: All customers").click()
    page.locator(".save-bar .btn-primary").click()
    expect(page.locator("#toasts")).not_to_be_empty()
    with app.app_context():
        assert export_job.run(job)
    visit.open("/jobs/")
    judged(visit, "job-done")
    with page.expect_download() as download:
        page.get_by_role("link", name="Open the result: All customers").click()
    sheet = load_workbook(BytesIO(download.value.path().read_bytes())).active
    assert sheet.max_row > len(rows("customer")) == stored("file_job", job).rows > halves[0]
