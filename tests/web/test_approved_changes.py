"""Changes of chosen fields wait for approval, whichever door they came through, and are stored as the approver's act."""

from typing import Any

from app.core.db import unscoped
from app.core.notices.settle import settle
from app.core.rules import runner
from tests.roles import role_that_reveals_nothing
from tests.web.approvals import decide, no_other_route, person, request, role, route, work
from tests.web.people import add, rows, stored
from tests.web.sent import check, lines, send
from tests.web.shop import Shop
from tests.web.test_bulk_edit import bulk, refused
from tests.web.test_custom_field_uses import remove
from tests.web.test_two_writers import change, opened

__all__ = ["no_other_route"]
SENTENCE = "This change needs approval: edit it on its page"
WAITS = "Sent for approval, nothing is stored yet"


def watch(shop: Shop, fields: str = "name, status", **values: Any) -> int:
    """Let a manager approve changes of these fields of customers."""
    return route(shop, name="Naming", operation="edit.customer", field_names=fields, **values)


def put(shop: Shop, row_id: int, login: str = "olga", **values: Any) -> Any:
    return shop.caller(login).call("PATCH", f"customer/{row_id}", values)


def name_of(row_id: int) -> str:
    return str(stored("customer", row_id).name)


def test_a_change_waits_with_both_values_and_is_stored_as_the_approvers_act(shop: Shop) -> None:
    number, one = watch(shop), shop.customers[0]
    assert stored("approval_route", number).field_names == "name status"
    assert put(shop, one, remark="Nobody need approve this").status_code == 200
    before = name_of(one)
    answer = put(shop, one, name="Renamed", remark="It waits along")
    assert (answer.status_code, answer.json["result"]) == (202, {"id": one})
    assert answer.json["message"].startswith(WAITS)
    assert (name_of(one), stored("customer", one).remark) == (before, "Nobody need approve this")
    asked = request(one, "customer")
    assert asked.changes == {
        "name": [before, "Renamed"],
        "remark": ["Nobody need approve this", "It waits along"],
    }
    assert put(shop, one, name="Renamed", remark="It waits along").status_code == 422, "asked for already"
    assert f"{before} → Renamed" in shop.browser("mary").get(f"/approval_request/show/{asked.id}").text
    assert decide(shop, "olga", asked.id).status_code == 422, "who asked does not approve"
    assert put(shop, one, zone="Europe/Kyiv").status_code == 200, "other fields change meanwhile"
    assert decide(shop, "mary", asked.id).status_code == 200
    assert (work(shop), work(shop), name_of(one)) == (1, 0, "Renamed")
    assert (stored("customer", one).remark, stored("customer", one).zone) == ("It waits along", "Europe/Kyiv")
    last = [kept for kept in rows("history", entity="customer", row_id=one) if "name" in kept.changes][-1]
    assert (last.user_id, last.source) == (shop.users["mary"], "approval")
    assert last.reason.endswith("asked for by Olga Test")
    assert str(request(one, "customer").state) == "done"


def test_forms_and_cells_ask_too_and_say_that_nothing_is_stored_yet(shop: Shop) -> None:
    watch(shop)
    one, olga = shop.customers[2], shop.browser("olga")
    before, page = name_of(one), olga.get(f"/customer/edit/{one}").text
    assert "A change of Name, Status waits for approval, with all that is changed beside it" in page
    kept = {"kind": "person", "status": "active", "client_id": shop.client, "manager_id": shop.users["olga"]}
    answer = olga.post(f"/customer/edit/{one}", {**kept, "name": "By the form"})
    assert answer.status_code == 302, answer.text
    assert WAITS in olga.get(answer.headers["Location"]).text
    path = f"/customer/cell/name/{one}"
    answer = olga.post(path, {"_opened": opened(olga.get(path)), "name": "By the cell"})
    assert answer.json["warnings"][0].startswith(WAITS)
    assert name_of(one) == before
    asked = rows("approval_request", entity="customer", row_id=one)
    assert [each.changes["name"] for each in asked] == [[before, "By the form"], [before, "By the cell"]]


