"""The help panel: every screen of the menu says what it is for; it tells of no screen that its reader may not open."""

import re

import pytest

from app.core.web import register
from app.core.web.help import guides
from app.core.web.help.topics import topics
from tests.web.shop import Shop

PART = {"X-Partial": "help"}


def told(shop: Shop, login: str, address: str) -> str:
    return str(shop.browser(login).get(address, headers=PART).text)


def test_every_line_of_the_menu_leads_to_a_screen_that_says_what_it_is_for(shop: Shop) -> None:
    silent = {}
    for entry in register.menu_entries():
        page = shop.admin.get(entry.url, follow_redirects=True).text
        found = re.search(r'data-help="/help/([^"]*)"', page)
        topic = topics().get(found[1]) if found else None
        if topic is None or len(str(topic.text)) < 80:
            silent[entry.url] = found[1] if found else None
    assert silent == {}


def test_a_panel_is_made_of_the_declaration(shop: Shop) -> None:
    page = told(shop, "admin", "/help/data_grant")
    assert "Several grants of a user add up" in page
    assert "Only if Kind: Branch and below" in page
    assert "Must be filled in" in page
    assert "Seen only with a data grant that opens everything" in page
    page = told(shop, "admin", "/help/loan")
    assert "Which rows you see is decided by your data grants" in page
    assert "One of: Current, In grace, Overdue, Settled, Written off" in page
    assert "<html" not in page
    assert "<html" in shop.admin.get("/help/loan").text


def test_a_verb_names_the_roles_that_have_the_right_to_it(shop: Shop) -> None:
    verbs = dict(
        re.findall(
            r"<dt>([^<]*?)\s*(?:<span.*?</span>)?</dt><dd>([^<]*)</dd>",
            told(shop, "admin", "/help/contact_note"),
        )
    )
    assert verbs["Add"] == "Administrator, Agent, Clerk, Officer"
    assert "Manager" in verbs["See the list"]


@pytest.mark.parametrize("login, topic", [("otto", "data_grant"), ("otto", "rule"), ("olga", "imports-new")])
def test_there_is_no_help_about_a_screen_that_its_reader_may_not_open(
    shop: Shop, login: str, topic: str
) -> None:
    assert shop.admin.get(f"/help/{topic}").status_code == 200
    assert shop.browser(login).get(f"/help/{topic}").status_code == 404
    assert shop.browser(login).get("/help/nothing-of-the-sort").status_code == 404


def test_a_page_that_says_nothing_of_itself_has_keys_and_guides(shop: Shop) -> None:
    page = told(shop, "otto", "/help/")
    assert "<kbd>?</kbd>" in page
    for name in guides.NAMES:
        assert f"/help/guide/{name}" in page
        assert shop.browser("otto").get(f"/help/guide/{name}").status_code == 200
    assert shop.browser("otto").get("/help/guide/add-an-entity").status_code == 404
    page = shop.admin.get("/help/guide/use-the-api").text
    assert "def call(method, path" in page
    assert "**" not in page.partition("<article")[2].partition("<pre")[0]
