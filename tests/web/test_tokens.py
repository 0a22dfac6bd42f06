"""Programs with tokens: never more than their user, less where the token says so, at no other door, and not too often."""

import re
from datetime import timedelta
from typing import Any

import pytest
from limits import parse
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from app.core import clock, tokens
from app.core.db import unscoped
from app.core.org import ApiToken, User
from tests.web.people import rows, stored
from tests.web.shop import Shop
from tests.web.values import body

SHOWN = r"ld_[a-z2-7]{10}_[A-Za-z0-9_-]{43}"


def made(shop: Shop, name: str, **values: Any) -> str:
    """A token of that person, made past the screens; the whole of it."""
    public, whole, digest = tokens.make()
    with unscoped("a token of a test") as session:
        session.add(
            ApiToken(user_id=shop.users[name], name="Ledger", public_id=public, digest=digest, **values)
        )
    return whole


def call(
    shop: Shop, token: str, method: str = "GET", path: str = "customer/", said: Any = None, **more: Any
) -> Any:
    """One call that shows the token."""
    given = {} if said is None else {"json": said}
    client = shop.app.test_client(use_cookies=False)
    headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
    return client.open(f"/api/v1/{path}", method=method, headers=headers, **given, **more)


def change(slug: type[Any], row_id: int, **values: Any) -> None:
    with unscoped("a change of a test") as session:
        row = session.get_one(slug, row_id)
        for name, value in values.items():
            setattr(row, name, value)


def of(token: str) -> ApiToken:
    [found] = rows("api_token", public_id=token.rpartition("_")[0][:13])
    return found


def test_a_token_is_shown_once_and_only_its_digest_is_stored(shop: Shop) -> None:

    olga = shop.browser("olga")
    answer = olga.post(
        "/api_token/add",
        {"name": "Ledger of Olga", "addresses": "127.0.0.1 10.1.2.3/16", "calls_per_minute": "90"},
    )
    [token] = re.findall(SHOWN, answer.text)
    row = of(token)
    assert (answer.status_code, row.user_id, row.addresses) == (
        200,
        shop.users["olga"],
        "127.0.0.1/32, 10.1.0.0/16",
    )
    assert bytes(row.digest) == tokens.digest(token)
    assert row.calls_per_minute == 90
    secret = token.split("_", 2)[2]
    for page in (f"/api_token/show/{row.id}", "/api_token/list/", f"/api_token/edit/{row.id}"):
        assert secret not in olga.get(page).text, page
    listed = shop.admin.get("/api_token/list/").text
    assert row.public_id in listed
    assert "Olga Test" in listed, "administrators see whose it is"
    assert call(shop, token).status_code == 200
    assert of(token).last_used_from == "127.0.0.1"
    assert [one.action for one in rows("history", entity="api_token", row_id=row.id)] == ["create"], (
        "use is no change"
    )
    assert shop.browser("otto").get(f"/api_token/show/{row.id}").status_code == 404


def test_a_program_sees_and_changes_what_its_user_does_and_history_names_its_token(shop: Shop) -> None:
    token, mine, foreign = made(shop, "olga"), shop.customers[0], shop.customers[1]
    assert {row["id"] for row in call(shop, token).json["result"]} <= set(shop.customers[::2])
    for method, said in (("GET", None), ("PUT", {"name": "Taken"}), ("DELETE", None)):
        assert call(shop, token, method, f"customer/{foreign}", said).status_code == 404
    assert call(shop, token, "PUT", f"customer/{mine}", {"name": "Renamed"}).status_code == 200
    entry = rows("history", entity="customer", row_id=mine)[-1]
    assert (entry.source, entry.user_id, entry.reason) == (
        "api",
        shop.users["olga"],
        f"Ledger ({of(token).public_id})",
    )
    assert call(shop, token, "POST", "team/", {"name": "Hers"}).status_code == 403, "her role may not"
    answer = call(shop, token, headers={"Accept-Language": "ru"}, path="customer/?fields=colour")
    assert "Unknown fields" in answer.json["message"], "the language is her own"


def test_a_token_that_only_reads_or_names_its_records_gives_no_more(shop: Shop) -> None:
    reader, narrow = made(shop, "admin", is_read_only=True), made(shop, "admin", entities=["team"])
    answer = call(shop, reader, "POST", "team/", {"name": "Not made"})
    assert (answer.status_code, answer.json["message"]) == (403, "This token only reads")
    change(User, shop.users["admin"], language="ru")
    said = call(shop, reader, "POST", "team/", {"name": "Not made"}).json["message"]
    missing = call(shop, narrow, path="attachment/1/content").json["message"]
    change(User, shop.users["admin"], language="en")
    assert (said, missing) == ("Этот токен только читает", "Вам это не разрешено")
    loan = shop.loans[4]
    assert call(shop, reader, "POST", f"loan/{loan}/do/stop_dunning", {"reason": "x"}).status_code == 403
    assert call(shop, reader, path=f"loan/{loan}").status_code == 200
    assert call(shop, narrow, "POST", "team/", {"name": "Made by a program"}).status_code == 201
    assert call(shop, narrow, path=f"loan/{loan}").status_code == 403
    assert call(shop, narrow, path="team/?department.name=x").status_code in (400, 422), "nor by a filter"
    assert rows("team", name="Not made") == []


