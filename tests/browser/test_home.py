"""The first page of three roles: what stands there leads to exactly the rows that it counts."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from app.access.users import create_user
from app.core.clock import business_date
from app.core.db import unscoped
from app.core.web.links import show_url
from tests.browser.conftest import Visit
from tests.browser.errand import become, judged, seen
from tests.walk.world import World
from tests.web.approvals import role as role_named
from tests.web.people import add

ELSEWHERE = ("/audit_seal/list/",)
"""Figures that count rows of two logs, and lead to what they wait for."""
ROLES = {"Officer": {"kind": "own"}, "Manager": {"kind": "all"}, "Auditor": {"kind": "all"}}


@pytest.fixture(scope="module")
def people(world: World) -> dict[str, int]:
    """One of each role, with a task of today and a star, and what the house tells the officers alone."""
    with unscoped("the day of a test") as session:
        today = business_date(session)
    loan = world.rows["loan"][0][1]
    made = {}
    for role, grant in ROLES.items():
        name = role.lower()
        made[role] = create_user(name, "pw", role, grants=(grant,))
        about: dict[str, Any] = {"entity": "loan", "row_id": loan.id, "user_id": made[role]}
        if role != "Officer":
            add("favourite", **about)
        add(
            "task",
            title=f"Of today for {name}",
            author_id=made[role],
            due_on=today,
            open_due_on=today,
            **about,
        )
    with unscoped("a loan of the officer") as session:
        session.get_one(type(loan), loan.id).officer_id = made["Officer"]
    add(
        "announcement",
        title="Officers meet at noon",
        text="In the large room",
        role_id=role_named("Officer"),
        starts_on=today,
    )
    return made


def figures(visit: Visit) -> dict[str, tuple[str, str]]:
    """What each tile says and where it leads."""
    told = """(all) => all.map((one) => [one.querySelector('.tile-label').textContent,
        [one.querySelector('.tile-figure').textContent, one.getAttribute('href')]])"""
    return dict(visit.page.eval_on_selector_all("a.tile", told))


def behind(visit: Visit, address: str) -> str:
    """How many rows a list tells that it has."""
    page = visit.page.request.get(visit.address + address).text()
    assert "list-page" in page, address
    counted = re.search(r'class="pager-total"[^>]*>(.*?)</', page, re.DOTALL)
    return counted[1].split()[-1] if counted else "0"


@pytest.mark.browser
def test_each_number_of_the_home_page_of_three_roles_leads_to_its_rows(
    visit: Visit, world: World, people: dict[str, int]
) -> None:
    loan, page, wrong = world.rows["loan"][0][1], visit.page, {}
    for role in ROLES:
        become(visit, role.lower())
        visit.open(show_url("loan", loan.id))
        visit.open("/home/")
        for name, (figure, address) in figures(visit).items():
            is_count = re.fullmatch(r"[\d,]+", figure) and urlsplit(address).path.endswith("/list/")
            if is_count and address not in ELSEWHERE:
                counted = behind(visit, address)
                if counted != figure:
                    wrong[role, name] = (figure, counted, address)
        expect(page.locator("a.tile", has_text="My tasks").locator(".tile-figure")).to_have_text("1")
        expect(
            page.locator(".card", has_text="Recent").locator(".links-list", has_text=str(loan))
        ).to_be_visible()
        expect(page.locator(".card", has_text="Tasks for today").get_by_role("link", name=f"Of today for {role.lower()}")).to_be_visible()  # fmt: skip
        starred = page.locator(".card", has_text="Favourites").locator(".links-list", has_text=str(loan))
        expect(starred).to_have_count(0 if role == "Officer" else 1)
        expect(page.locator(".announcement", has_text="Officers meet at noon")).to_have_count(
            1 if role == "Officer" else 0
        )
        seen(visit, f"home-{role.lower()}")
    assert not wrong
    page.set_viewport_size({"width": 360, "height": 800})
    judged(visit, "home-phone")
    page.locator("a.tile", has_text="My tasks").click()
    expect(page.get_by_role("link", name="Of today for auditor").first).to_be_visible()
