"""What was typed into a form whose session had ended comes back after the login, to its writer alone."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import redis

from app.access.users import create_user
from app.core import registry
from app.core.db import unscoped
from app.core.org import GrantKind
from app.core.web import drafts
from app.core.web.fields import describe_all
from app.core.web.login import end_sessions
from tests.web.people import Browser, rows, stored
from tests.web.shop import Shop
from tests.web.test_two_writers import change, customer, opened

NAME = "Ірина Таємна"


@pytest.fixture(autouse=True)
def valkey(shop: Shop, monkeypatch: Any) -> None:
    """The settings may have been read before the tests' servers were there."""
    monkeypatch.setitem(shop.app.config, "REDIS_URL", os.environ["REDIS_URL"])


@pytest.fixture
def writer(shop: Shop) -> str:
    """A user of this test alone."""
    name = f"w{uuid4().hex[:10]}"
    create_user(name, "pw", "Administrator", grants=[{"kind": GrantKind.ALL}])
    return name


def form_at(browser: Browser, path: str) -> dict[str, str]:
    """The hidden inputs of a form and the values of its others, as a browser would send them."""
    return inputs_of(browser.get(path).text)


def inputs_of(page: str) -> dict[str, str]:
    inputs = re.findall(r"<input\b[^>]*>", page.split("data-guard", 1)[1])
    found = [(re.search(r'name="([^"]*)"', one), re.search(r'value="([^"]*)"', one)) for one in inputs]
    return {name[1]: unescape(value[1]) if value else "" for name, value in found if name}


def lose_cookie(browser: Browser) -> None:
    browser.client.delete_cookie(browser.app.config["SESSION_COOKIE_NAME"])


def valkey_of() -> Any:
    return redis.Redis.from_url(os.environ["REDIS_URL"])


def key_of(name: str) -> Any:
    """The name under which Valkey holds a form of a user; None for none."""
    return next(valkey_of().scan_iter(f"draft:{rows('user', username=name)[0].id}:*"), None)


def kept_of(name: str) -> Any:
    """What Valkey holds of a user."""
    key = key_of(name)
    return json.loads(valkey_of().get(key)) if key else None


def send_late(
    shop: Shop, name: str, path: str, typed: dict[str, Any], referrer: str = ""
) -> tuple[Browser, str]:
    """Open a form, lose the session, send the form; the browser and where the login leads."""
    browser = Browser(shop.app, name)
    given = {**form_at(browser, path), **typed}
    lose_cookie(browser)
    came = {"Referer": f"http://localhost{referrer or path}"}
    answer = browser.client.post(path.partition("?")[0], data=given, headers=came)
    assert answer.status_code == 302, answer.text
    return browser, answer.headers["Location"]


def come_back(browser: Browser, name: str, login: str) -> Any:
    data = {"username": name, "password": "pw", "csrf_token": browser.mark(login)}
    return browser.client.post(login, data=data, follow_redirects=True)


def test_a_form_sent_after_the_session_ended_comes_back_filled_and_unsaved(shop: Shop, writer: str) -> None:
    typed = {"client_id": str(shop.client), "name": NAME, "is_vulnerable": "y"}
    browser, login = send_late(shop, writer, "/customer/add", typed)
    assert login == "/login/?next=/customer/add"
    assert "what you typed is kept for an hour" in browser.get(login).text
    page = come_back(browser, writer, login)
    assert page.request.path == "/customer/add"
    assert f'value="{NAME}"' in page.text
    assert f'value="{shop.client}"' in page.text
    assert re.search(r'name="is_vulnerable"[^>]*checked|checked[^>]*name="is_vulnerable"', page.text)
    assert "nothing is saved yet" in page.text
    assert "data-restored" in page.text
    assert rows("customer", name=NAME) == []
    assert NAME not in browser.get("/customer/add").text
    assert kept_of(writer) is None


def test_what_comes_back_can_be_saved(shop: Shop, writer: str) -> None:
    name = f"Saved {uuid4().hex}"
    typed = {"client_id": str(shop.client), "name": name}
    browser, login = send_late(shop, writer, "/customer/add", typed)
    come_back(browser, writer, login)
    assert browser.post("/customer/add", typed).status_code == 302
    assert len(rows("customer", name=name)) == 1


def test_a_session_ended_by_a_logout_elsewhere_keeps_it_too(shop: Shop, writer: str) -> None:
    browser = Browser(shop.app, writer)
    given = {**form_at(browser, "/customer/add"), "name": NAME}
    with unscoped("log out elsewhere") as session:
        end_sessions(session, rows("user", username=writer)[0].id)
    answer = browser.client.post("/customer/add", data=given)
    page = come_back(browser, writer, answer.headers["Location"])
    assert f'value="{NAME}"' in page.text


