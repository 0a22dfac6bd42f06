"""A task given and done by hand, and a rule written, tried and seen at work, in a browser."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from app.core.rules import runner
from app.core.web.links import show_url
from tests.browser.conftest import SIZES, Visit
from tests.walk.world import World
from tests.web.people import rows


def judged(visit: Visit) -> None:
    """Nothing that axe finds, nothing beside the page, no complaint."""
    assert visit.violations() == []
    assert not visit.is_wider_than_screen()
    assert (visit.complaints, visit.foreign) == ([], [])


@pytest.mark.browser
@pytest.mark.parametrize("visit", SIZES, indirect=True, ids=["wide", "phone"])
def test_a_task_is_given_from_a_record_found_among_ones_own_and_done(visit: Visit, world: World) -> None:
    loan, page = world.rows["loan"][0][1], visit.page
    title = f"Call at {page.viewport_size['width'] if page.viewport_size else 0}"
    visit.login("o1")
    visit.open(show_url("loan", loan.id) + "?tab=task")
    page.locator("#tab-panel").get_by_role("link", name="Add", exact=True).click()
    page.get_by_label("What is to be done").fill(title)
    page.get_by_label("Due on").fill("2018-01-01")
    judged(visit)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#tab-panel")).to_contain_text(title)
    [task] = rows("task", title=title)
    assert (task.row_id, task.user_id) == (loan.id, world.users["o1"])
    judged(visit)
    visit.open("/tasks/")
    page.get_by_role("link", name=title).first.click()
    expect(page.locator("main")).to_contain_text("Overdue")
    page.get_by_role("link", name="Done").click()
    page.get_by_label("Note").fill("He pays")
    page.get_by_role("button", name="Done").click()
    expect(page.locator(".toast, [role=status], [role=alert]").first).to_be_visible()
    [done] = rows("task", title=title)
    assert (str(done.state), done.note, done.done_by_id) == ("done", "He pays", world.users["o1"])


def chooses(visit: Visit) -> None:
    """By the keyboard: a filter from the list's menu and away again, and fields and values as other inputs let them."""
    page = visit.page
    page.fill("#conditions", "")
    held = page.locator("[data-conditions-held]")
    expect(held).to_contain_text("Every record")
    page.get_by_role("button", name="Filter", exact=True).press("Enter")
    page.get_by_role("textbox", name="Find a field").fill("department")
    page.keyboard.press("Enter")
    page.get_by_label("Condition").select_option("null")
    page.locator("[data-filter-form]").get_by_label("Value").press("Enter")
    expect(held).to_contain_text("is empty")
    expect(page.locator("#conditions")).to_have_value("department__null=1")
    judged(visit)
    held.get_by_role("button").press("Enter")
    expect(page.locator("#conditions")).to_have_value("")
    page.select_option("#set_field", "department")
    expect(page.get_by_role("combobox", name="Value")).to_be_visible()
    page.select_option("#entity", "customer")
    expect(page.locator("#set_field option[value=is_vulnerable]")).to_have_count(1)
    page.select_option("#set_field", "is_vulnerable")
    expect(page.locator("select#set_value")).to_have_count(1)
    page.select_option("#set_value", "true")
    page.select_option("#entity", "team")
    expect(page.locator("#set_field")).to_have_value("")


@pytest.mark.browser
def test_a_rule_is_written_tried_and_carried_out(visit: Visit, world: World, request: Any) -> None:
    page = visit.page
    visit.login("all")
    visit.open("/rule/add")
    page.fill("#name", "Team renamed")
    page.select_option("#entity", "team")
    page.select_option("#event", "changed")
    page.fill("#conditions", "colour=red")
    page.get_by_role("combobox", name="Acts as").press_sequentially("all")
    page.get_by_role("option", name=re.compile("all", re.IGNORECASE)).first.click()
    page.fill("#comment", "Seen by a rule")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#error-conditions")).to_contain_text("colour")
    visit.complaints.clear()  # of the refusal
    judged(visit)
    chooses(visit)
    judged(visit)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/rule/show/*")
    [rule] = rows("rule", name="Team renamed")
    assert (rule.set_field, rule.set_value, rule.conditions) == (None, None, None)
    [team, *_others] = rows("team")
    visit.open(f"/team/edit/{team.id}")
    page.fill("#name", "Renamed by hand")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/team/show/*")
    visit.open(f"/rule/show/{rule.id}?tab=try")
    expect(page.locator("#tab-panel")).to_contain_text("Would have fired: 1")
    expect(page.locator("#tab-panel")).to_contain_text("Comment written")
    judged(visit)
    assert rows("comment", text="Seen by a rule") == []
    with request.getfixturevalue("_application").app_context():
        assert runner.run() == 1
    assert [one.row_id for one in rows("comment", text="Seen by a rule")] == [team.id]
    visit.open(f"/rule/show/{rule.id}?tab=rule_firing")
    expect(page.locator("#tab-panel")).to_contain_text("Comment written")
    judged(visit)
