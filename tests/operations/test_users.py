"""Users: made on the form, given a password, taken away and given back; and what a data grant must say."""

from typing import Any

import pytest

from tests.operations.desk import Desk
from tests.operations.test_typed_rows import id_in, refusal
from tests.web.people import Browser, Caller, rows, stored

PASSWORD = "green Hills 7"


def role(name: str) -> int:
    return int(rows("role", name=name)[0].id)


def make(desk: Desk, username: str, **changed: Any) -> Any:
    """A user typed by the administrator."""
    given = {
        "username": username,
        "first_name": "Olena",
        "last_name": "K",
        "role_id": role("Auditor"),
        "kind": "staff",
        "language": "uk",
    }
    return desk.browser("admin").post("/user/add", {**given, **changed})


def test_a_user_made_on_the_form_logs_in_once_he_has_a_password(desk: Desk) -> None:
    made = id_in(make(desk, "olena"))
    user = stored("user", made)
    assert (user.active, user.email, user.role_id) == (True, "olena@example.invalid", role("Auditor"))
    assert Browser(desk.app).login("olena", PASSWORD).headers["Location"].startswith("/login/")
    answer = desk.run("admin", "/user/do/set_password", [made], password=PASSWORD)
    assert "can log in with the new password" in desk.browser("admin").get(answer.headers["Location"]).text
    assert Browser(desk.app, "olena", PASSWORD).get("/home/").status_code == 200
    [event] = rows("audit_event", kind="password_set", row_id=made)
    assert (event.user_id, event.about) == (desk.users["admin"], "olena")


@pytest.mark.parametrize(
    "changed, field, reason",
    [
        ({"role_id": ""}, "role_id", "what he may do"),
        ({"username": "Clerk"}, "username", "Another user has this login name"),
        ({"username": "two words"}, "username", "no blanks"),
        ({"email": "nowhere"}, "email", "is no e-mail address"),
        ({"email": "CLERK@example.invalid"}, "email", "Another user has this address"),
        ({"username": ""}, "username", "Needed"),
    ],
)
def test_a_user_who_could_not_be_told_apart_is_refused(
    desk: Desk, changed: dict[str, str], field: str, reason: str
) -> None:
    answer = make(desk, changed.pop("username", "refused"), **changed)
    assert answer.status_code == 422
    assert reason in refusal(answer.text, field)
    assert rows("user", username="refused") == []


@pytest.mark.parametrize(
    "password, reason",
    [("short", "At least 8"), ("aaaaaaaaaa", "guessed"), ("guessable", "guessed"), ("", "Needed")],
)
def test_a_password_that_is_guessed_at_once_is_refused_and_never_shown(
    desk: Desk, password: str, reason: str
) -> None:
    found = rows("user", username="guessable")
    made = found[0].id if found else id_in(make(desk, "guessable"))
    answer = desk.run("admin", "/user/do/set_password", [made], password=password)
    assert answer.status_code == 422
    assert reason in refusal(answer.text, "password")
    assert f'value="{password}"' not in answer.text.replace('value=""', "")
    assert rows("audit_event", kind="password_set", row_id=made) == []


def test_a_new_password_ends_what_was_begun_with_the_old_one(desk: Desk) -> None:
    made = id_in(make(desk, "petro"))
    desk.caller("admin").call("POST", f"user/{made}/do/set_password", {"password": PASSWORD})
    browser, program = Browser(desk.app, "petro", PASSWORD), Caller(desk.app, "petro", PASSWORD)
    desk.caller("admin").call("POST", f"user/{made}/do/set_password", {"password": "blue Rivers 8"})
    assert browser.get("/home/").status_code == 302
    assert program.call("GET", "user/").status_code == 401
    assert Browser(desk.app, "petro", "blue Rivers 8").get("/home/").status_code == 200


def test_logins_are_taken_and_given_back_for_many_but_never_ones_own(desk: Desk) -> None:
    users = [id_in(make(desk, f"many{number}")) for number in range(2)]
    desk.run("admin", "/user/do/set_password", users[:1], password=PASSWORD)
    browser = Browser(desk.app, "many0", PASSWORD)
    page = desk.run("admin", "/user/do/deactivate", [*users, desk.users["admin"]])
    text = desk.browser("admin").get(page.headers["Location"]).text
    assert "Rows done: 2" in text
    assert "Nobody takes his own login away" in text
    assert [stored("user", one).active for one in (*users, desk.users["admin"])] == [False, False, True]
    assert browser.get("/home/").status_code == 302
    assert Browser(desk.app).login("many0", PASSWORD).headers["Location"].startswith("/login/")
    desk.run("admin", "/user/do/activate", users)
    assert Browser(desk.app, "many0", PASSWORD).get("/home/").status_code == 200
    assert [each.kind for each in rows("audit_event", row_id=users[1])] == ["deactivated", "activated"]


def test_only_administrators_touch_logins(desk: Desk) -> None:
    victim = id_in(make(desk, "victim"))
    for name in ("set_password", "deactivate"):
        assert desk.run("manager", f"/user/do/{name}", [victim], password=PASSWORD).status_code == 404
        assert (
            desk.caller("manager")
            .call("POST", f"user/{victim}/do/{name}", {"password": PASSWORD})
            .status_code
            == 404
        )
    assert desk.run("admin", "/user/do/deactivate", [10**6]).status_code == 404
    assert stored("user", victim).active


@pytest.mark.parametrize(
    "given, field, reason",
    [
        ({"kind": "branch"}, "branch_id", "what this grant opens"),
        ({"kind": "team"}, "team_id", "what this grant opens"),
        ({"kind": "region"}, "region_id", "what this grant opens"),
        ({"kind": "client"}, "client_id", "what this grant opens"),
        ({"kind": "own", "branch_id": "north"}, "branch_id", "leave it empty"),
        ({"kind": "own", "product_kinds": "crops"}, "product_kinds", "Only a grant of territory"),
        (
            {"kind": "region", "region_id": "county", "product_kinds": "crops gold"},
            "product_kinds",
            "gold is no kind of product",
        ),
    ],
)
def test_a_grant_that_opens_nothing_or_says_too_much_is_refused(
    desk: Desk, given: dict[str, str], field: str, reason: str
) -> None:
    ids = {"north": desk.branches["north"], "county": desk.region}
    data = {"user_id": desk.users["agent"], **{name: ids.get(value, value) for name, value in given.items()}}
    before = len(rows("data_grant"))
    answer = desk.browser("admin").post("/data_grant/add", data)
    assert answer.status_code == 422
    assert reason in refusal(answer.text, field)
    assert len(rows("data_grant")) == before


def test_a_grant_that_opens_something_is_stored(desk: Desk) -> None:
    data = {
        "user_id": desk.users["agent"],
        "kind": "region",
        "region_id": desk.region,
        "product_kinds": "crops, livestock",
    }
    made = stored("data_grant", id_in(desk.browser("admin").post("/data_grant/add", data)))
    assert (made.region_id, made.product_kinds) == (desk.region, ["crops", "livestock"])
