"""Rules of deletions act on what the record was, within its scope then, and leave a log that says it."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import delete, text

from app.core.db import unscoped
from app.core.org import Rule, Webhook
from tests.web.people import add, fingerprint, rows
from tests.web.ruling import made, rule, work
from tests.web.shop import Shop


@pytest.fixture(autouse=True)
def _no_other_rule(shop: Shop) -> Iterator[None]:
    yield
    with unscoped("no rule of another test") as session:
        session.execute(delete(Rule))
        session.execute(delete(Webhook))


def second_phone(shop: Shop, place: int, **values: Any) -> int:
    number = f"+8613900{place:06d}"
    return add("phone", customer_id=shop.customers[place], number=number, is_primary=False, **values)


def remove(shop: Shop, *phones: int) -> None:
    for phone in phones:
        assert shop.caller("admin").call("DELETE", f"phone/{phone}").status_code in (200, 204)


def test_it_acts_on_what_the_record_was_and_in_its_scope_then(shop: Shop) -> None:
    hook = add(
        "webhook", name="H", url="https://localhost/", user_id=shop.users["admin"], entity="phone", salt=b"s" * 32,
        is_called_by_rules=True,
    )  # fmt: skip
    one = made(
        shop, entity="phone", event="deleted", conditions="kind=work&is_primary=no", user=shop.users["olga"],
        task_title="Ask for another number", task_user=shop.users["olga"], comment="A number went", webhook=hook,
    )  # fmt: skip
    mine, foreign = second_phone(shop, 0, kind="work"), second_phone(shop, 1, kind="work")
    other = add("phone", customer_id=shop.customers[2], number="+8613800999999", is_primary=False)
    remove(shop, mine, foreign, other)
    assert (work(shop), work(shop)) == (1, 0)
    [task] = rows("task", title="Ask for another number")
    assert (task.entity, task.row_id, task.author_id) == ("customer", shop.customers[0], shop.users["olga"])
    assert task.text.endswith(f"Deleted: Phone {mine}"), "a number that others see masked stands in no text"
    assert [c.row_id for c in rows("comment", text="A number went")] == [shop.customers[0]]
    assert [(d.row_id, d.event) for d in rows("webhook_delivery", webhook_id=hook)] == [(mine, "deleted")]
    [firing] = rows("rule_firing", rule_id=one)
    assert (str(firing.state), firing.row_id, firing.kept) == ("done", mine, None)
    assert (firing.was["number"], firing.was["customer_id"]) == ("+8613900000000", shop.customers[0])
    with unscoped("what is stored of a person") as session:
        stored = text("SELECT row_to_json(f)::text FROM rule_firing f WHERE rule_id = :rule")
        assert "13900000000" not in str(session.scalar(stored, {"rule": one}))


def test_its_log_tells_what_the_record_was_to_who_sees_everything(shop: Shop) -> None:
    one = made(shop, entity="phone", event="deleted", comment="Gone")
    remove(shop, second_phone(shop, 4))
    assert work(shop) == 1
    [firing] = rows("rule_firing", rule_id=one)
    path = f"/rule_firing/show/{firing.id}"
    told = shop.browser("auditor").get(path).text
    assert ("Customer: Customer 04" in told, "8613900000004" in told) == (True, True)
    assert [shop.browser(who).get(path).status_code for who in ("owner", "nobody")] == [404, 404]
    assert shop.browser("otto").get(path).status_code in (403, 404)


def test_what_needs_a_record_is_refused_where_none_is_left(shop: Shop) -> None:
    said = {"event": "deleted", "comment": "C"}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"entity": "phone", "set_field": "is_primary", "set_value": "true"}, "set_field"),
        ({"entity": "phone", "field": "number"}, "field"),
        ({"entity": "team"}, "comment"),
    ]
    for values, field in wrong:
        answer = rule(shop, **said, **values)
        assert (answer.status_code, field in answer.json["errors"]) == (422, True), (values, answer.json)
    assert rows("rule") == []


def test_a_dry_run_tries_it_on_what_was_deleted_and_stores_nothing(shop: Shop, database: Any) -> None:
    remove(shop, *(second_phone(shop, place, holder="Tried out") for place in (6, 7)))
    meant = {"conditions": "holder=Tried out", "user": shop.users["olga"]}
    one = made(shop, entity="phone", event="deleted", comment="Never stored", **meant)
    shop.admin.get("/home/")
    before = fingerprint(database, "idempotent_request")
    page = shop.admin.get(f"/rule/try/{one}").text
    assert "Comment written" in page
    assert "Would have fired: 1." in page, "the other one was not in olga's sight"
    assert fingerprint(database, "idempotent_request") == before


def test_one_that_fails_says_why_and_stores_nothing_else(shop: Shop) -> None:
    task = {"task_title": "For otto", "task_user": shop.users["otto"]}
    one = made(shop, entity="phone", event="deleted", comment="Half done", user=shop.users["olga"], **task)
    remove(shop, second_phone(shop, 8))
    assert work(shop) == 0
    [firing] = rows("rule_firing", rule_id=one)
    assert (str(firing.state), firing.problem) == ("failed", "He does not see this record")
    assert rows("comment", text="Half done") == []