def test_what_is_over_withdrawn_or_shown_from_elsewhere_opens_nothing(shop: Shop) -> None:
    day = clock.now().date()
    good = made(shop, "admin", expires_on=day, addresses="10.0.0.0/8")
    assert call(shop, good, environ_base={"REMOTE_ADDR": "10.1.2.3"}).status_code == 200
    bad = {
        "elsewhere": good, "expired": made(shop, "admin", expires_on=day - timedelta(days=1)),
        "withdrawn": made(shop, "admin", withdrawn_at=clock.now()), "unknown": tokens.make()[1],
        "changed": good[:-1] + ("A" if good[-1] != "A" else "B"), "odd": "ld_x",
    }  # fmt: skip
    for why, token in bad.items():
        answer = call(shop, token)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer"), why
        assert "This token is not good here" in answer.json["message"]


def test_a_token_ends_with_its_users_login_and_follows_his_role_at_once(shop: Shop) -> None:
    token, user = made(shop, "auditor"), shop.users["auditor"]
    assert call(shop, token, path="history/").status_code == 200
    officer = stored("user", shop.users["olga"]).role_id
    was = stored("user", user).role_id
    change(User, user, role_id=officer)
    assert call(shop, token, path="setting/").status_code == 403
    change(User, user, role_id=was, active=False)
    assert call(shop, token, path="history/").status_code == 401
    change(User, user, active=True)


def test_a_token_is_no_login_and_makes_none(shop: Shop) -> None:
    token, user = made(shop, "admin"), shop.users["otto"]
    client = shop.app.test_client()
    for page in ("/home/", "/customer/list/", "/api_token/add", "/lookups/customer"):
        answer = client.get(page, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, "/login/" in answer.headers["Location"]) == (302, True), page
    for slug in ("api_token", "webhook"):
        assert call(shop, token, "POST", f"{slug}/", body(slug, shop, 1)).status_code == 403
        assert call(shop, token, "POST", f"{slug}/bulk", {"items": [body(slug, shop, 1)]}).status_code == 403
    before = of(token)
    for path in (f"user/{user}/do/set_password", f"api_token/{before.id}/do/withdraw_token"):
        assert call(shop, token, "POST", path, {"password": "Another-pw-1"}).status_code in (403, 404)
    assert of(token).withdrawn_at is None
    assert call(shop, token, path=f"api_token/{before.id}").status_code == 200


def test_a_token_is_withdrawn_by_its_owner_or_by_who_may_change_users(shop: Shop) -> None:
    first, second = made(shop, "olga"), made(shop, "olga")
    refused = shop.browser("agent").post("/api_token/do/withdraw_token", {"ids": of(first).id, "__run": "1"})
    assert of(first).withdrawn_at is None, refused.text
    for name, token in (("olga", first), ("admin", second)):
        shop.browser(name).post("/api_token/do/withdraw_token", {"ids": of(token).id, "__run": "1"})
        assert of(token).withdrawn_at is not None
        assert call(shop, token).status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"addresses": "home"},
        {"entities": "elephants"},
        {"expires_on": "2001-01-01"},
        {"calls_per_minute": "0"},
        {"calls_per_minute": "-1"},
        {"calls_per_minute": "601"},
        {"calls_per_minute": "many"},
    ],
)
def test_a_limit_that_is_none_is_refused_beside_its_field(shop: Shop, wrong: dict[str, str]) -> None:
    answer = shop.admin.post("/api_token/add", {"name": "Wrong", **wrong})
    assert (answer.status_code, rows("api_token", name="Wrong")) == (422, [])
    assert f'id="error-{next(iter(wrong))}"' in answer.text


def test_a_program_that_calls_too_often_is_told_when_the_next_call_is_answered(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, servers: Any
) -> None:
    limits = shop.app.extensions["call_limits"]
    monkeypatch.setitem(shop.app.config, "RATELIMIT_ENABLED", value=True)
    few = {"each": "3 per minute", "user": "5 per minute"}

    for name, said in few.items():
        monkeypatch.setattr(limits, name, parse(said))
    url = servers.redis_url.replace("unix://", "redis+unix://")
    for where in (url, "redis+unix:///nowhere/valkey.sock"):
        monkeypatch.setattr(limits, "shared", SlidingWindowCounterRateLimiter(storage_from_string(where)))
        monkeypatch.setattr(limits, "away_until", None)
        first, second = made(shop, "owner"), made(shop, "owner")
        seen = [call(shop, first) for _time in range(4)]
        assert [one.status_code for one in seen] == [200, 200, 200, 429], where
        assert 0 < int(seen[3].headers["Retry-After"]) <= 60
        assert "Too many calls" in seen[3].json["message"]
        assert seen[3].headers["RateLimit-Policy"] == "3;w=60"
        assert [call(shop, second).status_code for _time in range(3)] == [200, 200, 429], (
            "all of a user's together"
        )
        slow, eager = made(shop, "agent", calls_per_minute=2), made(shop, "agent", calls_per_minute=600)
        told = [call(shop, slow) for _time in range(3)]
        assert [one.status_code for one in told] == [200, 200, 429], where
        assert (told[2].headers["RateLimit-Policy"], "Retry-After" in told[2].headers) == ("2;w=60", True)
        answers = [call(shop, eager).status_code for _time in range(4)]
        assert 429 in answers, "never more than the installation allows"


def test_what_an_entity_does_not_offer_is_told_with_what_it_does(shop: Shop) -> None:
    admin = shop.caller("admin")
    for method, path, allowed in (
        ("POST", "history/", "GET"), ("POST", "user/", None), ("DELETE", f"user/{shop.users['olga']}", "GET, PATCH, PUT"),
        ("PUT", "audit_event/1", "GET"), ("POST", "setting/", "GET"),
    ):  # fmt: skip
        answer = admin.call(method, path, {})
        assert (answer.status_code == 405) == (allowed is not None), path
        assert allowed is None or answer.headers["Allow"] == allowed
