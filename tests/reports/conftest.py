"""A module's database filled with the small book, and its users' browsers."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.reports.world import Book, make_book


@pytest.fixture(scope="module")
def book(database: Any) -> Book:
    return make_book()


@pytest.fixture
def client(app: Any, book: Book) -> Callable[[str], Any]:
    """A browser in which a user of the book has logged in by the login page."""
    return lambda name: logged_in(app, name)


def logged_in(app: Any, name: str) -> Any:
    browser = app.test_client()
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get("/login/").text)
    token = {"csrf_token": found.group(1)} if found else {}
    answer = browser.post("/login/", data={"username": name, "password": "pw", **token})
    assert answer.status_code == 302, answer.text
    return browser
