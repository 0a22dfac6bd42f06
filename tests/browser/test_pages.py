"""Every kind of page, wide and narrow, light and dark: readable by everyone, quiet, and from nowhere but here."""

import gzip
from typing import Any

import pytest

from app.core import registry
from app.core.web.links import is_shown, show_url
from tests.browser.conftest import Visit
from tests.walk.world import World

FIRST_LOAD, CHART_LOAD = 200_000, 450_000
NARROWEST = 360


def pages(world: World) -> list[str]:
    """One address of every kind of page, and every list and form of the product."""
    found = ["/home/", "/imports/new", "/resetmypassword/form", "/loan/chart/status", "/roles/2"]
    found += [report.url + "/" for report in registry.reports()]
    for entity in registry.entities():
        if not is_shown(entity):
            continue
        slug = entity.slug()
        found.append(f"/{slug}/list/")
        if "add" in entity.__screen__.operations.split():
            found.append(f"/{slug}/add")
        page = show_url(slug, world.rows[slug][0][1].id) if slug in world.rows else ""
        if page:
            found.append(page)
    loan = world.rows["loan"][0][1].id
    found += [
        f"/loan/do/{operation.name}?ids={loan}" for operation in registry.operations(registry.entity("loan"))
    ]
    return found


def kinds(world: World) -> list[str]:
    """One page of every kind."""
    loan, customer = (world.rows[slug][0][1].id for slug in ("loan", "customer"))
    return [
        "/home/", "/loan/list/?days_past_due__gt=0", "/customer/add", show_url("loan", loan), show_url("customer", customer),
        "/loan/chart/status", "/report/portfolio/", "/report/villages/", "/imports/new", "/roles/2", f"/message/show/{loan}",
        "/help/guide/custom-fields", "/message_template/add",
    ]  # fmt: skip


def check(visit: Visit, paths: list[str]) -> None:
    """Open each page; fail with all that is wrong on any of them."""
    visit.login("all")
    wrong: dict[str, Any] = {}
    for path in paths:
        visit.open(path)
        # what stands on a page is looked at wide and on a phone; on the narrowest, whether it fits
        seen = visit.violations() if visit.page.viewport_size["width"] > NARROWEST else []
        problems = seen + (["wider than the screen"] if visit.is_wider_than_screen() else [])
        if problems or visit.complaints or visit.foreign:
            wrong[path] = (problems, visit.complaints[:], visit.foreign[:])
            visit.complaints.clear()
            visit.foreign.clear()
    assert not wrong, "\n".join(f"{path}: {what}" for path, what in wrong.items())


@pytest.mark.browser
@pytest.mark.full
def test_every_page_is_accessible_quiet_and_from_here(visit: Visit, world: World) -> None:
    check(visit, pages(world))


@pytest.mark.browser
@pytest.mark.parametrize(
    "visit",
    [(1366, "light"), (390, "dark"), (360, "light")],
    indirect=True,
    ids=["wide", "phone dark", "narrow"],
)
def test_every_kind_of_page_is_accessible_quiet_and_from_here(visit: Visit, world: World) -> None:
    check(visit, kinds(world))


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(1366, "light")], indirect=True)
def test_the_login_and_error_pages_are_accessible(visit: Visit) -> None:
    for path in ("/login/", "/nothing/here"):
        visit.open(path)
        assert visit.violations() == []
    assert [text for text in visit.complaints if "404" not in text] == []


@pytest.mark.browser
def test_first_loads_are_small(visit: Visit) -> None:
    visit.login("all")
    for path, limit in (("/loan/list/", FIRST_LOAD), ("/loan/chart/status", CHART_LOAD)):
        bodies: list[bytes] = []
        visit.page.context.clear_cookies(name="nothing")
        visit.page.on(
            "response", lambda answer, kept=bodies: kept.append(answer.body()) if answer.ok else None
        )
        visit.open(path)
        size = sum(len(gzip.compress(body, 5)) for body in bodies)
        assert 20_000 < size < limit, (path, size)


@pytest.mark.browser
def test_ctrl_s_saves_a_form(visit: Visit, world: World) -> None:
    visit.login("all")
    visit.open("/department/add")
    visit.page.fill("#name", "Browser department")
    visit.page.keyboard.press("Control+s")
    visit.page.wait_for_url("**/department/show/*")
    from app.core.db import unscoped
    from app.core.org import Department

    with unscoped("what the browser stored") as session:
        assert session.query(Department).filter(Department.name == "Browser department").count() == 1
    assert world.rows["loan"]


@pytest.mark.browser
def test_the_palette_finds_a_loan_and_opens_it(visit: Visit, world: World) -> None:
    loan = world.rows["loan"][3][1]
    visit.login_by_hand("all")
    visit.page.keyboard.press("Control+k")
    visit.page.keyboard.type(loan.number, delay=20)
    visit.page.wait_for_selector("#palette-list [role=option]")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(f"**{show_url('loan', loan.id)}")
    assert visit.complaints == []