def test_many_rows_at_once_are_refused_one_by_one_and_the_others_stored(shop: Shop) -> None:
    watch(shop, "status")
    same, other = shop.customers[4], shop.customers[5]
    with unscoped("a state of a test") as session:
        session.get_one(type(stored("customer", same)), same).status = "inactive"
        session.get_one(type(stored("customer", other)), other).status = "active"
    answer = bulk(shop.admin, "customer", [same, other], {"status": "inactive"})
    assert refused(answer) == {other: SENTENCE}
    items = [{"id": same, "remark": "Stored"}, {"id": other, "status": "inactive"}]
    answer = shop.caller("admin").call("POST", "customer/bulk?mode=valid", {"items": items})
    assert [each["result"] for each in answer.json["results"]] == ["updated", "refused"]
    assert answer.json["results"][1]["message"] == SENTENCE
    assert (stored("customer", same).remark, str(stored("customer", other).status)) == ("Stored", "active")
    assert rows("approval_request", entity="customer") == []


def test_files_and_rules_are_refused_such_a_change_with_the_sentence(shop: Shop) -> None:
    watch(shop, "status")
    one = shop.customers[7]
    rule = {"name": "Close", "entity": "customer", "event": "changed", "user": shop.users["admin"]}
    rule |= {"set_field": "status", "set_value": "inactive", "field": "remark"}
    number = shop.caller("admin").call("POST", "rule/", rule).json["result"]["id"]
    change("customer", one, status="active", remark="It sets off the rule")
    with shop.app.app_context():
        assert runner.run() == 0
    [firing] = rows("rule_firing", rule_id=number)
    assert (str(firing.state), firing.problem) == ("failed", SENTENCE)
    table = f"Client,Identity number,Status\nbank,{stored('customer', one).identity_number},inactive\n"
    url = send(shop, "customer", table)
    assert check(shop, url).refused == 1
    assert [line.reasons for line in lines(url)] == [{"": [SENTENCE]}]
    assert (str(stored("customer", one).status), rows("approval_request", entity="customer")) == (
        "active",
        [],
    )


def test_what_changed_meanwhile_is_not_approved_and_who_asked_is_told_of_the_refusal(shop: Shop) -> None:
    watch(shop)
    one = shop.customers[6]
    put(shop, one, name="Wanted")
    with unscoped("a change of a test") as session:
        session.get_one(type(stored("customer", one)), one).name = "Between"
    asked = request(one, "customer")
    answer = decide(shop, "mary", asked.id)
    assert (answer.status_code, "Changed after this was asked for" in answer.json["message"]) == (422, True)
    assert str(request(one, "customer").state) == "waiting"
    assert decide(shop, "mary", asked.id, "refuse_request", note="Ask again").status_code == 200
    with shop.app.app_context():
        settle()
    [told] = [one for one in rows("notification", kind="approval") if one.about != "new"]
    assert (told.user_id, told.about, told.row_id) == (shop.users["olga"], "refused", asked.id)
    assert "Mary T refuses what you asked for" in shop.browser("olga").get("/notifications/").text
    assert (work(shop), name_of(one)) == (0, "Between")


def test_what_changes_between_the_last_yes_and_the_storing_or_is_not_his_any_more_is_not_stored(
    shop: Shop,
) -> None:
    watch(shop)
    late, lost = shop.customers[8], shop.customers[10]
    for one in (late, lost):
        put(shop, one, name="Wanted")
        assert decide(shop, "mary", request(one, "customer").id).status_code == 200
    with unscoped("a change of a test") as session:
        customer = type(stored("customer", late))
        session.get_one(customer, late).name = "Between"
        session.get_one(customer, lost).manager_id = shop.users["otto"]
        loan = type(stored("loan", shop.loans[10]))
        session.get_one(loan, shop.loans[10]).officer_id = shop.users["otto"]
    before = name_of(lost)
    assert (work(shop), name_of(late), name_of(lost)) == (0, "Between", before)
    assert {str(request(one, "customer").state) for one in (late, lost)} == {"failed"}
    assert "does not see it" in request(lost, "customer").outcome


def test_a_route_for_changes_names_fields_that_people_type_and_one_for_operations_none(shop: Shop) -> None:
    said = {"name": "W", "first_role": role("Manager")}
    for operation, fields in (
        ("edit.customer", ""),
        ("edit.customer", "branch_lft"),
        ("stop_dunning", "name"),
    ):
        values = {**said, "operation": operation, "field_names": fields}
        answer = shop.caller("admin").call("POST", "approval_route/", values)
        assert (answer.status_code, set(answer.json["errors"])) == (422, {"field_names"}), answer.text


