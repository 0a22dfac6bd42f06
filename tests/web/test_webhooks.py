"""Other programs are told what happens: signed, at least once, and only of what the webhook's owner may see."""

import hmac
import json
import re
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

import config
from app.core import clock, housekeeping, registry
from app.core.db import unscoped
from app.core.org import Webhook, WebhookDelivery
from app.core.webhooks import addresses, dispatch, post
from tests.rules.source import ROOT
from tests.web.people import add, rows, stored
from tests.web.receiver import Receiver, receiver
from tests.web.shop import Shop

SENDER = """
from tasks.application import application
from app.core.webhooks import dispatch
with application().app_context():
    dispatch.send_due()
"""


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A program that is told; nothing of another test waits."""
    monkeypatch.setattr(config, "WEBHOOK_HOSTS", "localhost")
    with unscoped("no webhook of another test") as session:
        session.query(Webhook).delete()
    with receiver() as kept:
        yield kept


def hook(shop: Shop, ear: Receiver, entity: str = "team", name: str = "admin", **values: Any) -> int:
    """A webhook that is told everything of an entity."""
    told = {"is_told_of_new": True, "is_told_of_changes": True, "is_told_of_removals": True}
    given = {
        "url": ear.url,
        "user_id": shop.users[name],
        "entity": entity,
        "salt": b"s" * 32,
        **told,
        **values,
    }
    return add("webhook", name=f"{entity} as {name}", **given)


def send(shop: Shop, lease: timedelta = dispatch.LEASE) -> int:
    with shop.app.app_context():
        return dispatch.send_due(lease)


def told(ear: Receiver) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in ear.heard]


def hurry(webhook_id: int) -> None:
    """Let the pause before the next try be over."""
    with unscoped("time of a test") as session:
        for one in session.query(WebhookDelivery).filter_by(webhook_id=webhook_id):
            one.due_at = clock.now()


def test_a_new_a_changed_and_a_deleted_record_are_told_and_signed(shop: Shop, ear: Receiver) -> None:
    answer = shop.admin.post(
        "/webhook/add",
        {"name": "Ledger", "url": ear.url, "entity": "team", "is_told_of_new": "y",
         "is_told_of_changes": "y", "is_told_of_removals": "y", "user_id": shop.users["admin"]},
    )  # fmt: skip
    [secret] = re.findall(r"whsec_[A-Za-z0-9+/=]{44}", answer.text.replace("&#43;", "+"))
    program = shop.caller("admin")
    team = program.call("POST", "team/", {"name": "Told"}).json["result"]["id"]
    assert send(shop) == 1
    program.call("PUT", f"team/{team}", {"name": "Told again"})
    assert send(shop) == 1
    program.call("DELETE", f"team/{team}")
    assert send(shop) == 1
    new, changed, deleted = told(ear)
    assert (new["type"], new["data"]["row"]["name"], new["data"]["id"]) == ("team.created", "Told", team)
    assert (changed["type"], changed["data"]["row"]["name"]) == ("team.changed", "Told again")
    assert deleted["data"] == {"entity": "team", "id": team, "event": "deleted"}
    for one, said in zip(ear.heard, told(ear), strict=True):
        assert one.headers["webhook-id"] == said["id"]
        signed = f"{said['id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
        mac = hmac.digest(b64decode(secret.removeprefix("whsec_")), signed, "sha256")
        assert one.headers["webhook-signature"] == "v1," + b64encode(mac).decode()
        assert abs(int(one.headers["webhook-timestamp"]) - clock.now().timestamp()) < 60
    log = rows("webhook_delivery")
    assert [(str(one.state), one.tries, one.status_code, one.answer) for one in log] == [("delivered", 1, 200, "heard")] * 3  # fmt: skip
    webhook = rows("webhook")[0]
    assert secret not in shop.admin.get(f"/webhook/show/{webhook.id}").text
    again = shop.admin.post("/webhook/do/renew_secret", {"ids": webhook.id, "__run": "1"})
    assert re.search(r"whsec_", again.text)
    assert secret not in again.text


def test_what_the_owner_does_not_see_and_what_does_not_meet_the_conditions_is_not_told(
    shop: Shop, ear: Receiver
) -> None:
    hook(shop, ear, "customer", "olga", conditions="status=active")
    mine, inactive, foreign = shop.customers[2], shop.customers[4], shop.customers[1]
    assert stored("customer", inactive).status == "inactive"
    for row_id in (mine, inactive, foreign):
        shop.caller("admin").call("PUT", f"customer/{row_id}", {"name": f"Renamed {row_id}"})
    gone = [
        add("customer", client_id=shop.client, name="Gone", manager_id=shop.users[who])
        for who in ("olga", "otto")
    ]
    send(shop)
    for row_id in gone:
        assert shop.caller("admin").call("DELETE", f"customer/{row_id}").status_code == 200
    send(shop)
    heard = {(one["data"]["event"], one["data"]["id"]) for one in told(ear)}
    assert heard == {("changed", mine), ("created", gone[0]), ("deleted", gone[0])}
    states = {(one.row_id, one.event): str(one.state) for one in rows("webhook_delivery")}
    assert states[foreign, "changed"] == states[inactive, "changed"] == states[gone[1], "deleted"] == "untold"
    assert str(foreign) not in [str(one["data"]["id"]) for one in told(ear)]


def test_rows_of_one_statement_are_told_each_and_what_is_rolled_back_is_not(
    shop: Shop, ear: Receiver
) -> None:
    webhook = hook(shop, ear, "position")
    position = registry.entity("position")
    with unscoped("many rows of a test") as session:
        session.add_all(position(name=f"Position {number}") for number in range(50))
    with pytest.raises(ZeroDivisionError), unscoped("a change that fails") as session:
        session.add(position(name="Never"))
        session.flush()
        raise ZeroDivisionError
    assert len(rows("webhook_delivery", webhook_id=webhook)) == 50
    assert send(shop) == 50
    assert {one["data"]["row"]["name"] for one in told(ear)} == {f"Position {number}" for number in range(50)}
    assert len({one["id"] for one in told(ear)}) == 50


def test_an_error_is_tried_again_and_after_a_day_the_webhook_is_off_with_its_reason(
    shop: Shop, ear: Receiver
) -> None:
    webhook = hook(shop, ear)
    ear.answers = [(500, {})]
    add("team", name="Tried twice")
    assert send(shop) == 0
    [one] = rows("webhook_delivery", webhook_id=webhook)
    assert (str(one.state), one.problem, one.status_code, one.answer) == ("waiting", "status", 500, "heard")
    assert timedelta() < one.due_at - clock.now() <= dispatch.FIRST_PAUSE
    assert send(shop) == 0, "its pause is not over"
    hurry(webhook)
    assert send(shop) == 1
    assert ear.heard[0].headers["webhook-id"] == ear.heard[1].headers["webhook-id"]
    with unscoped("a day of a test") as session:
        session.get_one(Webhook, webhook).last_delivered_at = None
        session.add(WebhookDelivery(webhook_id=webhook, entity="team", row_id=rows("team")[-1].id, event="changed", tries=dispatch.MOST_TRIES - 1))  # fmt: skip
    ear.answers = [(503, {})]
    send(shop)
    off = stored("webhook", webhook)
    assert (off.is_off, off.stopped_because) == (True, "failing")
    assert "It took nothing for a day" in shop.admin.get(f"/webhook/show/{webhook}").text
    last = rows("webhook_delivery", webhook_id=webhook)[-1]
    assert str(last.state) == "failed"
    shop.admin.post("/webhook_delivery/do/send_again", {"ids": last.id, "__run": "1"})
    assert send(shop) == 0, "it is off"
    shop.caller("admin").call("PATCH", f"webhook/{webhook}", {"is_off": False})
    assert (send(shop), stored("webhook", webhook).stopped_because) == (1, None)


def test_a_target_that_hangs_is_cut_and_holds_nobody_else_up(
    shop: Shop, ear: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "SECONDS", 0.6)
    with receiver() as slow:
        slow.pause = 2.0
        hanging, quick = hook(shop, slow), hook(shop, ear)
        add("team", name="For both")
        assert send(shop) == 1
        [one] = rows("webhook_delivery", webhook_id=hanging)
        assert (one.problem, one.status_code, 0.5 < one.seconds < 1.5) == ("timeout", None, True)
    [other] = rows("webhook_delivery", webhook_id=quick)
    assert str(other.state) == "delivered"


def test_a_target_that_takes_each_telling_slowly_gives_the_others_back(
    shop: Shop, ear: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "WORK_SECONDS", 0.2)
    webhook, ear.pause = hook(shop, ear), 0.3
    for number in range(3):
        add("team", name=f"Slow {number}")
    assert send(shop) == 1
    log = [(str(one.state), one.tries) for one in rows("webhook_delivery", webhook_id=webhook)]
    assert log == [("delivered", 1), ("waiting", 0), ("waiting", 0)]


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/", "https://169.254.169.254/latest", "https://10.0.0.7/x", "https://[::1]/", "https://[::ffff:10.0.0.1]/",
     "https://0x7f000001/", "https://inside.example/", "http://8.8.8.8/", "ftp://8.8.8.8/", "https://a:b@8.8.8.8/", "https:///x",
     "javascript:alert(1)", "https://8.8.8.8:99999/", "https://metadata.google.internal/", "https://Metadata.Google.Internal./",
     "https://instance-data/latest", "https://metadata.tencentyun.com/"],
)  # fmt: skip
def test_an_address_inside_the_own_network_is_refused_when_it_is_saved_and_when_it_is_called(
    shop: Shop, ear: Receiver, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = addresses.socket.getaddrinfo
    inside = {"inside.example": "127.0.0.1"}  # a name of the world that leads inside
    monkeypatch.setattr(
        addresses.socket,
        "getaddrinfo",
        lambda host, *more, **named: resolve(inside.get(host, host), *more, **named),
    )
    said = {"name": "Astray", "url": url, "entity": "team", "is_told_of_new": "y", "user_id": shop.users["admin"]}  # fmt: skip
    answer = shop.admin.post("/webhook/add", said)
    assert (answer.status_code, rows("webhook", name="Astray")) == (422, [])
    assert 'id="error-url"' in answer.text
    assert post.post(url, {}, b"{}").problem in ("forbidden", "unknown")


def test_a_sender_that_is_killed_loses_nothing(
    shop: Shop, ear: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = hook(shop, ear)
    ear.pause = 60.0
    for number in range(3):
        add("team", name=f"Kept {number}")
    monkeypatch.setenv("WEBHOOK_HOSTS", "localhost")
    with subprocess.Popen([sys.executable, "-c", SENDER], cwd=ROOT) as sender:
        try:
            ear.wait(1, seconds=60)
        finally:
            sender.kill()
    assert {str(one.state) for one in rows("webhook_delivery", webhook_id=webhook)} == {"sending"}
    assert send(shop) == 0, "they are another's until the claim lapses"
    ear.pause = 0.0
    assert send(shop, lease=timedelta()) == 3
    assert {one["data"]["row"]["name"] for one in told(ear)} == {"Kept 0", "Kept 1", "Kept 2"}


def test_a_webhook_whose_owner_has_no_login_tells_nothing(shop: Shop, ear: Receiver) -> None:
    owner = add("user", username="left", first_name="L", last_name="F", email="left@x.example", active=False)
    webhook = add("webhook", name="Left", url=ear.url, user_id=owner, entity="team", is_told_of_new=True)
    add("team", name="Not for him")
    assert send(shop) == 0
    assert (ear.heard, stored("webhook", webhook).stopped_because) == ([], "owner")


def test_deliveries_that_are_over_are_cleared_away_and_those_that_wait_are_not(
    shop: Shop, ear: Receiver
) -> None:
    webhook, old = hook(shop, ear), clock.now() - housekeeping.LOOKED_UP - timedelta(days=1)
    given = {"webhook_id": webhook, "entity": "team", "row_id": 1, "event": "changed"}
    for state in ("delivered", "failed", "untold", "waiting", "sending"):
        for at in (old, clock.now()):
            add("webhook_delivery", state=state, created_at=at, claimed_at=clock.now(), **given)
    assert [(one.rows, one.is_new) for one in (housekeeping.run_deliveries(), housekeeping.run_deliveries())] == [(3, True), (3, False)]  # fmt: skip
    assert len(rows("webhook_delivery", webhook_id=webhook)) == 7


def test_webhooks_are_the_houses_and_name_events_and_conditions_that_are_there(
    shop: Shop, ear: Receiver
) -> None:
    webhook = hook(shop, ear)
    assert shop.browser("owner").get(f"/webhook/show/{webhook}").status_code == 404
    assert shop.browser("olga").get("/webhook/list/").status_code == 403
    good = {
        "name": "W",
        "url": ear.url,
        "entity": "loan",
        "is_told_of_new": True,
        "user": shop.users["admin"],
    }
    for wrong, field in (
        ({"is_told_of_new": False}, "is_told_of_new"), ({"conditions": "colour=red"}, "conditions"),
        ({"conditions": "principal__gt=much"}, "conditions"), ({"entity": "history"}, "entity"),
    ):  # fmt: skip
        answer = shop.caller("admin").call("POST", "webhook/", {**good, **wrong})
        assert (answer.status_code, set(answer.json["errors"])) == (422, {field}), wrong
