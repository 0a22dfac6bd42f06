"""The errand of a manager: a report beside each other and against an earlier period, its rows, home and the mail."""

from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from openpyxl import load_workbook
from playwright.sync_api import expect
from sqlalchemy import delete, update

from app.core import clock
from app.core.db import unscoped
from app.core.notices.settle import settle
from app.core.org import ReportSending, User
from app.core.web.builder import sending
from app.messaging import notice_mail
from app.models import Loan
from tests.browser.conftest import Visit
from tests.browser.errands import glance, look, shown
from tests.messaging.postbox import Postbox, open_postbox, way_to
from tests.walk.world import World
from tests.web.people import rows


@pytest.fixture(scope="module")
def post() -> Iterator[tuple[Postbox, Controller]]:
    with open_postbox() as running:
        yield running


@pytest.fixture
def given(world: World) -> list[Any]:
    """Loans of which three were given in the month before the business date's."""
    with unscoped("a month and the one before") as session:
        clock.set_business_date(session, date(2018, 6, 25))
        session.execute(delete(ReportSending))
        early = [one.id for _n, one in world.rows["loan"][:3]]
        session.execute(update(Loan).where(Loan.id.in_(early)).values(disbursed_on=date(2018, 5, 10)))
        session.execute(update(User).where(User.username == "all").values(email="all@bank.example"))
    return rows("loan")


def cells(visit: Visit, part: str = "tbody") -> list[list[str]]:
    found: list[list[str]] = visit.page.evaluate(
        f"[...document.querySelectorAll('table.built {part} tr')].map((row) => [...row.cells].map((one) => one.innerText.trim()))"
    )
    return found


def choose(visit: Visit, name: str, value: str, said: str) -> None:
    visit.page.select_option(f"[data-builder] [name={name}] >> nth=0", value)
    visit.page.wait_for_url(f"**{said}**")
    visit.settle()


@pytest.mark.browser
@pytest.mark.full
def test_a_report_beside_each_other_and_against_the_month_before_leads_to_its_rows_stands_at_home_and_is_mailed(
    visit: Visit, world: World, given: list[Any], post: tuple[Postbox, Controller], request: Any
) -> None:
    page, (box, server) = visit.page, post
    visit.login("all")
    visit.open("/user_report/build/loan")
    choose(visit, "_row", "branch", "_row=branch")
    choose(visit, "_col", "client", "_col=client")
    expect(page.locator("table.built thead tr").first).to_contain_text("canary900z")
    of_hq = [one for one in given if one.branch_id == world.branches["hq"].id]
    assert [line[1:] for line in cells(visit) if line[0] == "hq"] == [["1", "1", str(len(of_hq))]]
    assert cells(visit, "tfoot")[0][-1] == "9"
    glance(visit, "report-pivot")
    choose(visit, "_col", "", "_row=branch")
    choose(visit, "_on", "disbursed_on", "_on=disbursed_on")
    choose(visit, "_period", "this-month", "_period=this-month")
    choose(visit, "_versus", "previous", "_versus=previous")
    assert cells(visit, "tfoot")[0][1:4] == ["6", "3", "3"]
    heads = page.locator("table.built thead th.num").evaluate_all(
        "(all) => all.map((one) => getComputedStyle(one).textAlign)"
    )
    assert heads == ["right"] * 4, "a head stands over its numbers"
    look(visit, "report-compared")
    keeps(visit)
    before = page.locator("table.built tfoot td.num a").nth(1)
    before.click()
    page.wait_for_url("**/loan/list/**")
    visit.settle()
    assert {line[0] for line in shown(visit)} == {one.number for one in given if one.disbursed_on.month == 5}
    glance(visit, "report-rows")
    page.go_back()
    stands_at_home(visit)
    assert mailed(box, server, request.getfixturevalue("_application")) == ["all@bank.example", 6]


def keeps(visit: Visit) -> None:
    """Keep the report under a name."""
    page = visit.page
    page.get_by_role("button", name="Save", exact=True).first.click()
    page.fill("#report-name", "Given this month")
    page.keyboard.press("Enter")
    page.wait_for_url("**_report=**")


def stands_at_home(visit: Visit) -> None:
    """Put it on the home page as a number, have it sent each day, and come back to it from there."""
    page, [report] = visit.page, rows("user_report", name="Given this month")
    page.get_by_role("button", name="On the home page").click()
    page.locator(".dropdown-menu.show button", has_text="As a number").first.click()
    page.wait_for_load_state()
    page.get_by_role("button", name="Send by e-mail").click()
    page.get_by_label("On these days").select_option("day")
    look(visit, "report-sending")
    page.locator(".views-save:visible .btn-primary").click()
    expect(page.locator("#toasts")).to_contain_text("Saved")
    assert [str(one.kind) for one in rows("home_tile", report_id=report.id)] == ["number"]
    visit.open("/home/")
    tile = page.locator(".tile", has_text="Given this month")
    expect(tile).to_contain_text("6")
    expect(tile).to_contain_text("before 3")
    glance(visit, "report-home")
    tile.click()
    page.wait_for_url(f"**_report={report.id}**")


def mailed(box: Postbox, server: Controller, app: Any) -> list[Any]:
    """To whom the one mail went, and the total of the workbook in it."""
    with unscoped("the hour has come") as session:
        session.execute(update(ReportSending).values(next_at=clock.now() - timedelta(minutes=1)))
    with app.app_context():
        sending.note_due()
        settle()
        notice_mail.send_due(lambda: way_to(server))
    [(to, mail)] = box.mails
    [file] = list(mail.iter_attachments())
    sheet = list(load_workbook(BytesIO(file.get_content())).worksheets[0].values)
    return [to[0], int(sheet[-1][1])]
