"""An auditor at work: he finds who changed what, from where and why, and sees what is sealed and what was altered."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import expect

from app.access.users import create_user
from app.core import seals
from tests.browser.conftest import Visit
from tests.browser.errand import judged, seen
from tests.walk.world import World
from tests.web.people import Caller, rows


@pytest.fixture
def auditor(world: World) -> str:
    create_user("auditor", "pw", "Auditor", grants=({"kind": "all"},))
    return "auditor"


@pytest.fixture
def tamperer(database: Any) -> Iterator[Any]:
    """Somebody who stops at nothing; what he did is undone."""
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        # seals that the world invented belong to no chain
        connection.execute("DELETE FROM audit_seal WHERE previous !~ '^[0-9a-f]{64}$'")
        before: dict[int, str] = {}

        def alter(row_id: int) -> None:
            [(before[row_id],)] = connection.execute("SELECT reason FROM history WHERE id = %s", (row_id,)).fetchall()  # fmt: skip
            connection.execute("UPDATE history SET reason = 'Never mind' WHERE id = %s", (row_id,))

        yield alter
        for row_id, reason in before.items():
            connection.execute("UPDATE history SET reason = %s WHERE id = %s", (reason, row_id))


@pytest.mark.browser
def test_the_history_is_searched_by_person_value_and_source_and_an_altered_row_is_found_under_its_seal(
    visit: Visit, world: World, auditor: str, tamperer: Any, request: Any
) -> None:
    page, team = visit.page, rows("team")[0]
    program = Caller(request.getfixturevalue("_application"), "o1")
    said = {"Change-Reason": "They moved to the harbour"}
    assert program.call("PATCH", f"team/{team.id}", {"name": "Harbour 7"}, headers=said).status_code == 200  # fmt: skip
    [change] = [one for one in rows("history", entity="team", row_id=team.id) if one.reason == said["Change-Reason"]]  # fmt: skip
    visit.login(auditor)
    visit.open("/history/list/")
    seen(visit, "history")
    page.keyboard.press("f")
    page.get_by_role("textbox", name="Find a field").fill("Changes")
    page.keyboard.press("Enter")
    page.get_by_label("Condition").select_option("value")
    page.locator("[data-filter-form]").get_by_label("Value").fill("harbour")
    page.keyboard.press("Enter")
    page.wait_for_url("**changes__value=harbour")
    visit.open(f"{page.url.removeprefix(visit.address)}&user={world.users['o1']}&source=api")
    expect(page.locator("tbody tr")).to_have_count(1)
    judged(visit, "history-found")
    page.locator("tbody tr a").first.click()
    expect(page.locator("main")).to_contain_text(said["Change-Reason"])
    seen(visit, "history-row")

    assert seals.seal() > 0
    [seal, *_older] = [one for one in reversed(rows("audit_seal")) if one.entity == "history"]
    visit.open("/home/")
    expect(page.locator("a.tile", has_text="Not sealed yet").locator(".tile-figure")).not_to_have_text("")
    visit.open("/audit_seal/list/")
    seen(visit, "seals")
    visit.open(f"/audit_seal/show/{seal.id}?tab=check")
    expect(page.locator("#tab-panel")).to_contain_text("All of them are as they were sealed")
    seen(visit, "seal-right")
    tamperer(change.id)
    page.reload()
    expect(page.locator("#tab-panel")).to_contain_text("It was altered after it was sealed")
    visit.settle()
    judged(visit, "seal-altered")
    page.locator("#tab-panel tbody a").click()
    expect(page.locator("main")).to_contain_text("Never mind")
