"""Programs that write: nothing is overwritten that they did not read, and nothing is done twice."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import event, func, select

from app.core.db import ScopedSession, unscoped
from app.core.locks import Lock
from app.core.web.entity_api import EntityApi
from app.core.web.principal import Principal
from tests.web.people import add, rows, stored
from tests.web.shop import Shop
from tests.web.test_two_writers import change
from tests.web.test_writes import an_id
from tests.web.values import body, plain, with_verb

OTHER = "This record is no longer as you read it"


def tag(shop: Shop, path: str, name: str = "admin") -> str:
    """The version that somebody reads of a row."""
    return str(shop.caller(name).call("GET", path).headers["ETag"])


def keyed(shop: Shop, key: str, method: str, path: str, said: Any = None, name: str = "admin") -> Any:
    """A call under a key."""
    return shop.caller(name).call(method, path, said, headers={"Idempotency-Key": key})


def together(shop: Shop, *calls: tuple[str, str, str, Any, dict[str, str]]) -> list[Any]:
    """Calls of (who, method, path, body, headers) at the same moment."""
    tokens = [shop.caller(who).headers for who, *_rest in calls]

    def ask(call: tuple[Any, ...], token: dict[str, str]) -> Any:
        _who, method, path, said, headers = call
        client = shop.app.test_client(use_cookies=False)
        return client.open(f"/api/v1/{path}", method=method, json=said, headers=token | headers)

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(ask, calls, tokens))


@pytest.mark.parametrize("slug", with_verb("edit"))
def test_a_version_is_good_for_one_change_of_every_entity(shop: Shop, slug: str) -> None:
    path, program = f"{slug}/{an_id(shop, slug, 11)}", shop.caller("admin")
    said = body(slug, shop, 12)
    texts = [field.name for field in plain(slug) if field.name in said]
    one = {name: said[name] for name in texts[:1] if slug != "setting"} or said
    read = tag(shop, path)
    first = program.call("PUT", path, one, headers={"If-Match": read})
    assert first.status_code == 200, first.text
    assert first.headers["ETag"] == tag(shop, path) != read
    again = program.call("PATCH", path, one, headers={"If-Match": read})
    assert (again.status_code, again.headers["ETag"]) == (412, first.headers["ETag"])
    assert again.json["stored"] == program.call("GET", path).json["result"]


def test_null_empties_what_may_be_empty_and_is_refused_where_a_value_is_needed(shop: Shop) -> None:
    path, program = f"customer/{shop.customers[13]}", shop.caller("admin")
    filled = {
        "remark": "x",
        "zone": "Europe/Kyiv",
        "born_on": "1980-02-03",
        "sex": "female",
        "branch": shop.branches["north"],
    }
    assert program.call("PATCH", path, filled).status_code == 200
    assert program.call("PATCH", path, dict.fromkeys(filled)).status_code == 200
    held = stored("customer", shop.customers[13])
    assert (held.remark, held.born_on, held.sex, held.branch_id) == (None, None, None, None)
    assert program.call("PATCH", path, {"name": None}).status_code == 422
    assert program.call("PATCH", f"product/{shop.product}", {"day_count": None}).status_code == 422


def test_who_adds_what_he_would_not_see_is_told_what_it_needs(shop: Shop) -> None:
    said = {"client": shop.client, "name": "Nobody's", "kind": "person"}
    answer = shop.caller("owner").call("POST", "customer/", said)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["manager_id"]), answer.text
    page = shop.browser("owner").post(
        "/customer/add", {"client_id": shop.client, "name": "Nobody's", "kind": "person"}
    )
    assert (page.status_code, "it needs an officer, branch or client of yours" in page.text) == (422, True)
    assert rows("customer", name="Nobody's") == []


def test_the_version_of_a_packed_answer_is_good(shop: Shop) -> None:
    row_id, program = shop.customers[3], shop.caller("admin")
    change("customer", row_id, remark=" ".join(map(str, range(400))))
    packed = program.call("GET", f"customer/{row_id}", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    named = {"If-Match": packed.headers["ETag"]}
    assert program.call("PUT", f"customer/{row_id}", {"remark": "packed"}, headers=named).status_code == 200
    assert stored("customer", row_id).remark == "packed"
    assert program.call("PUT", f"customer/{row_id}", {"remark": "late"}, headers=named).status_code == 412


def test_a_record_changed_meanwhile_is_not_overwritten_and_both_see_what_stands_there(shop: Shop) -> None:
    row_id, program = shop.customers[2], shop.caller("admin")
    path, before = f"customer/{row_id}", tag(shop, f"customer/{row_id}")
    change("customer", row_id, remark="Calls back")
    kept = len(rows("history", entity="customer", row_id=row_id))
    for method, said in (("PUT", {"name": "Mine"}), ("PATCH", {"name": "Mine"}), ("DELETE", None)):
        answer = program.call(method, path, said, headers={"If-Match": before})
        assert (answer.status_code, answer.json["stored"]["name"]) == (412, "Customer 02"), method
        assert answer.json["stored"]["remark"] == "Calls back"
        assert answer.json["message"].startswith(OTHER)
    assert (stored("customer", row_id).name, len(rows("history", entity="customer", row_id=row_id))) == (
        "Customer 02", kept,
    )  # fmt: skip
    for form in ('"x", {}', "W/{}", "*"):
        good = {"If-Match": form.format(tag(shop, path))}
        assert program.call("PUT", path, {"remark": form}, headers=good).status_code == 200, form
    for bad in ("", '"x"', "nonsense", '"'):
        assert program.call("PUT", path, {"name": "Y"}, headers={"If-Match": bad}).status_code == 412, bad
    assert program.call("PUT", path, {"remark": "Last"}).status_code == 200, "without it the last writer wins"
    assert shop.caller("owner").call("PUT", path, {"name": "Y"}, headers={"If-Match": "*"}).status_code == 404


def test_a_version_says_nothing_of_values_that_a_role_sees_masked(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Principal, "may_reveal", False)
    path = f"customer/{shop.customers[6]}"
    read = tag(shop, path)
    change("customer", shop.customers[6], identity_number="621121197011128888")
    assert tag(shop, path) == read
    change("customer", shop.customers[6], name="Another")
    assert tag(shop, path) != read


def test_of_two_programs_that_write_in_the_same_moment_one_is_refused(shop: Shop) -> None:
    path = f"customer/{shop.customers[8]}"
    for number in range(3):
        mark = {"If-Match": tag(shop, path)}
        calls = [(who, "PUT", path, {"name": f"{who} {number}"}, mark) for who in ("admin", "olga")]
        answers = [answer.status_code for answer in together(shop, *calls)]
        assert sorted(answers) == [200, 412]
        winner = ("admin", "olga")[answers.index(200)]
        assert stored("customer", shop.customers[8]).name == f"{winner} {number}"


def test_an_operation_is_refused_on_a_record_that_is_no_longer_as_read(shop: Shop) -> None:
    loan, user = shop.loans[4], shop.users["otto"]
    program = shop.caller("admin")
    for path, name, said, slug, row_id, values in (
        (f"loan/{loan}", "stop_dunning", {"reason": "Ill"}, "loan", loan, {"purpose": "Sheep"}),
        (f"user/{user}", "deactivate", {}, "user", user, {"first_name": "Ottokar"}),
    ):
        read = tag(shop, path)
        change(slug, row_id, **values)
        answer = program.call("POST", f"{path}/do/{name}", said, headers={"If-Match": read})
        assert (answer.status_code, answer.headers["ETag"]) == (412, tag(shop, path)), name
        assert {key: answer.json["stored"][key] for key in values} == values
        assert not stored("loan", loan).is_dunning_stopped
        assert stored("user", user).active
    done = program.call(
        "POST", f"user/{user}/do/deactivate", {}, headers={"If-Match": tag(shop, f"user/{user}")}
    )
    assert (done.status_code, stored("user", user).active) == (200, False)


def test_what_is_asked_again_under_its_key_is_told_again_and_done_once(shop: Shop) -> None:
    said = {"name": "Audit of loans"}
    first, second = (keyed(shop, "k1", "POST", "department/", said) for _time in range(2))
    assert (first.status_code, second.status_code, second.json) == (201, 201, first.json)
    assert (first.headers.get("Idempotent-Replayed"), second.headers["Idempotent-Replayed"]) == (None, "true")
    assert first.headers["ETag"] == second.headers["ETag"]
    path = f"department/{first.json['result']['id']}"
    for key, method, change_ in (
        ("k2", "PUT", {"name": "Audit"}),
        ("k3", "PATCH", {"name": "Control"}),
        ("k4", "DELETE", None),
    ):
        answers = [keyed(shop, key, method, path, change_) for _time in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200], method
        assert answers[0].json == answers[1].json
    history = rows("history", entity="department", row_id=first.json["result"]["id"])
    assert [each.action for each in history] == ["create", "change", "change", "delete"]
    assert rows("department", name="Audit of loans") == []


def test_an_operation_under_a_key_is_done_once_in_scope_and_outside_of_it(shop: Shop) -> None:
    user, loan = shop.users["agent"], shop.loans[6]
    for path, said in (
        (f"user/{user}/do/deactivate", {}),
        (f"loan/{loan}/do/stop_dunning", {"reason": "Ill"}),
    ):
        first, second = (keyed(shop, path, "POST", path, said) for _time in range(2))
        assert (first.status_code, second.status_code, second.json) == (200, 200, first.json), path
        assert second.headers["Idempotent-Replayed"] == "true"
        assert keyed(shop, f"{path}!", "POST", path, said).status_code == 422, "done is done"
    assert len(rows("audit_event", kind="deactivated", row_id=user)) == 1
    assert len(rows("history", entity="loan", row_id=loan)) == 2


def test_a_key_is_for_one_request_of_one_person(shop: Shop) -> None:
    said = {"name": "Second line"}
    assert keyed(shop, "own", "POST", "team/", said).status_code == 201
    for method, path, other in (
        ("POST", "team/", {"name": "Third"}),
        ("POST", "department/", said),
        ("PUT", "team/1", said),
    ):
        answer = keyed(shop, "own", method, path, other)
        assert (answer.status_code, answer.json["message"]) == (
            422,
            "This Idempotency-Key was used for another request",
        )
    assert rows("team", name="Third") == rows("department", name="Second line") == []
    note = body("contact_note", shop, 1) | {"customer": shop.own_customer}
    assert keyed(shop, "own", "POST", "contact_note/", note, "owner").status_code == 201
    mine = rows("idempotent_request", key="own")
    assert {row.user_id for row in mine} == {shop.users["admin"], shop.users["owner"]}
    assert not any("Second line" in str(row.answer) for row in mine), "no values are kept"


def test_what_is_refused_is_not_kept_and_may_be_put_right_under_its_key(shop: Shop) -> None:
    assert keyed(shop, "put right", "POST", "department/", {}).status_code == 400, "a space"
    assert keyed(shop, "right", "POST", "department/", {}).status_code == 422
    assert keyed(shop, "right", "POST", "department/", {"name": "Right"}).status_code == 201
    for wrong in ("", "x" * 256, "schlüssel", "a b"):
        answer = keyed(shop, wrong, "POST", "department/", {"name": "Wrong"})
        assert (answer.status_code, "Idempotency-Key" in answer.json["message"]) == (400, True)
    assert rows("department", name="Wrong") == []


def test_two_requests_under_one_key_in_the_same_moment_do_it_once(shop: Shop) -> None:
    for number in range(3):
        call = ("admin", "POST", "team/", {"name": f"Twice {number}"}, {"Idempotency-Key": f"t{number}"})
        answers = together(shop, call, call)
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len(rows("team", name=f"Twice {number}")) == 1
    who = shop.users["admin"]
    with unscoped("another worker of a test") as busy:
        busy.scalar(select(func.pg_advisory_xact_lock(Lock.IDEMPOTENT_REQUEST, func.hashtext(f"{who} slow"))))
        answer = keyed(shop, "slow", "POST", "team/", {"name": "Slow"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (409, "1")
    assert keyed(shop, "slow", "POST", "team/", {"name": "Slow"}).status_code == 201


@pytest.mark.parametrize("slug", ["team", "user"])
@pytest.mark.parametrize("is_done", [False, True])
def test_who_gets_no_answer_asks_again_and_it_is_done_once(
    shop: Shop, is_done: bool, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process fails before the commit or between it and the answer, in scope and outside of it."""
    key = f"{slug}{is_done}"
    user = add("user", username=key, first_name="A", last_name="B", email=f"{key}@x.example", active=True)
    path, said = ("team/", {"name": key}) if slug == "team" else (f"user/{user}/do/deactivate", {})
    shop.caller("admin")  # logging in is not what fails

    def fail(failing: Any, *_answer: Any) -> None:
        if is_done or not failing.in_nested_transaction():
            raise SystemError("the power is off")

    if is_done:
        monkeypatch.setattr(EntityApi, "_said", fail)
    else:
        event.listen(ScopedSession, "before_commit", fail)
    try:
        assert keyed(shop, key, "POST", path, said).status_code == 500
    finally:
        monkeypatch.undo()
        if not is_done:
            event.remove(ScopedSession, "before_commit", fail)
    done = rows("team", name=key) if slug == "team" else rows("audit_event", kind="deactivated", row_id=user)
    assert len(done) == is_done
    again = keyed(shop, key, "POST", path, said)
    assert again.status_code in (200, 201)
    assert (again.headers.get("Idempotent-Replayed") == "true") is is_done
    done = rows("team", name=key) if slug == "team" else rows("audit_event", kind="deactivated", row_id=user)
    assert len(done) == 1
