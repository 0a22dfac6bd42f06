"""While the database is away every page says so in the reader's language, and programs are told to come back."""

from typing import Any

import pytest

from tests.web.people import Browser, Caller
from tests.web.shop import Shop


@pytest.fixture
def at_work(shop: Shop) -> Browser:
    """Somebody who logged in before."""
    return Browser(shop.app, "olga")


@pytest.fixture
def program(shop: Shop) -> Caller:
    return Caller(shop.app, "olga")


@pytest.fixture
def away(shop: Shop, at_work: Browser, program: Caller, monkeypatch: Any) -> None:
    """No server listens where the database was."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://loandesk@127.0.0.1:1/loandesk")


@pytest.mark.parametrize(
    ("asked", "lang", "title"),
    [
        ("en", "en", "The database does not answer"),
        ("zh-TW,zh;q=0.9", "zh-Hant", None),
        ("uk-UA", "uk", None),
    ],
)
@pytest.mark.usefixtures("away")
def test_a_page_says_so_in_the_language_of_the_browser(
    at_work: Browser, asked: str, lang: str, title: str | None
) -> None:
    answer = at_work.get("/loan/list/?q=1", headers={"Accept-Language": asked})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert f'<html lang="{lang}"' in answer.text
    assert title is None or f"<h1>{title}</h1>" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert 'href="/loan/list/?q=1"' in answer.text
    assert "psycopg" not in answer.text


@pytest.mark.usefixtures("away")
def test_the_page_keeps_its_looks(at_work: Browser) -> None:
    page = at_work.get("/home/").text
    style = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    with at_work.get(style) as answer:
        assert answer.status_code == 200


@pytest.mark.usefixtures("away")
def test_a_form_is_answered_with_the_way_home(at_work: Browser) -> None:
    answer = at_work.client.post("/customer/add", data={"name": "x"})
    assert answer.status_code == 503
    assert 'href="/"' in answer.text


@pytest.mark.usefixtures("away")
def test_a_program_is_told_when_to_come_back(program: Caller) -> None:
    answer = program.call("GET", "loan/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert answer.json == {"message": "The database does not answer"}


def test_any_other_fault_of_ours_is_told_without_the_office_around_it(
    shop: Shop, at_work: Browser, monkeypatch: Any
) -> None:
    monkeypatch.setitem(shop.app.view_functions, "LocaleView.index", lambda **_given: 1 / 0)
    answer = at_work.get("/lang/uk")
    assert answer.status_code == 500
    assert "<html lang=" in answer.text
    assert "Retry-After" not in answer.headers
