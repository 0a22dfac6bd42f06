"""A rule and the webhook it calls, from their forms to what came of them; a rule that loops says why it is off."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete

import config
from app.core import clock
from app.core.db import unscoped
from app.core.org import Rule, Webhook, WebhookDelivery
from app.core.rules import runner
from app.core.webhooks import dispatch
from tests.browser.conftest import Visit
from tests.browser.errand import judged, seen
from tests.walk.world import World
from tests.web.people import Caller, rows, stored
from tests.web.receiver import Receiver, receiver


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch, world: World) -> Iterator[Receiver]:
    """A program that is told, on a host that the installation allows; no webhook or rule of another test."""
    monkeypatch.setattr(config, "WEBHOOK_HOSTS", "localhost")
    with unscoped("no rule of the world") as session:
        for entity in (Rule, Webhook):
            session.execute(delete(entity))
    with receiver() as kept:
        yield kept
    with unscoped("no rule of this test") as session:
        for entity in (Rule, Webhook):
            session.execute(delete(entity))


def choose(page: Page, label: str, name: str) -> None:
    """Type into the lookup of a link and take what is found."""
    page.get_by_role("combobox", name=label, exact=True).press_sequentially(name)
    page.get_by_role("option", name=name, exact=False).first.click()


def send(app: Any) -> int:
    with app.app_context():
        return dispatch.send_due()


def refused(visit: Visit, field: str, words: str) -> None:
    """What was typed is refused beside its box, which has the focus."""
    expect(visit.page.locator(f"#error-{field}")).to_contain_text(words)
    expect(visit.page.locator(f"#{field}")).to_be_focused()
    visit.complaints.clear()  # the browser's own, of a page with status 422


def add_the_webhook(visit: Visit, ear: Receiver) -> int:
    """By its form, which takes no address inside one's own network but those that are allowed."""
    page = visit.page
    visit.open("/webhook/add")
    page.fill("#name", "Ledger")
    page.select_option("#entity", "customer")
    choose(page, "As seen by", "all")
    page.get_by_label("What rules send here").check()
    for inside in ("https://127.0.0.1/told", "https://169.254.169.254/latest"):
        page.fill("#url", inside)
        page.keyboard.press("Control+s")
        page.wait_for_url("**/webhook/add*")
        refused(visit, "url", "inside one's own network")
    judged(visit, "webhook-refused")
    assert rows("webhook") == []
    page.fill("#url", ear.url)
    page.keyboard.press("Control+s")
    page.wait_for_selector("#secret")
    [webhook] = rows("webhook")
    assert (webhook.url, webhook.is_called_by_rules) == (ear.url, True)
    return int(webhook.id)


