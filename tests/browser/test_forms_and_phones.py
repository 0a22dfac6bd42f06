"""A form survives another language and a second sending; on a phone nothing is cut or covered."""

import os
import re
from datetime import date
from typing import Any

import pytest

from tests.browser.conftest import Visit
from tests.walk.world import World
from tests.web.people import add, rows

CUT = """() => {
    const inside = (one) => { const box = one.getBoundingClientRect(); return box.left >= 0 && box.right <= innerWidth + 1; };
    const cut = [...document.querySelectorAll('form.bulk button')].filter((one) => one.offsetParent && !inside(one));
    return cut.map((one) => one.textContent.trim());
}"""
COVERED = """() => [...document.querySelectorAll('tr.is-picked')].flatMap((row) => {
    const tick = row.querySelector('.pick').getBoundingClientRect();
    return [...row.querySelectorAll('td:not(.pick, .tools)')].slice(1).filter((one) => {
        const box = one.getBoundingClientRect();
        return box.height && box.top < tick.bottom - 1 && box.right > tick.left + 1;
    }).map((one) => one.dataset.label);
})"""
BEGINS = """() => {
    const box = document.querySelector('.table-scroll:has(> .is-dense)'), top = box.getBoundingClientRect().top;
    return [...box.querySelectorAll('tbody tr')].map((row) => Math.round(row.getBoundingClientRect().top - top));
}"""


@pytest.fixture
def valkey(_application: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings may have been read before the tests' servers were there."""
    monkeypatch.setitem(_application.config, "REDIS_URL", os.environ["REDIS_URL"])


@pytest.mark.browser
@pytest.mark.usefixtures("valkey")
def test_a_form_keeps_what_is_typed_in_another_language_and_is_stored_once_after_back(
    visit: Visit, world: World
) -> None:
    page, name = visit.page, "Typed in two languages"
    visit.login("all")
    visit.open("/department/add")
    page.fill("#name", name)
    page.locator("[data-bs-toggle=dropdown]:has(use[href$='#language'])").click()
    page.locator("[data-tongue][lang=ru]").click()
    page.wait_for_selector("html[lang=ru]")
    assert page.input_value("#name") == name
    page.keyboard.press("Control+s")
    page.wait_for_url(re.compile("/department/show/"))
    stored = page.url
    page.go_back()
    page.wait_for_selector("#name")
    page.fill("#name", name)
    page.keyboard.press("Control+s")
    page.wait_for_url(stored)
    assert len(rows("department", name=name)) == 1
    assert visit.complaints == []


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(390, "light")], indirect=True, ids=["phone"])
def test_nothing_of_ticked_rows_or_a_schedule_is_cut_on_a_phone(visit: Visit, world: World) -> None:
    page = visit.page
    visit.login("all")
    visit.speak("ru")
    visit.open("/loan/list/")
    for place in (0, 1):
        page.locator("tbody input[name=ids]").nth(place).check()
    assert (page.evaluate(CUT), page.evaluate(COVERED)) == ([], [])
    page.locator(".bulk-more > button").click()
    assert page.evaluate(CUT) == []
    assert page.locator(".bulk-more .dropdown-menu button").first.is_visible()
    assert visit.violations() == []
    loan = world.rows["loan"][0][1]
    for number in range(1, 13):
        is_paid = number < 7
        line = {
            "principal": 100,
            "interest": 10,
            "balance": 0,
            "paid_on": date(2018, number, 1) if is_paid else None,
        }
        about = {"loan_id": loan.id, "customer_id": loan.customer_id, "number": 900 + number}
        add("instalment", due_on=date(2018, number, 1), **about, **line)
    visit.open(f"/loan/page/{loan.id}")
    tops = page.evaluate(BEGINS)
    assert min(map(abs, tops)) <= 1, "the first card that is seen begins at the top"
    assert not visit.is_wider_than_screen()