def test_who_logged_in_again_in_another_window_gets_it_back_at_once(shop: Shop, writer: str) -> None:
    browser = Browser(shop.app, writer)
    given = {**form_at(browser, "/customer/add"), "name": NAME}
    lose_cookie(browser)
    browser.login(writer)
    page = browser.client.post("/customer/add", data=given, follow_redirects=True)
    assert f'value="{NAME}"' in page.text
    assert rows("customer", name=NAME) == []


def test_another_user_gets_an_empty_form(shop: Shop, writer: str) -> None:
    browser, login = send_late(shop, writer, "/customer/add", {"name": NAME})
    page = come_back(browser, "admin", login)
    assert page.request.path == "/customer/add"
    assert NAME not in page.text
    assert kept_of(writer)["page"] == "/customer/add"


def test_neither_the_address_nor_the_cookie_carries_what_was_typed(shop: Shop, writer: str) -> None:
    browser = Browser(shop.app, writer)
    given = {**form_at(browser, "/customer/add"), "name": "Plainname"}
    lose_cookie(browser)
    answer = browser.client.post("/customer/add", data=given)
    assert "Plainname" not in str(answer.headers)
    signed = browser.client.get_cookie(browser.app.config["SESSION_COOKIE_NAME"]).value
    told = browser.app.session_interface.get_signing_serializer(browser.app).loads(signed)
    assert "Plainname" not in str(told)


def test_passwords_marks_and_files_are_not_kept(shop: Shop, writer: str) -> None:
    send_late(shop, writer, "/user/add", {"username": "someone", "password": "Very-Secret-1"})
    kept = dict(kept_of(writer)["values"])
    assert kept["username"] == "someone"
    assert not {"password", drafts.MARK, "csrf_token"} & set(kept)


def test_every_password_of_a_form_is_known_by_its_name(shop: Shop) -> None:
    with shop.app.test_request_context():
        for entity in registry.entities():
            fields = describe_all(entity, entity.__screen__.form_columns)
            assert all("password" in f.column.key for f in fields if f.kind == "password")


def test_what_is_too_long_is_not_kept(shop: Shop, writer: str) -> None:
    browser, login = send_late(shop, writer, "/customer/add", {"name": NAME, "remark": "ї" * drafts.LARGEST})
    assert kept_of(writer) is None
    assert "kept for an hour" not in browser.get(login).text


def test_it_is_forgotten_after_an_hour(shop: Shop, writer: str) -> None:
    send_late(shop, writer, "/customer/add", {"name": NAME})
    assert 3500 < valkey_of().ttl(key_of(writer)) <= 3600


@pytest.mark.parametrize("mark", ["", "1", "WzFd.x.y"])
def test_a_form_without_a_true_mark_is_refused_as_before(shop: Shop, writer: str, mark: str) -> None:
    browser = Browser(shop.app)
    answer = browser.client.post("/customer/add", data={"name": NAME, drafts.MARK: mark})
    assert answer.status_code == 400
    assert kept_of(writer) is None


def test_a_record_changed_meanwhile_is_still_noticed_when_the_form_comes_back(
    shop: Shop, writer: str
) -> None:
    path, form = customer(shop, 1)
    browser, login = send_late(shop, writer, path, {**form, "name": NAME})
    change("customer", shop.customers[1], name="Changed meanwhile")
    page = come_back(browser, writer, login)
    assert f'value="{NAME}"' in page.text
    answer = browser.post(path, {**form, "_opened": opened(page), "name": NAME})
    assert answer.status_code == 409
    assert "Somebody else changed this record meanwhile: Name" in answer.text
    assert stored("customer", shop.customers[1]).name == "Changed meanwhile"


def test_the_form_of_an_operation_comes_back_with_its_rows(shop: Shop, writer: str) -> None:
    operation = next(one for one in registry.operations(registry.entity("loan")) if one.arguments)
    path = f"/loan/do/{operation.name}"
    browser = Browser(shop.app, writer)
    given = form_at(browser, f"{path}?ids={shop.loans[0]}")
    lose_cookie(browser)
    answer = browser.client.post(path, data=given, headers={"Referer": f"http://localhost{path}"})
    page = come_back(browser, writer, answer.headers["Location"])
    assert page.status_code == 200
    assert page.request.path == path
    assert f'name="ids" value="{shop.loans[0]}"' in page.text


