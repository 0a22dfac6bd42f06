"""The pages of a loan and a customer: every word of their tables can be read without moving them sideways."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.core.clock import business_date
from app.core.db import unscoped
from app.core.web.links import show_url
from app.models import Instalment
from config import LANGUAGES
from tests.browser.conftest import Visit
from tests.walk.world import World

WORDIEST = ("uk", "ru")
"""The languages of the longest words."""
CUT = """() => [...document.querySelectorAll('.table-scroll, .sheet tbody td, .sheet tfoot td, .tone')].filter((one) =>
    one.getClientRects().length && getComputedStyle(one).display !== 'inline' && (one.scrollWidth > one.clientWidth + 1
    || one.getBoundingClientRect().right > innerWidth + 1)).map((one) => one.textContent.trim().slice(0, 60))"""
COLUMNS = """() => [...document.querySelectorAll('.is-dense tbody tr')].slice(0, 3).map((row) =>
    [...row.cells].slice(2, 6).map((cell) => Math.round(cell.getBoundingClientRect().right)))"""


def long_loan(world: World) -> tuple[int, int]:
    """(id of a loan, of its customer) with a schedule of amounts as long as people lend, in every state."""
    loan = world.rows["loan"][0][1]
    with unscoped("a schedule of many digits") as session:
        on = business_date(session)
        is_there = (
            session.scalar(select(func.max(Instalment.number)).where(Instalment.loan_id == loan.id)) == 124
        )
        for number in () if is_there else range(101, 125):
            due_on = on + timedelta(days=30 * (number - 112))
            is_paid = number < 109
            amounts = {"principal": Decimal("1038796.67"), "interest": Decimal("217122.19")}
            paid = {f"{name}_paid": amount for name, amount in amounts.items()} if is_paid else {}
            paid_on = due_on if is_paid else None
            line = Instalment(
                loan_id=loan.id,
                customer_id=loan.customer_id,
                number=number,
                balance=0,
                due_on=due_on,
                paid_on=paid_on,
                **amounts,
                **paid,
            )
            if number == 113:
                line.principal_paid = Decimal(1)
            session.add(line)
    return loan.id, loan.customer_id


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(1366, "light"), (390, "light")], indirect=True, ids=["wide", "phone"])
@pytest.mark.parametrize(
    "languages", [WORDIEST, pytest.param(LANGUAGES, marks=pytest.mark.full)], ids="+".join
)
def test_no_word_of_a_record_page_is_cut(visit: Visit, world: World, languages: Iterable[str]) -> None:
    loan, customer = long_loan(world)
    visit.login("all")
    cut = {}
    for language in languages:
        visit.speak(language)
        for path in (show_url("loan", loan), show_url("customer", customer)):
            visit.open(path)
            assert visit.page.locator(".is-dense tbody tr").count() > 0
            for tab in visit.page.locator("[data-tab-url]").all():
                tab.click()
                visit.page.locator("#tab-panel:not([aria-busy])").wait_for()
                found = visit.page.evaluate(CUT)
                if found or visit.is_wider_than_screen():
                    cut[f"{language} {path} {tab.inner_text()}"] = found
    assert not cut


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(1366, "light"), (390, "light")], indirect=True, ids=["wide", "phone"])
def test_the_amounts_of_a_schedule_stand_below_each_other(visit: Visit, world: World) -> None:
    visit.login("all")
    visit.open(show_url("loan", long_loan(world)[0]))
    ends = visit.page.evaluate(COLUMNS)
    assert ends[0]
    assert all(row == ends[0] for row in ends)
