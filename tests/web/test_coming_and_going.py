"""Logging in and out: what of Flask-AppBuilder's doors was open by its own is closed here."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pytest
from flask_jwt_extended import create_refresh_token
from werkzeug.security import check_password_hash

import config
from app import create_app
from app.access.users import create_user
from app.core import passwords
from app.core.db import unscoped
from app.core.errors import RuleError
from app.core.org import GrantKind, Role, User
from tests.web.people import Browser, Caller, rows

ALL = ({"kind": GrantKind.ALL},)


@pytest.fixture
def person(app: Any) -> str:
    """A new user of this test alone."""
    name = f"p{uuid4().hex[:12]}"
    create_user(name, "pw", "Administrator", grants=ALL)
    return name


def replay(app: Any, cookie: str) -> int:
    """The status of the home page under a cookie kept from earlier."""
    client = app.test_client(use_cookies=False)
    return client.get(
        "/home/", headers={"Cookie": f"{app.config['SESSION_COOKIE_NAME']}={cookie}"}
    ).status_code


def cookie_of(browser: Browser) -> str:
    return browser.client.get_cookie(browser.app.config["SESSION_COOKIE_NAME"]).value


def test_a_cookie_kept_from_before_the_logout_is_dead(app: Any, person: str) -> None:
    browser = Browser(app, person)
    kept = cookie_of(browser)
    assert replay(app, kept) == 200
    assert browser.post("/logout/").status_code == 302
    assert replay(app, kept) == 302
    user_id = rows("user", username=person)[0].id
    assert [event.kind for event in rows("audit_event", user_id=user_id)] == ["login", "logout"]


def test_a_new_password_ends_other_cookies_and_tokens_but_not_ones_own(app: Any, person: str) -> None:
    here, elsewhere, program = Browser(app, person), Browser(app, person), Caller(app, person)
    kept = cookie_of(elsewhere)
    assert program.call("GET", "customer/").status_code == 200
    answer = here.post("/resetmypassword/form", {"password": "new-Pw-1", "conf_password": "new-Pw-1"})
    assert answer.status_code == 302
    assert replay(app, kept) == 302
    assert program.call("GET", "customer/").status_code == 401
    assert here.get("/home/").status_code == 200
    assert Browser(app).login(person).headers["Location"].startswith("/login/")
    assert Browser(app, person, "new-Pw-1").get("/home/").status_code == 200


def test_a_refresh_token_ends_with_the_logout(app: Any, person: str) -> None:
    browser, client = Browser(app, person), app.test_client(use_cookies=False)
    with app.app_context():
        token = create_refresh_token(identity=str(rows("user", username=person)[0].id))
    headers = {"Authorization": f"Bearer {token}"}
    assert client.post("/api/v1/security/refresh", headers=headers).status_code == 200
    browser.post("/logout/")
    assert client.post("/api/v1/security/refresh", headers=headers).status_code == 401


def test_a_token_that_outlived_its_time_is_refused(app: Any, person: str, monkeypatch: Any) -> None:
    monkeypatch.setitem(app.config, "JWT_ACCESS_TOKEN_EXPIRES", timedelta(seconds=-1))
    assert Caller(app, person).call("GET", "customer/").status_code == 401


def test_a_disabled_user_loses_his_cookie_his_token_and_his_login(app: Any, person: str) -> None:
    browser, program = Browser(app, person), Caller(app, person)
    with unscoped("disable a user") as session:
        session.get_one(User, rows("user", username=person)[0].id).active = False
    assert browser.get("/home/").status_code == 302
    assert program.call("GET", "customer/").status_code == 401
    assert Browser(app).login(person).headers["Location"].startswith("/login/")


def test_a_user_without_a_role_sees_nothing(app: Any, person: str) -> None:
    with unscoped("take the role") as session:
        session.get_one(User, rows("user", username=person)[0].id).role_id = None
    browser = Browser(app, person)
    for path in ("/home/", "/customer/list/", "/user/list/", "/files/1", "/lookups/branch"):
        assert browser.get(path).headers.get("Location", "").startswith("/login/"), path


def test_a_user_has_exactly_one_role(app: Any, person: str) -> None:
    with unscoped("give a second role") as session:
        user = session.get_one(User, rows("user", username=person)[0].id)
        with pytest.raises(RuleError, match="exactly one role"):
            user.roles.append(session.query(Role).filter_by(name="Auditor").one())
    assert rows("user", username=person)[0].role_id == rows("role", name="Administrator")[0].id


@pytest.mark.parametrize("name", ["nobody-of-that-name", "known", "disabled", "no\x00body"])
def test_every_refused_login_costs_one_check_of_a_password(
    app: Any, person: str, name: str, monkeypatch: Any
) -> None:
    if name == "disabled":
        with unscoped("disable a user") as session:
            session.get_one(User, rows("user", username=person)[0].id).active = False
    checked = []

    def count(stored_hash: str, password: str) -> bool:
        checked.append(stored_hash.split("$", maxsplit=1)[0])
        return check_password_hash(stored_hash, password)

    monkeypatch.setattr(passwords, "check_password_hash", count)
    answer = Browser(app).login(person if name in ("known", "disabled") else name, "wrong")
    assert answer.headers["Location"].startswith("/login/")
    assert checked == [config.PASSWORD_HASH]


def test_passwords_are_kept_slow_to_guess_unless_told_otherwise() -> None:
    assert config.SETTINGS["PASSWORD_HASH"].default == "scrypt:32768:8:1"


def test_where_nothing_is_stored_no_password_is_right() -> None:
    assert not passwords.is_right(None, "")
    assert passwords.is_right(passwords.hashed("x"), "x")


def test_a_failed_login_is_counted_and_logged_at_that_user_only(app: Any, person: str) -> None:
    before = {user.id: user.fail_login_count for user in rows("user")}
    Browser(app).login(person, "wrong")
    Browser(app).login("nobody-at-all", "wrong")
    user = rows("user", username=person)[0]
    after = {one.id: one.fail_login_count for one in rows("user")}
    assert {uid for uid in after if after[uid] != before[uid]} == {user.id}
    assert [event.kind for event in rows("audit_event", user_id=user.id)] == ["login_failed"]


@pytest.mark.parametrize(
    "onward",
    [
        "//evil.example/",
        "https://evil.example/x",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "///evil.example",
    ],
)
def test_a_login_never_leads_to_another_host(app: Any, person: str, onward: str) -> None:
    answer = Browser(app).login(person, onward=onward)
    assert re.fullmatch(r"/(?![/\\]).*|/", answer.headers["Location"]), answer.headers["Location"]
    refused = Browser(app).login(person, "wrong", onward=onward).headers["Location"]
    assert re.match(r"/login/\?next=(%2F|/)(?!%2F|/|%5C)", refused), refused


def test_a_forged_host_does_not_carry_the_login_away(app: Any, person: str) -> None:
    client, there = app.test_client(), {"base_url": "http://evil.example"}
    mark = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login/", **there).text)
    assert mark
    data = {"username": person, "password": "pw", "csrf_token": mark[1]}
    answer = client.post(
        "/login/", data=data, query_string={"next": "http://evil.example/loan/list/"}, **there
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/loan/list/")


def test_the_login_leads_where_the_person_wanted_to_go(app: Any, person: str) -> None:
    asked = app.test_client().get("/customer/list/?q=wang")
    onward = re.search(r"next=([^&]+)", asked.headers["Location"])
    assert onward
    assert (
        Browser(app).login(person, onward=unquote(onward[1])).headers["Location"] == "/customer/list/?q=wang"
    )


@pytest.mark.parametrize("page", ["/customer/list/?q=wang&order=-id", "/home/"])
def test_another_language_is_shown_on_the_same_page_with_its_filters(
    app: Any, person: str, page: str
) -> None:
    browser = Browser(app, person)
    answer = browser.get("/lang/uk", headers={"Referer": f"http://localhost{page}"})
    assert (answer.status_code, answer.headers["Location"]) == (302, page)
    assert '<html lang="uk"' in browser.get(page).text


@pytest.mark.parametrize(
    "referrer",
    [
        "https://evil.example/loan/list/",
        "http://localhost.evil.example/home/",
        "http://localhost//evil.example/",
        "http://localhost/\\evil.example",
        "http://localhost@evil.example/home/",
        "http://[broken",
        "http://localhost/lang/ru",
        "",
    ],
)
def test_another_language_never_leads_away(app: Any, person: str, referrer: str) -> None:
    answer = Browser(app, person).get("/lang/uk", headers={"Referer": referrer})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_a_language_not_spoken_here_is_not_found(app: Any, person: str) -> None:
    assert Browser(app, person).get("/lang/tlh").status_code == 404


def test_the_cookie_is_secure_http_only_and_same_site(app: Any, person: str, monkeypatch: Any) -> None:
    monkeypatch.setitem(app.config, "SESSION_COOKIE_SECURE", True)  # noqa: FBT003
    answer = app.test_client().get("/login/", base_url="https://desk.example")
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(answer.headers["Set-Cookie"].split("; "))
    assert config.SETTINGS["SESSION_COOKIE_SECURE"].default == "yes"


def test_leaving_is_a_post_and_nothing_else(app: Any, person: str) -> None:
    browser = Browser(app, person)
    assert browser.get("/logout/").status_code in (404, 405)
    assert browser.client.post("/logout/").status_code == 400
    assert browser.get("/home/").status_code == 200


@pytest.mark.parametrize("door", ["/login/", "/api/v1/security/login"])
def test_login_attempts_from_one_address_are_limited_at_both_doors(
    servers: Any, database: Any, door: str
) -> None:
    limits = {"AUTH_RATE_LIMIT": "3 per minute", "RATELIMIT_STORAGE_URI": "memory://"}
    limited = create_app(TESTING=True, WTF_CSRF_ENABLED=False, **limits)
    client, wrong = limited.test_client(), {"username": "guesser", "password": "x", "provider": "db"}
    given = {"json": wrong} if "api" in door else {"data": wrong}
    seen = [client.post(door, **given).status_code for _attempt in range(5)]
    assert seen[3:] == [429, 429]
    assert 429 not in seen[:3]
    assert client.get("/login/").status_code == 200
