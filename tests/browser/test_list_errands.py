"""Errands at a list: it is searched, arranged and handed on; a pasted column is worked on row by row."""

import re
from io import BytesIO

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect
from sqlalchemy import update

from app.core.db import unscoped
from app.models import Loan
from app.models.lending import LoanStatus
from tests.browser.conftest import SIZES, Visit
from tests.browser.errands import becomes, glance, look, shown
from tests.walk.world import World
from tests.web.people import rows, stored


def arrange(visit: Visit) -> None:
    """Search while typing, choose the columns and sort by two of them."""
    page = visit.page
    page.keyboard.press("/")
    page.keyboard.type("canary000")
    page.wait_for_url("**q=canary000")
    expect(page.locator("table.is-list tbody tr")).to_have_count(2)
    page.keyboard.press("Backspace")
    expect(page.locator("table.is-list tbody tr")).to_have_count(9)
    page.get_by_role("button", name="Columns").click()
    menu = page.locator("[data-columns]")
    for name in ("Product", "Days past due", "Overdue principal", "Officer"):
        menu.get_by_label(name, exact=True).uncheck()
    menu.get_by_label("Client", exact=True).check()
    menu.get_by_role("button", name="Show columns").click()
    page.wait_for_url("**cols=**")
    visit.settle()
    page.locator(".sorter", has_text="Status").click()
    page.wait_for_url("**sort=status")
    page.locator(".sorter", has_text="Principal outstanding").click(modifiers=["Shift"])
    page.wait_for_url(re.compile(r"sort=status(,|%2C)-principal_outstanding"))
    visit.settle()


def told_by(visit: Visit) -> list[list[str]]:
    """Heads and numbers of the workbook of the list."""
    with visit.page.expect_download() as download:
        visit.page.locator("[data-export-link]").click()
    sheet = load_workbook(BytesIO(download.value.path().read_bytes())).active
    [head, *lines] = sheet.iter_rows(values_only=True)
    return [[str(one) for one in head if one], [line[0] for line in lines if line[1]]]


@pytest.mark.browser
def test_a_list_searched_while_typing_arranged_and_sorted_by_two_opens_the_same_for_a_colleague_and_as_excel(
    visit: Visit, world: World
) -> None:
    page, colleague = visit.page, world.users["masked"]
    late = [world.rows["loan"][n][1].id for n in (1, 4, 6)]
    with unscoped("two states") as session:
        session.execute(update(Loan).where(Loan.id.in_(late)).values(status=LoanStatus.OVERDUE))
    visit.login("all")
    visit.open("/loan/list/")
    arrange(visit)
    seen, address = shown(visit), page.url.removeprefix(visit.address)
    loans = sorted(rows("loan"), key=lambda one: (str(one.status), -one.principal_outstanding))
    assert [line[0] for line in seen] == [one.number for one in loans]
    heads = page.locator("table.is-list thead th[scope=col]").evaluate_all(
        "(all) => all.map((one) => (one.querySelector('.sorter') || one).firstChild.textContent.trim())"
    )
    assert told_by(visit) == [heads, [one.number for one in loans]]
    glance(visit, "list-arranged")
    page.keyboard.press("v")
    page.get_by_label("Save this list as").fill("Late ones last")
    page.get_by_label("Shared with").select_option("common902")
    look(visit, "list-view-shared")
    page.keyboard.press("Enter")
    page.wait_for_url("**&view=*")
    [view] = rows("saved_view", name="Late ones last")
    assert view.role_id == stored("user", colleague).role_id

    becomes(visit, "masked")
    visit.open(address)
    assert shown(visit) == seen
    visit.open("/loan/list/")
    page.get_by_role("button", name="Views").click()
    page.locator("[data-views] a", has_text="Late ones last").click()
    page.wait_for_url(f"**view={view.id}")
    page.get_by_role("button", name="Late ones last").click()
    page.get_by_role("button", name="Open the list with it").click()
    page.wait_for_load_state()
    visit.open("/loan/list/")
    assert shown(visit) == seen
    assert [one.view_id for one in rows("view_start", user_id=colleague)] == [view.id]
    glance(visit, "list-of-colleague")


@pytest.mark.browser
@pytest.mark.parametrize("visit", SIZES, indirect=True, ids=["wide", "phone"])
def test_a_column_pasted_from_excel_makes_a_selection_of_which_each_row_tells_what_came_of_it(
    visit: Visit, world: World
) -> None:
    page, wide = visit.page, visit.page.viewport_size["width"] > 576  # type: ignore[index]
    reason, loans = f"Flood {wide}", [world.rows["loan"][n][1] for n in (1, 3, 4)]
    with unscoped("one of them is stopped already") as session:
        for one in loans:
            session.get_one(Loan, one.id).is_dunning_stopped = one is loans[1]
    visit.login("all")
    visit.open("/loan/list/")
    page.keyboard.press("f")
    page.get_by_role("link", name="Choose rows by a list").click()
    page.get_by_label("Paste a column").fill("\n".join([*(one.number for one in loans), "canary777z", "L-1"]))
    page.get_by_role("button", name="Find the rows").click()
    expect(page.get_by_role("heading", name="Rows found: 3")).to_be_visible()
    expect(page.get_by_label("Not found or not yours to see")).to_have_value("canary777z\nL-1")
    look(visit, "paste-found")
    page.get_by_role("link", name="Open the rows found").click()
    page.wait_for_url("**picked=*")
    assert sorted(line[0] for line in shown(visit)) == sorted(one.number for one in loans)
    for box in page.locator("tbody input[name=ids]").all():
        box.check()
    glance(visit, "paste-picked")
    if not wide:
        page.locator(".bulk-more > button").click()
    page.get_by_role("button", name="Stop dunning").click()
    expect(page.locator(".targets .count")).to_have_text("3")
    page.locator("#reason").fill(reason)
    look(visit, "paste-operation")
    page.keyboard.press("Control+s")
    page.wait_for_url("**picked=*")
    expect(page.locator("#toasts")).to_contain_text("Rows done: 2")
    expect(page.locator("#toasts")).to_contain_text(f"{loans[1].number}: Dunning is stopped already")
    glance(visit, "paste-done")
    assert all(stored("loan", one.id).is_dunning_stopped for one in loans)
    told = [one.row_id for one in rows("history", entity="loan", reason=reason)]
    assert sorted(told) == [loans[0].id, loans[2].id]
