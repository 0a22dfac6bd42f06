"""Tasks that rules give to teams, rules that ask for custom fields, what their form offers, and how long their log is kept."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from app.core import clock, housekeeping, settings
from app.core.db import unscoped
from app.core.org import Rule, User
from tests.web.people import add, rows, stored
from tests.web.ruling import made, rename, rule, work
from tests.web.shop import Shop


@pytest.fixture(autouse=True)
def _no_other_rule(shop: Shop) -> Iterator[None]:
    yield
    with unscoped("no rule of another test") as session:
        session.execute(delete(Rule))


@pytest.fixture(scope="module")
def team(shop: Shop) -> int:
    """Olga, the agent, who sees everything, and otto, who does not see olga's customers."""
    number = add("team", name="Field north")
    with unscoped("members of a team") as session:
        people = [shop.users[name] for name in ("olga", "agent", "otto")]
        session.execute(update(User).where(User.id.in_(people)).values(team_id=number))
    return number


def take(shop: Shop, login: str, task: int) -> Any:
    return shop.browser(login).post("/task/do/take_task", {"ids": str(task), "__run": "1"})


def test_a_task_of_a_team_is_seen_by_each_member_who_sees_the_record_and_taken_once(
    shop: Shop, team: int
) -> None:
    made(shop, task_title="Visit him", task_team=team, task_days=2)
    rename(shop, shop.customers[0])
    assert work(shop) == 1
    [task] = rows("task", title="Visit him")
    assert (task.team_id, task.user_id) == (team, None)
    lists = {who: shop.browser(who).get("/tasks/", follow_redirects=True).text for who in ("olga", "agent", "otto")}  # fmt: skip
    assert {who: "Visit him" in page for who, page in lists.items()} == {"olga": True, "agent": True, "otto": False}  # fmt: skip
    assert take(shop, "otto", task.id).status_code == 404
    assert f"/task/do/take_task?ids={task.id}" in shop.browser("olga").get(f"/task/show/{task.id}").text
    assert "take_task" not in shop.browser("admin").get(f"/task/show/{task.id}").text, "it is not for him"
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda who: take(shop, who, task.id), ("olga", "agent")))
    taken = stored("task", task.id)
    assert taken.user_id in (shop.users["olga"], shop.users["agent"])
    assert (taken.team_id, str(taken.state)) == (None, "open")
    changes = [h.changes for h in rows("history", entity="task", row_id=task.id) if "user_id" in h.changes]
    assert changes == [{"user_id": [None, taken.user_id], "team_id": [team, None]}]
    late = "agent" if taken.user_id == shop.users["olga"] else "olga"
    shop.browser(late).get("/home/")  # tells what came of it
    assert "Visit him" not in shop.browser(late).get("/tasks/", follow_redirects=True).text
    page = shop.browser(late).post("/task/do/take_task", {"ids": str(task.id), "__run": "1"}, follow_redirects=True)  # fmt: skip
    assert "has this task already" in page.text


def test_conditions_ask_for_custom_fields_as_what_they_are_and_these_stay_while_a_rule_asks(
    shop: Shop,
) -> None:
    area = add("custom_field", entity="customer", code="area", kind="number", label_en="Area", places=1, position=0)  # fmt: skip
    assert set(rule(shop, comment="C", conditions="c_area__gt=wide").json["errors"]) == {"conditions"}
    one = made(shop, field="c_area", conditions="c_area__gt=9.5", set_field="c_area", set_value="7.5")
    for place, value in ((0, 10.5), (2, 9)):
        answer = shop.caller("admin").call("PATCH", f"customer/{shop.customers[place]}", {"c_area": value})
        assert answer.status_code == 200, answer.text
    assert work(shop) == 1
    assert [stored("customer", shop.customers[place]).custom for place in (0, 2)] == [{"area": "7.5"}, {"area": "9"}]  # fmt: skip
    page = shop.admin.post(f"/custom_field/delete/{area}", follow_redirects=True).text
    assert "Rules and webhooks: A rule" in page
    officer = next(str(row.id) for row in rows("role") if row.name == "Officer")
    add("custom_field", entity="customer", code="grade", kind="text", label_en="Grade", roles=[officer], position=0)  # fmt: skip
    shop.caller("admin").call("PATCH", f"rule/{one}", {"is_off": True})
    assert set(rule(shop, comment="C", conditions="c_grade=A").json["errors"]) == {"conditions"}


def test_the_form_of_a_new_rule_offers_what_follows_from_the_kind_of_record(shop: Shop) -> None:
    empty = shop.admin.get("/rule/add").text
    assert 'data-follows="entity"' in empty
    page = shop.admin.get(
        "/rule/add?entity=customer&set_field=status&conditions=status%3Dactive%26name%3DA"
    ).text
    for name, offered in (("field", "manager_id"), ("task_field", "manager_id"), ("set_field", "status"), ("set_value", "inactive")):  # fmt: skip
        found = re.search(rf'<select[^>]*name="{name}".*?</select>', page, re.DOTALL)
        assert found, name
        assert f'value="{offered}"' in found[0], name
    assert 'data-condition="status=active"' in page
    assert 'data-conditions="customer"' in page
    linked = shop.admin.get("/rule/add?entity=customer&set_field=manager").text
    assert 'data-lookup-url="/lookups/user"' in linked
    wrong = shop.admin.get("/rule/add?entity=customer&conditions=colour%3Dred")
    assert (wrong.status_code, "colour" in wrong.text) == (200, True)
    edited = made(shop, comment="C", conditions="status=active")
    other = shop.admin.get(f"/rule/edit/{edited}?entity=loan&conditions=").text
    assert 'data-conditions="loan"' in other
    assert 'value="officer_id"' in other


def test_what_rules_did_long_ago_is_forgotten_and_what_waits_stays(shop: Shop) -> None:
    one = made(shop, comment="C")
    [version] = rows("rule_version", rule_id=one)
    about = {"name": "A rule", "entity": "customer", "row_id": shop.customers[0], "event": "changed"}
    told = {"rule_id": one, "version_id": version.id, "user_id": shop.users["admin"], **about}
    for state, days in (("done", 31), ("failed", 31), ("waiting", 31), ("done", 29)):
        add("rule_firing", **told, state=state, created_at=clock.now() - timedelta(days=days))
    with unscoped("a test of the log of rules") as session:
        assert housekeeping.forget_firings(session) == 0, "by default they are kept for half a year"
        settings.write(session, "firing_days", "30")
        assert housekeeping.forget_firings(session) == 2
    assert sorted(str(row.state) for row in rows("rule_firing", rule_id=one)) == ["done", "waiting"]
    refused = shop.caller("admin").call("GET", "setting/?name=firing_days").json["result"][0]
    answer = shop.caller("admin").call("PATCH", f"setting/{refused['id']}", {"value": "0"})
    assert answer.status_code == 422
