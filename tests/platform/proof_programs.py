"""Programs and an entity of one class: described, listed, written once, for many rows, with a token, and told of."""

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from urllib.parse import quote

import pytest

import config
from app.core.db import unscoped
from app.core.org import Webhook
from tests.platform.yard import Yard
from tests.web.people import rows, stored
from tests.web.receiver import Receiver, receiver
from tests.web.test_repeated_writes import keyed, tag
from tests.web.test_tokens import call, made
from tests.web.test_webhooks import send, told


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(config, "WEBHOOK_HOSTS", "localhost")
    with receiver() as kept:
        yield kept
    with unscoped("no webhook of another test") as session:
        session.query(Webhook).delete()


def test_the_description_names_it_with_its_fields_filters_and_verb(yard: Yard) -> None:
    paths = yard.caller("admin").call("GET", "_openapi").json["paths"]
    mine = {path for path in paths if path.startswith("/api/v1/lorry")}
    assert mine >= {
        "/api/v1/lorry/",
        "/api/v1/lorry/{pk}",
        "/api/v1/lorry/bulk",
        "/api/v1/lorry/{pk}/do/send_to_repair",
    }
    body = paths["/api/v1/lorry/"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["state"]["enum"] == ["ready", "in_repair"]
    assert set(body["required"]) >= {"plate", "branch", "customer", "price"}
    names = {one["name"] for one in paths["/api/v1/lorry/"]["get"]["parameters"]}
    assert names >= {"price__ge", "bought_on", "driver", "sort", "after", "fields"}
    verb = paths["/api/v1/lorry/{pk}/do/send_to_repair"]["post"]
    asked = verb["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert (asked["workshop"]["type"], verb["description"]) == ("string", "Send to repair")
    page = yard.admin.get("/reference/lorry").text
    assert ("/do/send_to_repair" in page, "workshop: string" in page) == (True, True)


def test_pages_follow_each_other_with_the_fields_that_were_asked_for(yard: Yard) -> None:
    items = [yard.said(f"PAGE-{n:02d}", price=str(n % 7 + 1)) for n in range(60)]
    program = yard.caller("admin")
    assert program.call("POST", "lorry/bulk", {"items": items}).json["counts"] == {"created": 60}
    seen, after = [], ""
    while after is not None:
        page = program.call(
            "GET", f"lorry/?q=PAGE&sort=-price,plate&size=25&fields=plate,price&after={quote(after)}"
        ).json
        seen += page["result"]
        after = page["next"]
    assert [row["plate"] for row in seen] == sorted(
        (one["plate"] for one in items), key=lambda p: (-(int(p[5:]) % 7), p)
    )
    assert set(seen[0]) == {"id", "plate", "price"}
    assert program.call("GET", "lorry/?fields=plate,branch_lft").status_code == 422


def test_many_rows_are_found_by_what_is_unique_and_each_says_what_became_of_it(yard: Yard) -> None:
    yard.lorry("MANY-1")
    items = [yard.said("MANY-1", price="2.00"), yard.said("MANY-2"), yard.said("MANY-3", currency="ZZZ")]
    program = yard.caller("admin")
    refused = program.call("POST", "lorry/bulk", {"items": items})
    assert (
        refused.status_code,
        rows("lorry", plate="MANY-2"),
        str(rows("lorry", plate="MANY-1")[0].price),
    ) == (422, [], "1000.50")
    answer = program.call("POST", "lorry/bulk?mode=valid", {"items": items})
    assert [one["result"] for one in answer.json["results"]] == ["updated", "created", "refused"]
    assert (str(rows("lorry", plate="MANY-1")[0].price), len(rows("lorry", plate="MANY-2"))) == ("2.00", 1)
    foreign = yard.caller("sven").call(
        "POST", "lorry/bulk?mode=valid", {"items": [{"id": yard.lorry("MANY-4"), "seats": 9}]}
    )
    assert (foreign.json["results"][0]["result"], rows("lorry", seats=9)) == ("refused", [])


def test_what_is_asked_again_under_its_key_is_done_once_and_an_old_version_is_refused(yard: Yard) -> None:
    answers = [keyed(yard, "lorry-1", "POST", "lorry/", yard.said("ONCE-1")) for _time in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert (answers[1].headers["Idempotent-Replayed"], len(rows("lorry", plate="ONCE-1"))) == ("true", 1)
    path = f"lorry/{answers[0].json['result']['id']}"
    read = tag(yard, path)
    assert (
        yard.caller("olga").call("PATCH", path, {"seats": 2}, headers={"If-Match": read}).status_code == 200
    )
    late = yard.caller("admin").call("PATCH", path, {"seats": 3}, headers={"If-Match": read})
    assert (late.status_code, late.json["stored"]["seats"], rows("lorry", plate="ONCE-1")[0].seats) == (
        412,
        2,
        2,
    )


def test_a_token_opens_what_it_names_of_its_users_rows(yard: Yard) -> None:
    mine, foreign = yard.lorry("TOKEN-1"), yard.lorry("TOKEN-2", driver_id=yard.users["otto"])
    whole, reading, other = (
        made(yard, "olga", **said)
        for said in ({"entities": ["lorry"]}, {"is_read_only": True}, {"entities": ["team"]})
    )
    assert call(yard, whole, "PATCH", f"lorry/{mine}", {"seats": 4}).status_code == 200
    assert call(yard, whole, "GET", f"lorry/{foreign}").status_code == 404
    assert call(yard, reading, "PATCH", f"lorry/{mine}", {"seats": 5}).status_code == 403
    assert (call(yard, other, "GET", f"lorry/{mine}").status_code, stored("lorry", mine).seats) == (403, 4)
    last = rows("history", entity="lorry", row_id=mine)[-1]
    assert (last.source, last.reason.startswith("Ledger (")) == ("api", True)


def test_another_program_is_told_what_happens_signed_and_as_its_user_sees_it(
    yard: Yard, ear: Receiver
) -> None:
    answer = yard.admin.post("/webhook/add", {
        "name": "Fleet", "url": ear.url, "entity": "lorry", "is_told_of_new": "y", "is_told_of_changes": "y",
        "is_told_of_removals": "y", "user_id": yard.users["olga"], "conditions": "state=ready",
    })  # fmt: skip
    secret = answer.text.replace("&#43;", "+").partition("whsec_")[2][:44]
    assert secret, answer.text
    mine = yard.lorry("HOOK-1")
    yard.lorry("HOOK-2", driver_id=yard.users["otto"])
    send(yard)
    yard.caller("admin").call("PATCH", f"lorry/{mine}", {"price": "3.00"})
    send(yard)
    yard.caller("admin").call("DELETE", f"lorry/{mine}")
    send(yard)
    heard = told(ear)
    assert [(one["type"], one["data"]["id"]) for one in heard] == [
        (f"lorry.{what}", mine) for what in ("created", "changed", "deleted")
    ]
    assert (heard[1]["data"]["row"]["plate"], heard[1]["data"]["row"]["price"]) == ("HOOK-1", "3.00")
    one = ear.heard[0]
    signed = f"{json.loads(one.body)['id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
    assert (
        one.headers["webhook-signature"]
        == "v1," + b64encode(hmac.digest(b64decode(secret), signed, "sha256")).decode()
    )
    assert {str(each.state) for each in rows("webhook_delivery", event="created")} == {"delivered", "untold"}
