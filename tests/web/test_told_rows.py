"""Rules and webhooks about rows that have no history: repayments, write-offs, messages and what becomes of them."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, update

from app.core.db import unscoped
from app.core.org import Rule, Webhook
from app.models import Message
from tests.web.people import add, rows, stored
from tests.web.ruling import made, rule, work
from tests.web.shop import DAY, Shop


@pytest.fixture(autouse=True)
def _no_other_rule(shop: Shop) -> Iterator[None]:
    yield
    with unscoped("no rule of another test") as session:
        session.execute(delete(Rule))
        session.execute(delete(Webhook))


def hook(shop: Shop, slug: str, **told: bool) -> int:
    said = {"name": "H", "url": "https://localhost/", "user_id": shop.users["admin"], "salt": b"s" * 32}
    return add("webhook", entity=slug, **said, **told)


def paid(shop: Shop, number: int, reference: str) -> int:
    """A repayment for one of the loans."""
    return add(
        "repayment", client_id=shop.client, loan_id=shop.loans[number], customer_id=shop.customers[number],
        received_on=DAY - timedelta(days=1), amount=Decimal(50 * number), currency="CNY", source="test", reference=reference,
    )  # fmt: skip


def test_a_message_that_failed_gives_its_officer_a_task_and_a_webhook_hears_of_it(shop: Shop) -> None:
    one = made(shop, entity="message", field="state", conditions="state=failed", task_title="Call instead", task_user=shop.users["olga"])  # fmt: skip
    heard = hook(shop, "message", is_told_of_changes=True)
    customer = shop.customers[0]
    sent, failed = (
        add("message", customer_id=customer, text="Pay", state="sending", phone="+8613800000000")
        for _n in (1, 2)
    )
    with unscoped("what the provider says") as session:
        session.execute(update(Message).where(Message.id == sent).values(state="sent"))
        session.execute(update(Message).where(Message.id == failed).values(state="failed"))
        session.execute(update(Message).where(Message.id == failed).values(attempts=2))
    assert work(shop) == 1
    [task] = rows("task", title="Call instead")
    assert (task.entity, task.row_id, task.user_id) == ("message", failed, shop.users["olga"])
    assert [f.row_id for f in rows("rule_firing", rule_id=one)] == [failed]
    assert [(d.row_id, d.event) for d in rows("webhook_delivery", webhook_id=heard)] == [
        (sent, "changed"),
        (failed, "changed"),
    ]
    assert rows("history", entity="message") == []


def test_a_large_payment_calls_a_webhook_once_and_the_dry_run_knows_of_it(shop: Shop) -> None:
    paid(shop, 2, "R-0")
    called = hook(shop, "repayment", is_called_by_rules=True)
    new = hook(shop, "repayment", is_told_of_new=True)
    one = made(shop, entity="repayment", event="created", conditions="amount__gt=150", webhook=called)
    small, large = paid(shop, 2, "R-1"), paid(shop, 4, "R-2")
    assert (work(shop), work(shop)) == (1, 0)
    assert [(d.row_id, d.event) for d in rows("webhook_delivery", webhook_id=called)] == [(large, "rule")]
    assert [d.row_id for d in rows("webhook_delivery", webhook_id=new)] == [small, large]
    assert rows("history", entity="repayment") == []
    page = shop.admin.get(f"/rule/try/{one}").text
    assert "Would have fired: 1" in page
    assert stored("repayment", large).reference == "R-2"


def test_what_does_not_happen_with_such_rows_is_not_waited_for(shop: Shop) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"entity": "repayment", "event": "changed"}, "event"),
        ({"entity": "write_off", "event": "deleted"}, "event"),
        ({"entity": "message", "event": "deleted"}, "event"),
        ({"entity": "message", "field": "text"}, "field"),
        ({"entity": "allocation", "event": "created"}, "entity"),
    ]
    for values, field in wrong:
        answer = rule(shop, comment="C", **values)
        assert (answer.status_code, set(answer.json["errors"])) == (422, {field}), (values, answer.json)
    said = {"name": "H", "url": "https://localhost/", "user": shop.users["admin"], "entity": "repayment"}
    answer = shop.caller("admin").call("POST", "webhook/", {**said, "is_told_of_removals": True})
    assert set(answer.json["errors"]) >= {"is_told_of_removals"} or "url" in answer.json["errors"], (
        answer.text
    )
    made(shop, entity="repayment", event="nightly", comment="C")