def test_personal_numbers_of_a_waiting_change_stay_masked_and_limits_look_at_both_amounts(shop: Shop) -> None:
    watch(shop, "identity_number")
    one = shop.customers[12]
    assert put(shop, one, "admin", identity_number="ID 7777777").status_code == 202
    person(shop, "masked", role_that_reveals_nothing("Reveals nothing"))
    number = request(one, "customer").id
    said = shop.caller("masked").call("GET", f"approval_request/{number}")
    assert (said.status_code, said.json["result"]["changes"]) == (200, {"identity_number": "•••"})
    assert "7777777" not in shop.browser("masked").get(f"/approval_request/show/{number}").text
    assert "7777777" in shop.browser("mary").get(f"/approval_request/show/{number}").text
    route(
        shop,
        operation="edit.loan",
        field_names="officer principal",
        amount_field="principal",
        least="1015",
        currency="CNY",
    )
    small, large = shop.loans[3], shop.loans[20]
    otto = shop.users["otto"]
    answers = [
        shop.caller("admin").call("PATCH", f"loan/{loan}", {"officer": who}).status_code
        for loan, who in ((small, shop.users["olga"]), (large, otto))
    ]
    assert answers == [200, 202]
    assert request(large).changes == {"officer_id": [shop.users["olga"], otto]}


def custom(**values: Any) -> int:
    """A custom field of customers."""
    said = {"entity": "customer", "kind": "text", "label_en": "Note", "position": 0, **values}
    return add("custom_field", **said)


def test_a_custom_field_beside_it_carries_no_watched_change_past_approval(shop: Shop) -> None:
    watch(shop, "status")
    field, ids = custom(code="note"), [shop.customers[number] for number in (1, 3, 5)]
    for one in ids:
        change("customer", one, status="active", custom=None)
    many = [{"id": one, "status": "inactive", "c_note": "x"} for one in ids]
    try:
        for items in (many[:1], many):
            answer = shop.caller("admin").call("POST", "customer/bulk?mode=valid", {"items": items})
            assert {each["result"] for each in answer.json["results"]} == {"refused"}, answer.text
            assert {each["message"] for each in answer.json["results"]} == {SENTENCE}
        assert put(shop, ids[1], "admin", status="inactive", c_note="x").status_code == 202
        assert refused(bulk(shop.admin, "customer", ids[2:], {"status": "inactive"})) == {ids[2]: SENTENCE}
        told = [(str(stored("customer", one).status), stored("customer", one).custom) for one in ids]
        assert told == [("active", None)] * 3
        assert request(ids[1], "customer").changes == {
            "status": ["active", "inactive"],
            "c_note": [None, "x"],
        }
    finally:
        remove("custom_field", field)


def test_a_custom_field_that_is_gone_makes_its_waiting_change_stale_and_is_not_deleted_meanwhile(
    shop: Shop,
) -> None:
    watch(shop)
    field, one = custom(code="gone"), shop.customers[14]
    assert put(shop, one, name="Wanted", c_gone="x").status_code == 202
    answer = shop.caller("admin").call("DELETE", f"custom_field/{field}")
    assert (answer.status_code, "Requests that wait for approval: 1" in answer.json["message"]) == (422, True)
    entity = type(stored("customer", one))
    # as in a process that has not met the field yet
    type.__delattr__(entity, "c_gone")
    number = request(one, "customer").id
    assert decide(shop, "mary", number, "refuse_request", note="No").status_code == 200
    assert put(shop, one, name="Wanted", c_gone="x").status_code == 202
    [*_, last] = rows("approval_request", entity="customer", row_id=one)
    type.__delattr__(entity, "c_gone")
    assert decide(shop, "mary", last.id).status_code == 200
    assert put(shop, one, name="Another", c_gone="x").status_code == 202
    [*_, last] = rows("approval_request", entity="customer", row_id=one)
    remove("custom_field", field)
    answer = decide(shop, "mary", last.id)
    assert (answer.status_code, "Changed after this was asked for" in answer.json["message"]) == (422, True)
