"""What the errands of people at a browser share: another person at the same desk, what a list shows, what must hold."""

import os
import re
from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Visit

SHOTS = os.environ.get("SHOTS")
CELLS = """() => [...document.querySelectorAll('table.is-list tbody tr')].map((row) =>
    [...row.cells].filter((cell) => !cell.matches('.pick, .tools')).map((cell) => cell.innerText.trim()))"""


def look(visit: Visit, name: str) -> None:
    """Nothing that axe finds, nothing beside the page, no complaint; a picture for whoever asks for one."""
    glance(visit, name)
    assert visit.violations() == [], name


def glance(visit: Visit, name: str) -> None:
    """The same for a screen that axe has seen in its kind elsewhere."""
    if SHOTS:
        width = visit.page.viewport_size["width"]  # type: ignore[index]
        visit.page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
    assert not visit.is_wider_than_screen(), name
    assert (visit.complaints, visit.foreign) == ([], []), name


def becomes(visit: Visit, name: str) -> None:
    """Somebody else sits down at the desk."""
    visit.page.context.clear_cookies(name=re.compile("^(?!theme)"))
    visit.login(name)


def shown(visit: Visit) -> list[list[str]]:
    """The cells of the list as they can be read."""
    found: list[list[str]] = visit.page.evaluate(CELLS)
    return found


def panel(visit: Visit) -> Locator:
    """The tab that is open, once it has come."""
    expect(visit.page.locator("#tab-panel:not([aria-busy])")).to_be_visible()
    return visit.page.locator("#tab-panel")


def choose(visit: Visit, label: str, words: str) -> None:
    """Type a few letters into a lookup and take what it finds."""
    page: Any = visit.page
    box = page.get_by_role("combobox", name=label, exact=True)
    box.fill(words)
    page.get_by_role("option", name=words).first.click()