def write_the_rule(visit: Visit) -> int:
    """By its form, which says beside its box what is wrong with a filter."""
    page = visit.page
    visit.open("/rule/add")
    page.fill("#name", "Renamed customers")
    page.select_option("#entity", "customer")
    page.select_option("#event", "changed")
    page.select_option("#field", "name")
    page.fill("#conditions", "statsu=active")
    choose(page, "Acts as", "all")
    page.fill("#task_title", "Look at the new name")
    choose(page, "Assigned to", "o1")
    page.select_option("#set_field", "is_vulnerable")
    expect(page.locator("select#set_value")).to_have_count(1)
    page.select_option("#set_value", "true")
    choose(page, "Call webhook", "Ledger")
    page.keyboard.press("Control+s")
    expect(page.locator("#error-conditions")).to_contain_text("statsu")
    visit.complaints.clear()
    seen(visit, "rule-refused")
    page.fill("#conditions", "name__starts=Renamed")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/rule/show/*")
    [rule] = rows("rule")
    assert (rule.set_field, rule.set_value, rule.task_title) == (
        "is_vulnerable",
        "true",
        "Look at the new name",
    )
    return int(rule.id)


def see_the_deliveries(visit: Visit, app: Any, ear: Receiver, webhook: int) -> None:
    """A try that failed stands on the webhook's page with its reason, the next one with what was answered."""
    panel, page = visit.page.locator("#tab-panel"), f"/webhook/show/{webhook}?tab=webhook_delivery"
    ear.answers = [(500, {})]
    assert send(app) == 0
    visit.open(page)
    expect(panel).to_contain_text("Waiting")
    expect(panel).to_contain_text("500")
    judged(visit, "delivery-failed")
    with unscoped("time of a test") as session:
        for one in session.query(WebhookDelivery):
            one.due_at = clock.now()
    assert send(app) == 1
    visit.open(page)
    expect(panel).to_contain_text("Delivered")
    [delivery] = rows("webhook_delivery", webhook_id=webhook)
    assert (delivery.tries, delivery.status_code, str(delivery.state)) == (2, 200, "delivered")
    assert json.loads(ear.heard[-1].body)["data"]["event"] == "rule"


@pytest.mark.browser
@pytest.mark.full
def test_a_rule_is_tried_on_old_events_sets_a_field_gives_a_task_calls_a_webhook_and_keeps_its_versions(
    visit: Visit, world: World, ear: Receiver, request: Any
) -> None:
    page, app = visit.page, request.getfixturevalue("_application")
    customer, panel = world.rows["customer"][0][1].id, visit.page.locator("#tab-panel")
    program = Caller(app, "all")
    program.call("PATCH", f"customer/{customer}", {"name": "Renamed before there was a rule"})
    visit.login("all")
    webhook, rule = add_the_webhook(visit, ear), write_the_rule(visit)
    visit.open(f"/rule/show/{rule}?tab=try")
    for words in ("Name starts with Renamed", "Vulnerable", "Yes"):
        expect(page.locator(".fact-cards")).to_contain_text(words)
    expect(panel).to_contain_text("Would have fired: 1")
    expect(panel).to_contain_text("Field set, Task created, Webhook called")
    judged(visit, "rule-tried")
    assert (stored("customer", customer).is_vulnerable, rows("task", title="Look at the new name")) == (
        False,
        [],
    )

    program.call("PATCH", f"customer/{customer}", {"name": "Renamed again"})
    with app.app_context():
        assert runner.run() == 1
    [task] = rows("task", title="Look at the new name")
    assert (task.row_id, task.user_id, stored("customer", customer).is_vulnerable) == (customer, world.users["o1"], True)  # fmt: skip
    see_the_deliveries(visit, app, ear, webhook)

    visit.open(f"/rule/edit/{rule}")
    page.fill("#task_title", "Ask why")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/rule/show/*")
    assert [one.number for one in rows("rule_version", rule_id=rule)] == [1, 2]
    visit.open(f"/rule/show/{rule}?tab=rule_version")
    expect(panel.locator("tbody tr")).to_have_count(2)
    expect(panel).to_contain_text("Ask why")
    seen(visit, "rule-versions")
    visit.open(f"/rule/show/{rule}?tab=rule_firing")
    expect(panel.locator("tbody tr")).to_have_count(1)
    expect(panel).to_contain_text("Field set, Task created, Webhook called")
    seen(visit, "rule-firings")


@pytest.mark.browser
@pytest.mark.full
@pytest.mark.parametrize("visit", [(360, "dark")], indirect=True, ids=["phone"])
def test_a_rule_that_sets_itself_off_without_end_is_switched_off_and_its_page_says_why(
    visit: Visit, world: World, ear: Receiver, request: Any
) -> None:
    app, customer = request.getfixturevalue("_application"), world.rows["customer"][1][1].id
    program = Caller(app, "all")
    for here, there in (("Hither", "Thither"), ("Thither", "Hither")):
        said = {"name": f"To {there}", "entity": "customer", "event": "changed", "user": world.users["all"]}
        answer = program.call("POST", "rule/", {**said, "conditions": f"name={here}", "set_field": "name", "set_value": there})  # fmt: skip
        assert answer.status_code == 201, answer.text
    program.call("PATCH", f"customer/{customer}", {"name": "Hither"})
    with app.app_context():
        assert runner.run() <= 2 * runner.DEEPEST
    off, *others = [one for one in rows("rule") if one.is_off]
    assert {one.stopped_because for one in [off, *others]} == {"loop"}
    visit.login("all")
    visit.open(f"/rule/show/{off.id}")
    expect(visit.page.locator("main")).to_contain_text("It set itself off again and again")
    judged(visit, "rule-loop")
    visit.open("/rule/list/?is_off=1")
    expect(visit.page.locator("tbody tr")).to_have_count(1 + len(others))
    seen(visit, "rule-list")
