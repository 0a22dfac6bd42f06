"""The help panel: opened by button and key, closed by Esc, and the focus is where it was."""

from typing import Any

import pytest
from flask_babel import force_locale

from app.core.web.help.topics import topics
from config import LANGUAGES
from tests.browser.conftest import Visit
from tests.browser.errand import seen


@pytest.mark.browser
@pytest.mark.parametrize("visit", [(360, "light"), (1366, "dark")], indirect=True, ids=["phone", "dark"])
def test_the_panel_opens_closes_and_gives_the_focus_back(visit: Visit) -> None:
    visit.login("all")
    visit.open("/loan/list/")
    page = visit.page
    page.focus("[data-help-open]")
    page.keyboard.press("Enter")
    page.get_by_text("Credit agreements with their terms").wait_for()
    page.locator("#help.show:not(.showing)").wait_for()
    assert page.evaluate("document.activeElement.closest('#help') !== null")
    assert visit.violations() == []
    assert not visit.is_wider_than_screen()
    if page.viewport_size["width"] == 360:
        assert page.locator("#help").bounding_box()["width"] == 360
    page.keyboard.press("j")
    assert page.locator("tr.is-cursor").count() == 0, "keys of the list rest while the panel is open"
    page.keyboard.press("Escape")
    page.locator("#help").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.hasAttribute('data-help-open')")
    assert visit.complaints == []


@pytest.mark.browser
def test_the_help_of_every_screen_is_told_in_five_languages(visit: Visit, request: Any) -> None:
    texts = {}
    for language in LANGUAGES:
        with request.getfixturevalue("_application").test_request_context(), force_locale(language):
            texts[language] = {name: str(one.text) for name, one in topics().items() if one.text}
    visit.login("all")
    for language, told in texts.items():
        same = [name for name, text in told.items() if text == texts["en"][name]]
        assert bool(same) == (language == "en"), (language, same)
        visit.speak(language)
        visit.open("/audit_seal/list/")
        visit.page.keyboard.press("?")
        visit.page.get_by_text(told["audit_seal"]).wait_for()
        seen(visit, f"help-{language}")
    assert visit.violations() == []
    visit.speak("en")
