"""What people do between screens: one sits down in place of another, and somebody looks at what they see."""

import os
import re
from pathlib import Path

from tests.browser.conftest import Visit

SHOTS = os.environ.get("SHOTS")


def become(visit: Visit, name: str) -> None:
    """Another person logs in at the same screen; the theme stays."""
    visit.page.context.clear_cookies(name=re.compile("^(?!theme)"))
    visit.login(name)


def seen(visit: Visit, picture: str) -> None:
    """Nothing beside the page, no complaint, nothing from elsewhere; a picture for whoever asks."""
    page = visit.page
    if SHOTS:
        width = page.viewport_size["width"]  # type: ignore[index]
        page.screenshot(path=Path(SHOTS) / f"{picture}-{width}.png", full_page=True)
    assert not visit.is_wider_than_screen(), page.url
    assert not visit.complaints + visit.foreign, (page.url, visit.complaints, visit.foreign)


def judged(visit: Visit, picture: str) -> None:
    """The same, and nothing that axe finds."""
    seen(visit, picture)
    found = visit.violations()
    assert not found, found
