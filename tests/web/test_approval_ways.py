"""Which way of approval something takes where there are several, and how what nobody can decide on any more ends."""

from typing import Any

from sqlalchemy import event

from app.core import clock
from app.core.db import ScopedSession, unscoped
from app.core.web import escalating
from app.models import Customer
from tests.roles import role_that_reveals_nothing
from tests.web.approvals import decide, no_other_route, person, request, role, route, work
from tests.web.people import add, rows, stored
from tests.web.shop import Shop
from tests.web.test_repeated_writes import keyed, together

__all__ = ["no_other_route"]
NUMBER = "+8618700379011"


def stop(shop: Shop, loan: int) -> Any:
    return shop.caller("olga").call("POST", f"loan/{loan}/do/stop_dunning", {"reason": "He is ill"})


def refused(shop: Shop, **values: Any) -> str:
    """What a route is refused with."""
    said = {"name": "Another", "operation": "stop_dunning", "first_role": role("Administrator"), **values}
    answer = shop.caller("admin").call("POST", "approval_route/", said)
    assert answer.status_code == 422, answer.text
    return str(answer.json["errors"]["operation"][0])


def a_customer(shop: Shop, **values: Any) -> int:
    return add("customer", client_id=shop.client, manager_id=shop.users["olga"], **values)


def test_of_several_routes_an_operation_takes_the_one_that_begins_highest(shop: Shop) -> None:
    small, large = shop.loans[4], shop.loans[14]
    amounts = [stored("loan", one).principal for one in (small, large)]
    assert amounts[0] < amounts[1]
    limited = {"amount_field": "principal", "currency": "CNY"}
    high = route(shop, first_role=role("Administrator"), least=str(amounts[1]), **limited)
    low = route(shop, least=str(amounts[0]), **limited)
    for loan in (small, large):
        assert stop(shop, loan).json["message"] == "Sent for approval"
    assert [request(loan).route_id for loan in (small, large)] == [low, high]
    assert decide(shop, "mary", request(large).id).status_code == 422, "it is the turn of administrators"
    assert decide(shop, "mary", request(small).id).status_code == 200
    below = shop.loans[2]
    assert stored("loan", below).principal < amounts[0]
    assert stop(shop, below).json["message"] == "Dunning is stopped"


def test_two_routes_for_the_same_from_the_same_amount_on_are_refused(shop: Shop) -> None:
    first = route(shop)
    assert refused(shop).startswith("Route Stopping is for this from the same amount on")
    route(shop, first_role=role("Administrator"), amount_field="principal", least="5", currency="CNY")
    assert shop.caller("admin").call("PATCH", f"approval_route/{first}", {"is_off": True}).status_code == 200
    route(shop)
    again = shop.caller("admin").call("PATCH", f"approval_route/{first}", {"is_off": False})
    assert (again.status_code, set(again.json["errors"])) == (422, {"operation"})
    route(shop, operation="edit.customer", field_names="name, remark")
    route(shop, operation="edit.customer", field_names="status")
    assert refused(shop, operation="edit.customer", field_names="zone, remark").startswith("Route Stopping")


def test_fields_of_different_routes_are_changed_one_after_the_other(shop: Shop) -> None:
    route(shop, operation="edit.customer", field_names="remark")
    route(shop, operation="edit.customer", field_names="identity_number", first_role=role("Administrator"))
    one = a_customer(shop, name="Of two ways")
    olga = shop.caller("olga")
    both = olga.call("PATCH", f"customer/{one}", {"remark": "New", "identity_number": "ID 3333333"})
    assert (both.status_code, rows("approval_request", row_id=one)) == (422, [])
    assert (
        "Change these one after the other, different people approve them: Identity number, Remark"
        in both.text
    )
    assert olga.call("PATCH", f"customer/{one}", {"remark": "New"}).status_code == 202
    assert request(one, "customer").role_id == role("Manager")
    assert olga.call("PATCH", f"customer/{one}", {"identity_number": "ID 3333333"}).status_code == 202
    turns = {each.role_id for each in rows("approval_request", entity="customer", row_id=one)}
    assert turns == {role("Manager"), role("Administrator")}
    assert stored("customer", one).identity_number is None


def test_a_record_named_by_a_personal_value_is_called_by_its_number(shop: Shop) -> None:
    route(shop, operation="edit.phone", field_names="number holder")
    phone = add("phone", customer_id=a_customer(shop, name="Called"), number=NUMBER)
    answer = shop.caller("olga").call("PATCH", f"phone/{phone}", {"holder": "His sister"})
    assert answer.status_code == 202, answer.text
    asked = request(phone, "phone")
    assert asked.title == f"Change: Phone {phone}"
    person(shop, "maskedtoo", role_that_reveals_nothing("Reveals nothing either"))
    for path in ("approval_request/", "task/"):
        said = shop.caller("maskedtoo").call("GET", path)
        assert (said.status_code, f"Phone {phone}" in said.text, NUMBER[1:] in said.text) == (
            200,
            True,
            False,
        )
    decide(shop, "mary", asked.id)
    assert (work(shop), stored("phone", phone).holder) == (1, "His sister")
    assert not [kept for kept in rows("history") if NUMBER[1:] in (kept.reason or "")]


def test_a_request_whose_record_was_deleted_ends_with_its_tasks(shop: Shop) -> None:
    route(shop, operation="edit.phone", field_names="holder")
    phone = add("phone", customer_id=a_customer(shop, name="Deleted"), number=NUMBER)
    shop.caller("olga").call("PATCH", f"phone/{phone}", {"holder": "His sister"})
    kept = a_customer(shop, name="Kept")
    route(shop, operation="edit.customer", field_names="remark")
    shop.caller("olga").call("PATCH", f"customer/{kept}", {"remark": "It waits on"})
    assert shop.caller("admin").call("DELETE", f"phone/{phone}").status_code in (200, 204)
    with shop.app.app_context():
        escalating.run(clock.now())
    asked = request(phone, "phone")
    assert (str(asked.state), asked.outcome) == ("failed", "The record was deleted")
    assert str(stored("task", asked.task_id).state) == "done"
    assert str(request(kept, "customer").state) == "waiting"


