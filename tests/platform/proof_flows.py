"""Approval routes and rules about an entity of one class, which an administrator writes on screens."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import delete

from app.core.db import unscoped
from app.core.org import ApprovalRequest, ApprovalRoute, Rule, Webhook
from tasks.nightly import look_by_rules
from tests.platform.yard import Yard
from tests.web import approvals, ruling
from tests.web.approvals import decide, request, route
from tests.web.people import add, rows, stored
from tests.web.shop import DAY
from tests.web.test_approved_changes import WAITS
from tests.web.test_bulk_edit import bulk, refused


@pytest.fixture(autouse=True)
def _nothing_of_another_test(yard: Yard) -> Iterator[None]:
    yield
    with unscoped("no route and no rule of another test") as session:
        for entity in (ApprovalRequest, ApprovalRoute, Rule, Webhook):
            session.execute(delete(entity))


def made(yard: Yard, **values: Any) -> int:
    return ruling.made(yard, entity="lorry", **values)


def test_its_verb_waits_for_the_role_of_its_route_and_is_done_once_as_who_asked(yard: Yard) -> None:
    dear, cheap = yard.lorry("WAY-1", price="9000"), yard.lorry("WAY-2", price="10")
    route(yard, operation="send_to_repair", amount_field="price", least="5000", currency="CNY")
    for one in (dear, cheap):
        answer = yard.caller("olga").call("POST", f"lorry/{one}/do/send_to_repair", {"workshop": "At Wang's"})
        assert answer.status_code == (202 if one == dear else 200), answer.text
    assert (str(stored("lorry", dear).state), str(stored("lorry", cheap).state)) == ("ready", "in_repair")
    asked = request(dear, "lorry")
    assert (asked.user_id, asked.arguments) == (yard.users["olga"], {"workshop": "At Wang's"})
    assert [each.role_id for each in rows("task", id=asked.task_id)] == [approvals.role("Manager")]
    assert decide(yard, "olga", asked.id).status_code == 422
    assert decide(yard, "sven", asked.id).status_code == 404
    assert decide(yard, "mary", asked.id).status_code == 200
    assert (approvals.work(yard), approvals.work(yard), str(stored("lorry", dear).state)) == (
        1,
        0,
        "in_repair",
    )
    last = rows("history", entity="lorry", row_id=dear)[-1]
    assert (last.source, last.user_id) == ("approval", yard.users["olga"])


def test_a_change_of_a_field_waits_and_is_stored_as_the_approvers_act(yard: Yard) -> None:
    one, other = yard.lorry("WAY-3"), yard.lorry("WAY-4")
    route(yard, operation="edit.lorry", field_names="price, driver")
    answer = yard.caller("olga").call(
        "PATCH", f"lorry/{one}", {"price": "5.00"}, headers={"Change-Reason": "Rust"}
    )
    assert (answer.status_code, answer.json["message"].startswith(WAITS)) == (202, True), answer.text
    assert yard.caller("olga").call("PATCH", f"lorry/{one}", {"seats": 2}).status_code == 200
    assert set(refused(bulk(yard.admin, "lorry", [other], {"price": "5"}))) == {other}
    asked = request(one, "lorry")
    assert (asked.changes, asked.told) == ({"price": ["1000.50", "5.00"]}, "Reason: Rust")
    assert decide(yard, "mary", asked.id).status_code == 200
    assert (approvals.work(yard), str(stored("lorry", one).price), str(stored("lorry", other).price)) == (
        1,
        "5.00",
        "1000.50",
    )
    last = rows("history", entity="lorry", row_id=one)[-1]
    assert (last.source, last.user_id) == ("approval", yard.users["mary"])


def test_a_rule_makes_a_task_sets_a_field_and_calls_a_webhook_and_keeps_its_versions(yard: Yard) -> None:
    hook = add("webhook", name="H", is_called_by_rules=True, url="https://localhost/", user_id=yard.users["admin"], entity="lorry", salt=b"s" * 32)  # fmt: skip
    one = made(yard, field="price", conditions="state=ready&price__gt=100", task_title="Insure it", task_field="driver_id",
               set_field="seats", set_value="7", webhook=hook, comment="By a rule")  # fmt: skip
    dear, cheap = yard.lorry("RULE-1"), yard.lorry("RULE-2")
    for lorry, price in ((dear, "500"), (cheap, "50")):
        yard.caller("admin").call("PATCH", f"lorry/{lorry}", {"price": price})
    assert (ruling.work(yard), ruling.work(yard)) == (1, 0)
    [task] = rows("task", title="Insure it")
    assert (task.entity, task.row_id, task.user_id) == ("lorry", dear, yard.users["olga"])
    assert (stored("lorry", dear).seats, stored("lorry", cheap).seats) == (7, None)
    assert [each.row_id for each in rows("webhook_delivery", webhook_id=hook)] == [dear]
    last = rows("history", entity="lorry", row_id=dear)[-1]
    assert (last.source, last.reason, last.user_id) == ("rule", "A rule", yard.users["admin"])
    yard.caller("admin").call("PATCH", f"rule/{one}", {"comment": "Twice"})
    yard.caller("admin").call("PATCH", f"lorry/{dear}", {"price": "501"})
    ruling.work(yard)
    versions = {each.id: each.number for each in rows("rule_version", rule_id=one)}
    fired = rows("rule_firing", rule_id=one)
    assert [(each.row_id, str(each.state), versions[each.version_id]) for each in fired] == [
        (dear, "done", 1),
        (dear, "done", 2),
    ]
    assert fired[0].actions == ["field", "task", "comment", "webhook"]
    assert "Task created" in yard.admin.get(f"/rule_firing/list/?rule={one}").text


def test_rules_fire_for_new_and_deleted_records_and_every_night(yard: Yard) -> None:
    made(yard, event="created", conditions="plate__starts=EVENT", comment="It is new")
    made(
        yard,
        event="nightly",
        conditions="plate__starts=EVENT&bought_on=last-90-days",
        set_field="remark",
        set_value="Old",
    )
    hook = add("webhook", name="H", is_called_by_rules=True, url="https://localhost/", user_id=yard.users["admin"], entity="lorry", salt=b"s" * 32)  # fmt: skip
    made(yard, event="deleted", conditions="plate__starts=EVENT", webhook=hook)
    one, other = yard.lorry("EVENT-1"), yard.lorry("OTHER-1")
    with unscoped("a night of a test") as session:
        look_by_rules(session, DAY, None)  # type: ignore[arg-type]
    ruling.work(yard)
    assert ([each.row_id for each in rows("comment", text="It is new")], stored("lorry", other).remark) == (
        [one],
        None,
    )
    assert stored("lorry", one).remark == "Old"
    for each in (one, other):
        yard.caller("admin").call("DELETE", f"lorry/{each}")
    ruling.work(yard)
    assert [each.row_id for each in rows("webhook_delivery", webhook_id=hook)] == [one]


def test_a_dry_run_of_a_rule_says_what_it_would_do_and_stores_nothing(yard: Yard) -> None:
    lorry = yard.lorry("DRY-1")
    yard.caller("admin").call("PATCH", f"lorry/{lorry}", {"price": "6"})
    one = made(yard, conditions="plate=DRY-1", comment="Never stored", set_field="seats", set_value="3")
    page = yard.admin.get(f"/rule/try/{one}").text
    assert ("DRY-1" in page, "Comment written" in page) == (True, True)
    assert (rows("comment", text="Never stored"), stored("lorry", lorry).seats) == ([], None)
    for wrong in (
        {"conditions": "colour=red"},
        {"set_field": "branch_lft", "set_value": "1"},
        {"set_field": "state", "set_value": "sunk"},
    ):
        answer = ruling.rule(yard, entity="lorry", comment="C", **wrong)
        assert answer.status_code == 422, wrong
