"""What a rule left undone when it was switched off: kept, shown, and taken up again once when it is mended."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, text

from app.core.db import unscoped
from app.core.faults import reason_of
from app.core.org import Notification, Rule
from app.core.rules import runner
from tests.web.people import add, rows, stored
from tests.web.ruling import made, rename, work
from tests.web.shop import Shop
from tests.web.test_two_writers import change


@pytest.fixture(autouse=True)
def _no_other_rule(shop: Shop) -> Iterator[None]:
    yield
    with unscoped("no rule of another test") as session:
        session.execute(delete(Rule))
        session.execute(delete(Notification))


def states(rule: int) -> list[str]:
    return sorted(str(one.state) for one in rows("rule_firing", rule_id=rule))


def take_up(shop: Shop, rule: int) -> int:
    sent = {"ids": str(rule), "__run": "1"}
    return int(shop.browser("admin").post("/rule/do/take_up", sent).status_code)


def test_a_wrong_condition_loses_nothing_and_a_mended_rule_does_each_once(shop: Shop) -> None:
    one = made(shop, conditions="status=active", comment="Taken up again")
    with unscoped("a field that is gone") as session:
        session.get_one(Rule, one).conditions = "colour=red"
    active, inactive = (shop.customers[1], shop.customers[2]), shop.customers[4]
    for customer in (*active, inactive):
        rename(shop, customer)
    assert work(shop) == 0
    off = stored("rule", one)
    assert (states(one), off.stopped_because, off.stopped_firings) == (["stopped"] * 3, "conditions", 3)
    page = shop.admin.get(f"/rule/show/{one}").text
    assert "Left undone" in page
    assert "/rule/do/take_up" not in page, "it is off"
    mended = {"conditions": "status=active", "is_off": False}
    assert shop.caller("admin").call("PATCH", f"rule/{one}", mended).status_code == 200
    assert work(shop) == 0
    assert f"/rule/do/take_up?ids={one}" in shop.admin.get(f"/rule/show/{one}").text
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda _n: take_up(shop, one), range(2)))
    assert (work(shop), work(shop)) == (2, 0)
    assert {c.row_id for c in rows("comment", text="Taken up again")} == set(active)
    assert (states(one), stored("rule", one).stopped_firings) == (["done", "done"], 0)
    versions = {v.id: v.number for v in rows("rule_version", rule_id=one)}
    assert {versions[f.version_id] for f in rows("rule_firing", rule_id=one)} == {stored("rule", one).number}


def test_a_loop_ends_and_what_waits_for_other_records_is_kept(shop: Shop) -> None:
    made(shop, name="To B", conditions="name=A", set_field="name", set_value="B")
    back = made(shop, name="To A", conditions="name=B", set_field="name", set_value="A")
    other = made(shop, name="Says so", conditions="name=Other", comment="Not lost by a loop")
    rename(shop, shop.customers[12], "A")
    rename(shop, shop.customers[14], "Other")
    work(shop)
    paused = next(one for one in rows("rule") if one.stopped_because == "loop")
    assert [one.row_id for one in rows("comment", text="Not lost by a loop")] == [shop.customers[14]]
    assert rows("rule_firing", rule_id=other)[0].state == "done"
    waits = {
        "row_id": shop.customers[16],
        "entity": "customer",
        "event": "changed",
        "name": "x",
        "state": "waiting",
    }
    with unscoped("an event that waits") as session:
        session.add(_like(paused.id, **waits))
    work(shop)
    assert stored("rule", paused.id).stopped_firings >= 1
    shop.caller("admin").call("PATCH", f"rule/{paused.id}", {"is_off": False})
    shop.caller("admin").call("PATCH", f"rule/{back}", {"is_off": True})
    before = [f.id for f in rows("rule_firing", rule_id=paused.id) if f.depth >= runner.DEEPEST]
    assert take_up(shop, paused.id) == 302
    work(shop)
    assert "stopped" in {str(stored("rule_firing", one).state) for one in before}, "a loop is not begun again"
    assert stored("rule", paused.id).is_off is False


def _like(rule: int, **values: object) -> object:
    [version, *_others] = rows("rule_version", rule_id=rule)
    [who, *_rest] = {row.user_id for row in rows("rule", id=rule)}
    kind = type(rows("rule_firing", rule_id=rule)[0])
    return kind(rule_id=rule, version_id=version.id, user_id=who, **values)


def test_what_waits_for_another_kind_of_record_is_not_done_with_one_of_the_same_number(shop: Shop) -> None:
    one = made(shop, comment="Of customers")
    rename(shop, shop.customers[20])
    changed = {"entity": "loan", "conditions": ""}
    assert shop.caller("admin").call("PATCH", f"rule/{one}", changed).status_code == 200
    assert (work(shop), states(one), rows("comment", text="Of customers")) == (0, ["stopped"], [])
    take_up(shop, one)
    assert (states(one), stored("rule", one).stopped_firings) == (["stopped"], 0)


def test_a_deleted_record_waits_without_a_word_of_a_person_and_is_judged_as_it_was(shop: Shop) -> None:
    one = made(shop, entity="phone", event="deleted", conditions="kind=work", comment="A number went")
    with unscoped("a field that is gone") as session:
        session.get_one(Rule, one).conditions = "colour=red"
    for place, kind in ((22, "work"), (24, "mobile")):
        said = {"customer_id": shop.customers[place], "number": f"+8613900{place:06d}", "kind": kind}
        phone = add("phone", **said, is_primary=False)
        assert shop.caller("admin").call("DELETE", f"phone/{phone}").status_code in (200, 204)
    assert work(shop) == 0
    with unscoped("what is stored of a person") as session:
        kept = text("SELECT string_agg(row_to_json(f)::text, ' ') FROM rule_firing f WHERE rule_id = :rule")
        assert "13900000022" not in str(session.scalar(kept, {"rule": one}))
    shop.caller("admin").call("PATCH", f"rule/{one}", {"conditions": "kind=work", "is_off": False})
    take_up(shop, one)
    assert work(shop) == 1
    assert [c.row_id for c in rows("comment", text="A number went")] == [shop.customers[22]]
    assert [f.kept for f in rows("rule_firing", rule_id=one)] == [None]


def test_who_can_mend_a_rule_is_told_that_it_was_switched_off(shop: Shop) -> None:
    from app.core.notices.settle import settle

    one = made(shop, conditions="status=active", comment="C")
    with unscoped("a field that is gone") as session:
        session.get_one(Rule, one).conditions = "colour=red"
    rename(shop, shop.customers[18])
    work(shop)
    with shop.app.app_context():
        settle()
    told = {n.user_id: (n.row_id, n.about) for n in rows("notification", kind="stopped")}
    assert told == {shop.users["admin"]: (one, "conditions")}, "others do not see rules"
    page = shop.admin.get("/notifications/").text
    assert "Switched off by itself: Its conditions name something" in page


def test_why_a_rule_was_switched_off_is_told_in_the_language_of_its_user(shop: Shop) -> None:
    one = made(shop, comment="C", user=shop.users["olga"])
    change("user", shop.users["olga"], language="uk")
    with shop.app.app_context():
        runner.pause(one, "fault", reason_of(ValueError("broken")))
    change("user", shop.users["olga"], language="en")
    assert stored("rule", one).stopped_detail == "Збій програми: broken"