def test_what_waits_about_somebody_whose_values_are_erased_ends_and_says_nothing_of_him(shop: Shop) -> None:
    route(shop, operation="edit.customer", field_names="name")
    route(shop, operation="edit.phone", field_names="holder")
    one = a_customer(shop, name="Erased Soon")
    phone = add("phone", customer_id=one, number=NUMBER)
    olga = shop.caller("olga")
    assert olga.call("PATCH", f"customer/{one}", {"name": "Never Stored"}).status_code == 202
    assert olga.call("PATCH", f"phone/{phone}", {"holder": "His sister"}).status_code == 202
    answer = shop.caller("admin").call("POST", f"customer/{one}/do/erase_customer", {"reason": "He asked"})
    assert answer.status_code == 200, answer.text
    for slug, number in (("customer", one), ("phone", phone)):
        asked = request(number, slug)
        assert (str(asked.state), asked.changes, asked.arguments, asked.told) == ("failed", {}, {}, None)
        assert "erased" in asked.outcome
        assert str(stored("task", asked.task_id).state) == "done"
    assert decide(shop, "mary", request(one, "customer").id).status_code == 422
    assert (work(shop), stored("customer", one).name) == (0, f"••• {one}")
    assert (str(stored("customer", one).status), stored("customer", one).is_do_not_contact) == (
        "inactive",
        True,
    )


def test_a_change_that_was_approved_is_not_stored_once_the_values_are_erased(shop: Shop) -> None:
    route(shop, operation="edit.customer", field_names="name")
    one = a_customer(shop, name="Between")
    shop.caller("olga").call("PATCH", f"customer/{one}", {"name": "Never Stored"})
    assert decide(shop, "mary", request(one, "customer").id).status_code == 200
    answer = shop.caller("admin").call("POST", f"customer/{one}/do/erase_customer", {"reason": "He asked"})
    assert answer.status_code == 200, answer.text
    assert (work(shop), str(request(one, "customer").state)) == (0, "failed")
    with unscoped("a test looks") as session:
        assert session.get_one(Customer, one).name == f"••• {one}"


def test_a_change_of_a_user_is_asked_for_too_and_roles_that_decide_open_such_records(shop: Shop) -> None:
    route(shop, operation="edit.user", field_names="email")
    otto = shop.users["otto"]
    answer = shop.caller("admin").call("PATCH", f"user/{otto}", {"email": "otto@example.org"})
    assert (answer.status_code, request(otto, "user").title) == (202, "Change: User Otto Test")
    said = {"name": "W", "operation": "edit.setting", "field_names": "value", "first_role": role("Manager")}
    answer = shop.caller("admin").call("POST", "approval_route/", said)
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"first_role_id"}), answer.text
    said = {"name": "W", "operation": "stop_dunning", "first_role": role("Partner")}
    answer = shop.caller("admin").call("POST", "approval_route/", said)
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"first_role_id"}), answer.text
    text = {"operation": "post_repayment", "amount_field": "reference", "least": "5", "currency": "CNY"}
    below = {"operation": "post_repayment", "amount_field": "amount", "least": "-5", "currency": "CNY"}
    for said, column in ((text, "amount_field"), (below, "least")):
        answer = shop.caller("admin").call(
            "POST", "approval_route/", {"name": "W", "first_role": role("Manager"), **said}
        )
        assert (answer.status_code, set(answer.json["errors"])) == (422, {column}), answer.text
    nonsense = {"name": "W", "operation": "no_such_thing", "first_role": role("Manager")}
    assert shop.caller("admin").call("POST", "approval_route/", nonsense).status_code == 422


def test_a_list_shows_the_beginning_of_a_long_text_and_the_record_all_of_it(shop: Shop) -> None:
    route(shop, operation="edit.customer", field_names="remark")
    one = a_customer(shop, name="Long")
    shop.caller("olga").call("PATCH", f"customer/{one}", {"remark": "a long remark " * 280})
    number = request(one, "customer").id
    listed = shop.browser("admin").get("/approval_request/list/?cols=title.changes").text
    assert listed.count("a long remark") in range(10, 20)
    assert shop.browser("admin").get(f"/approval_request/show/{number}").text.count("a long remark") == 280


def test_a_repeat_while_a_change_becomes_a_request_is_told_the_same_and_asks_once(shop: Shop) -> None:
    team = add("team", name="Waits")
    route(shop, operation="edit.team", field_names="name")
    call = ("admin", "PATCH", f"team/{team}", {"name": "Asked"}, {"Idempotency-Key": "waits"})
    meanwhile: list[Any] = []

    def repeat(_session: Any, is_inner: Any) -> None:
        if not meanwhile:
            meanwhile.append(None)
            meanwhile[:] = together(shop, call)

    event.listen(ScopedSession, "after_soft_rollback", repeat)
    try:
        answer = keyed(shop, "waits", "PATCH", f"team/{team}", {"name": "Asked"})
    finally:
        event.remove(ScopedSession, "after_soft_rollback", repeat)
    assert [each.status_code for each in (*meanwhile, answer)] == [202, 202], answer.text
    assert (answer.json, answer.headers["Idempotent-Replayed"]) == (meanwhile[0].json, "true")
    assert len(rows("approval_request", entity="team", row_id=team)) == 1
