"""Names stand by the alphabet wherever people look for them: lists, choices, a role's page, layouts of files."""

import re
from collections.abc import Iterator
from html import unescape
from io import BytesIO

import pytest
from flask_babel import force_locale
from openpyxl import load_workbook

from app.core import codes
from app.core.alphabet import in_order
from app.core.db import unscoped
from app.servicing.intake import layouts
from tests.web.people import Browser, add, rows
from tests.web.shop import Shop

NAMES = ["Абрам", "Гук", "Ґудзь", "Єременко", "Жук", "Ільків", "їжакевич", "Ярема"]
LANGUAGES = ("en", "uk", "ru", "zh_Hans", "zh_Hant")


@pytest.fixture(scope="module")
def office(shop: Shop) -> Shop:
    """The shop with customers of Ukrainian names and the layouts that come with the product."""
    for name in reversed(NAMES):
        add("customer", client_id=shop.client, name=f"Ъ {name}")
    with unscoped("layouts of a test") as session:
        layouts.seed(session)
    return shop


@pytest.fixture(params=LANGUAGES)
def reader(office: Shop, request: pytest.FixtureRequest) -> Iterator[tuple[str, Browser]]:
    """The administrator's browser, in each of the languages."""
    browser = office.admin
    browser.get(f"/lang/{request.param}")
    yield request.param, browser
    browser.get("/lang/en")


def names_on(page: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"Ъ (\w+)", page)))


def test_a_list_a_lookup_and_a_file_have_customers_by_the_alphabet(office: Shop) -> None:
    assert names_on(office.admin.get("/customer/list/?q=Ъ&sort=name").text) == NAMES
    assert names_on(office.admin.get("/customer/list/?q=Ъ&sort=-name").text) == NAMES[::-1]
    found = office.admin.get("/lookups/customer?q=Ъ").json["results"]
    assert [one["text"] for one in found] == [f"Ъ {name}" for name in NAMES]


def test_a_roles_page_has_its_subjects_by_the_alphabet(reader: tuple[str, Browser]) -> None:
    _language, browser = reader
    labels = re.findall(r'<th scope="row"[^>]*>([^<]+)', browser.get("/roles/3").text)
    told = [unescape(one).strip() for one in labels]
    assert len(told) > 20
    assert told == in_order(told)


def test_layouts_that_come_with_the_product_are_called_in_the_readers_language(
    office: Shop, reader: tuple[str, Browser]
) -> None:
    language, browser = reader
    known = {row.name: row for row in rows("import_layout")}
    with office.app.test_request_context(), force_locale(language):
        titles = {name: codes.say("import_layout", row.title) for name, row in known.items()}
    assert [
        name for name, title in titles.items() if (title == known[name].title) != (language == "en")
    ] == []
    run = add(
        "import_run", layout_id=known["ua"].id, client_id=office.client, file_name="book.xlsx", state="done"
    )
    offered = re.findall(r'name="layout" value="([^"]+)".*?<b>([^<]+)', browser.get("/imports/new").text)
    assert [unescape(title) for _name, title in offered] == in_order(titles.values())
    assert {name: unescape(title) for name, title in offered} == titles
    listed = unescape(browser.get("/import_layout/list/?size=100").text)
    assert [title for title in titles.values() if title not in listed] == []
    for path in (f"/import_layout/show/{known['ua'].id}", "/import_run/list/", f"/imports/{run}", "/home/"):
        assert titles["ua"] in unescape(browser.get(path, follow_redirects=True).text), path
    found = browser.get("/lookups/import_layout", query_string={"q": titles["ua"]}).json["results"]
    assert [one["text"] for one in found] == [titles["ua"]]
    with browser.get("/import_run/export.xlsx?cols=layout") as answer:
        lines = load_workbook(BytesIO(answer.get_data())).worksheets[0].iter_rows(values_only=True)
    assert (titles["ua"],) in list(lines)


def test_a_layout_that_an_administrator_named_is_called_so_in_every_language(
    reader: tuple[str, Browser],
) -> None:
    _language, browser = reader
    [own] = rows("import_layout", name="write-offs-ua")
    with unscoped("an administrator names a layout") as session:
        session.get_one(type(own), own.id).title = "Списано 2018"
    assert "<b>Списано 2018</b>" in browser.get("/imports/new").text
    assert "Списано 2018" in browser.get("/import_layout/list/").text
    with unscoped("and takes the name back") as session:
        session.get_one(type(own), own.id).title = own.title
