"""What is to be chosen can be read: selects look like selects and hold their longest option, badges hold their words."""

from collections.abc import Iterable

import pytest

from app.core import registry
from tests.browser.conftest import Visit
from tests.walk.world import World

WORDIEST = ("uk", "ru")
"""The languages of the longest words."""
ARROWLESS = """() => [...document.querySelectorAll('select:not([multiple], [hidden])')].filter((one) =>
    getComputedStyle(one).backgroundImage === 'none').map((one) => one.id)"""
CUT_OPTIONS = """() => [...document.querySelectorAll('select:not([multiple], [hidden])')].flatMap((one) => {
    const style = getComputedStyle(one), pen = document.createElement('canvas').getContext('2d');
    pen.font = style.font;
    const room = one.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return [...one.options].filter((option) => pen.measureText(option.text).width > room + 1)
        .map((option) => `${one.name}: ${option.text} ${Math.round(room)}`);
})"""
CUT_BADGES = """() => [...document.querySelectorAll('.sheet td .tone')].filter((one) => {
    const cell = one.closest('td').getBoundingClientRect(), own = one.getBoundingClientRect();
    return one.scrollWidth > one.clientWidth + 1 || own.right > cell.right || own.bottom > cell.bottom;
}).map((one) => one.textContent)"""
BROKEN_WORDS = """() => {
    document.querySelectorAll('details[data-nav]').forEach((group) => { group.open = true; });
    return [...document.querySelectorAll('.side-link > span, .side-list a > span')].flatMap((one) =>
        [...one.firstChild.data.matchAll(/\\S+/g)].map((word) => {
            const range = new Range();
            range.setStart(one.firstChild, word.index);
            range.setEnd(one.firstChild, word.index + word[0].length);
            return [word[0], range.getClientRects().length];
        })).filter(([, lines]) => lines > 1);
}"""
LONG = "Номер або адреса недійсні чи не мають використовуватися"


def forms(world: World) -> list[str]:
    """Forms with codes to choose, and every report."""
    loan = world.rows["loan"][0][1]
    edited = [
        f"/product/edit/{loan.product_id}",
        f"/client/edit/{loan.client_id}",
        f"/customer/edit/{loan.customer_id}",
    ]
    return [*edited, "/bucket/edit/1", *(f"{report.url}/" for report in registry.reports())]


@pytest.mark.browser
def test_every_select_of_a_form_looks_like_one(visit: Visit, world: World) -> None:
    visit.login("all")
    found = {}
    for path in forms(world):
        visit.open(path)
        found[path] = visit.page.evaluate(ARROWLESS)
    assert not {path: bare for path, bare in found.items() if bare}


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(1366, "light"), (390, "light")], indirect=True, ids=["wide", "phone"])
@pytest.mark.parametrize("languages", [WORDIEST], ids="+".join)
def test_every_select_holds_its_longest_option(visit: Visit, world: World, languages: Iterable[str]) -> None:
    visit.login("all")
    paths = [path for path in forms(world) if visit.page.viewport_size["width"] > 500 or "client" not in path]
    cut = {}
    for language in languages:
        visit.speak(language)
        for path in paths:
            visit.open(path)
            fold = visit.page.locator("[data-params][aria-expanded=false]")
            if fold.is_visible():
                fold.click()
            found = visit.page.evaluate(CUT_OPTIONS)
            if found or visit.is_wider_than_screen():
                cut[f"{language} {path}"] = found
        if broken := visit.page.evaluate(BROKEN_WORDS):
            cut[f"{language} menu"] = broken
    assert not cut


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(1366, "light"), (390, "light")], indirect=True, ids=["wide", "phone"])
@pytest.mark.parametrize("path", ["/product/list/", "/message_template/list/", "/message/list/"])
def test_a_badge_of_a_list_holds_its_words(visit: Visit, path: str) -> None:
    visit.login("all")
    visit.speak("uk")
    visit.open(path)
    badges = visit.page.locator(".sheet td .tone")
    assert badges.count() > 0
    badges.first.evaluate("(one, words) => { one.textContent = words; }", LONG)
    assert visit.page.evaluate(CUT_BADGES) == []
    visit.speak("en")