def test_a_contact_note_comes_back_on_the_page_of_its_customer(shop: Shop, writer: str) -> None:
    page_url = f"/customer/page/{shop.customers[0]}"
    browser = Browser(shop.app, writer)
    found = re.search(r'name="_writer" value="([^"]+)"', browser.get(page_url).text)
    lose_cookie(browser)
    data = {drafts.MARK: found[1], "way": "phone", "text": "He will pay"}
    answer = browser.client.post(f"{page_url}/note", data=data)
    page = come_back(browser, writer, answer.headers["Location"])
    assert page.request.path == page_url
    assert "He will pay" in page.text
    assert rows("contact_note", text="He will pay") == []


def test_where_nothing_can_be_kept_the_login_still_comes(shop: Shop, writer: str, monkeypatch: Any) -> None:
    monkeypatch.setitem(shop.app.config, "REDIS_URL", "unix:///nowhere/at/all.sock")
    browser, login = send_late(shop, writer, "/customer/add", {"name": NAME})
    page = come_back(browser, writer, login)
    assert page.status_code == 200
    assert NAME not in page.text


def test_another_language_keeps_what_is_typed_and_saves_nothing(shop: Shop, writer: str) -> None:
    browser = Browser(shop.app, writer)
    given = {**form_at(browser, "/customer/add"), "client_id": str(shop.client), "name": NAME}
    came = {"Referer": "http://localhost/customer/add"}
    answer = browser.client.post("/lang/uk/form", data=given, headers=came)
    assert (answer.status_code, answer.json) == (200, {"url": "/customer/add"})
    page = browser.get("/customer/add").text
    assert f'value="{NAME}"' in page
    assert "Ось що ви ввели; ще нічого не збережено." in page
    assert rows("customer", name=NAME, manager_id=None) == []
    assert f'value="{NAME}"' not in browser.get("/customer/add").text, "it is given out once"
    stranger = shop.browser("olga")
    taken = stranger.client.post(
        "/lang/ru/form", data={**given, "csrf_token": stranger.mark("/home/")}, headers=came
    )
    assert (taken.status_code, NAME in stranger.get("/customer/add").text) == (409, False)
    assert (
        shop.browser("olga")
        .client.post("/lang/xx/form", data={"csrf_token": stranger.mark("/home/")})
        .status_code
        == 404
    )


def test_a_form_of_chosen_rows_is_led_back_to_with_them(shop: Shop, writer: str) -> None:
    browser, ids = Browser(shop.app, writer), [str(shop.loans[1]), str(shop.loans[2])]
    path = f"/loan/do/stop_dunning?ids={ids[0]}&ids={ids[1]}"
    given = {**form_at(browser, path), "ids": ids, "reason": NAME}
    # opened from a list by its button, the page has no rows in its address
    answer = browser.client.post(
        "/lang/uk/form", data=given, headers={"Referer": "http://localhost/loan/do/stop_dunning"}
    )
    assert NAME in browser.get(answer.json["url"]).text


def test_two_forms_in_two_windows_are_both_kept(shop: Shop, writer: str) -> None:
    browser = Browser(shop.app, writer)
    kept = {"/customer/add": NAME, "/team/add": "Команда"}
    given = {path: {**form_at(browser, path), "name": name} for path, name in kept.items()}
    lose_cookie(browser)
    led = {
        path: browser.client.post(path, data=data, headers={"Referer": f"http://localhost{path}"}).location
        for path, data in given.items()
    }
    for path, name in kept.items():
        lose_cookie(browser)
        assert f'value="{name}"' in come_back(browser, writer, led[path]).text


@contextmanager
def out_of_order(database: Any, code: int) -> Iterator[None]:
    """While the block runs the table of customers is not there, or no database at all."""
    if code == 503:
        with pytest.MonkeyPatch.context() as told:
            told.setenv("DATABASE_URL", "postgresql://loandesk@127.0.0.1:1/loandesk")
            yield
        return
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE customer RENAME TO away")
        yield
        connection.execute("ALTER TABLE away RENAME TO customer")


@pytest.mark.parametrize("code", [500, 503])
def test_a_form_that_fails_on_our_side_is_offered_again_as_it_was(
    shop: Shop, writer: str, database: Any, code: int
) -> None:
    browser, before = Browser(shop.app, writer), len(rows("customer"))
    given = {**form_at(browser, "/customer/add"), "client_id": str(shop.client), "name": NAME}
    with out_of_order(database, code):
        answer = browser.client.post("/customer/add", data=given)
    assert answer.status_code == code
    assert 'href="/customer/add"' in answer.text
    page = browser.get("/customer/add").text
    assert f'value="{NAME}"' in page
    assert "when it could not be carried out" in page
    assert len(rows("customer")) == before
