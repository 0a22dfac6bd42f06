"""A webhook tells of one kind of record, what its author sees himself, and ends what the program cannot write."""

from datetime import date, timedelta
from typing import Any

import psycopg

from app.access.users import create_user
from app.core import clock
from app.core.org import GrantKind
from app.core.webhooks import dispatch
from tests.roles import role_that_reveals_nothing
from tests.web.people import add, rows, stored
from tests.web.receiver import Receiver
from tests.web.shop import Shop
from tests.web.test_webhooks import ear, hook, send, told

__all__ = ["ear"]


def test_a_webhook_stays_with_its_kind_of_record_and_tells_no_number_of_another(
    shop: Shop, ear: Receiver
) -> None:
    team, program = add("team", name="Of its kind"), shop.caller("admin")
    webhook = hook(shop, ear)
    answer = program.call("PATCH", f"webhook/{webhook}", {"entity": "customer"})
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"entity"})
    assert stored("webhook", webhook).entity == "team"
    assert program.call("PATCH", f"webhook/{webhook}", {"entity": "team", "name": "Same"}).status_code == 200
    add("webhook_delivery", webhook_id=webhook, entity="customer", row_id=team, event="changed")
    assert (send(shop), ear.heard) == (0, [])
    assert [str(one.state) for one in rows("webhook_delivery", webhook_id=webhook)] == ["untold"]


def test_who_may_see_less_than_its_user_can_switch_a_webhook_off_and_nothing_else(
    shop: Shop, ear: Receiver
) -> None:
    keeper = create_user("keeper", "pw", role_that_reveals_nothing("Keepers"), grants=({"kind": GrantKind.ALL},))  # fmt: skip
    webhook, program = hook(shop, ear, "customer"), shop.caller("keeper")
    said = {"name": "Mine", "url": ear.url, "entity": "customer", "is_told_of_changes": True}
    answer = program.call("POST", "webhook/", {**said, "user": shop.users["admin"]})
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"user_id"})
    for change in ({"url": f"{ear.url}/mine"}, {"conditions": "status=active"}, {"is_told_of_new": False}):
        answer = program.call("PATCH", f"webhook/{webhook}", change)
        assert (answer.status_code, set(answer.json["errors"])) == (422, {"user_id"}), change
    assert program.call("PATCH", f"webhook/{webhook}", {"is_off": True}).status_code == 200
    assert program.call("PATCH", f"webhook/{webhook}", {"is_off": False}).status_code == 422
    left = stored("webhook", webhook)
    assert (left.url, left.conditions, left.is_told_of_new, left.is_off) == (ear.url, None, True, True)
    assert program.call("POST", "webhook/", {**said, "user": keeper}).status_code == 201


def test_conditions_name_what_its_user_may_filter_by(shop: Shop, ear: Receiver) -> None:
    blind = create_user("blind", "pw", role_that_reveals_nothing("Blind"), grants=({"kind": GrantKind.ALL},))
    said = {"name": "B", "url": ear.url, "entity": "customer", "is_told_of_new": True, "user": blind}
    answer = shop.caller("admin").call("POST", "webhook/", {**said, "conditions": "identity_number=1"})
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"conditions"})
    assert shop.caller("admin").call("POST", "webhook/", said).status_code == 201


def test_what_the_program_cannot_write_is_tried_so_often_and_ends_and_the_others_are_told(
    shop: Shop, ear: Receiver, database: Any
) -> None:
    with psycopg.connect(database.superuser_url) as connection:
        # beyond what the program can read of a day
        connection.execute("INSERT INTO holiday (name, country, held_on) VALUES ('Endless', 'CN', 'infinity')")  # fmt: skip
        [(endless,)] = connection.execute("SELECT id FROM holiday WHERE name = 'Endless'")
    webhook = hook(shop, ear, "holiday")
    good = add("holiday", name="Good", country="CN", held_on=date(2020, 1, 2))
    bad = add("webhook_delivery", webhook_id=webhook, entity="holiday", row_id=endless, event="changed")
    late = add("webhook_delivery", webhook_id=webhook, entity="holiday", row_id=endless, event="changed", tries=40)  # fmt: skip
    assert (send(shop), [one["data"]["id"] for one in told(ear)]) == (1, [good])
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("DELETE FROM holiday WHERE name = 'Endless'")
    first, last = stored("webhook_delivery", bad), stored("webhook_delivery", late)
    assert (str(first.state), first.tries, first.problem, first.claimed_at) == ("waiting", 1, "fault", None)
    assert timedelta() < first.due_at - clock.now() <= dispatch.FIRST_PAUSE
    assert (str(last.state), last.tries, last.problem) == ("failed", 41, "fault")
