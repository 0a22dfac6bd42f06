"""The bell tells of work that arrives: tasks for a user, a role or a team, and requests whose turn it is."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete

from app.core import clock
from app.core.db import unscoped
from app.core.notices.settle import settle
from app.core.org import Notification, Rule, Task
from tests.web.approvals import decide, no_other_route, request, role, route
from tests.web.people import add, rows
from tests.web.ruling import made, rename, work
from tests.web.shop import DAY, Shop

__all__ = ["no_other_route"]


@pytest.fixture(autouse=True)
def _nothing_told(shop: Shop) -> Iterator[None]:
    yield
    with unscoped("nothing of another test") as session:
        for entity in (Rule, Task, Notification):
            session.execute(delete(entity))


def told(shop: Shop, kind: str = "task") -> dict[str, tuple[str, int]]:
    """Settle; login → what it says and how many."""
    with shop.app.app_context():
        settle()
    names = {number: name for name, number in shop.users.items()}
    return {
        names[n.user_id]: (n.about, n.times) for n in rows("notification", kind=kind) if n.user_id in names
    }


def give(shop: Shop, login: str, customer: int, **who: int) -> int:
    about = {"entity": "customer", "row_id": customer, "title": "Call him"}
    answer = shop.caller(login).call("POST", "task/", {**about, **who})
    assert answer.status_code == 201, answer.text
    return int(answer.json["result"]["id"])


def test_who_is_given_a_task_is_told_and_who_gives_it_himself_is_not(shop: Shop) -> None:
    customer = shop.customers[0]
    one = give(shop, "admin", customer, user=shop.users["olga"])
    give(shop, "admin", customer)
    assert told(shop) == {"olga": ("user_id", 1)}
    page = shop.browser("olga").get("/notifications/").text
    assert "Admin Test gives you a task" in page
    assert f'href="/task/show/{one}"' in page
    give(shop, "admin", customer, user=shop.users["olga"])
    assert told(shop) == {"olga": ("user_id", 2)}
    assert 'href="/tasks/"' in shop.browser("olga").get("/notifications/").text
    answer = shop.caller("admin").call("PATCH", f"task/{one}", {"user": shop.users["agent"]})
    assert answer.status_code == 200, answer.text
    assert told(shop)["agent"] == ("user_id", 1)
    shop.caller("admin").call("PATCH", f"task/{one}", {"title": "Call her"})
    assert told(shop)["agent"] == ("user_id", 1)


def test_a_task_of_a_role_or_team_is_told_to_those_who_see_the_record(shop: Shop) -> None:
    team = add("team", name="Callers")
    members = [shop.users[name] for name in ("olga", "otto", "agent")]
    with unscoped("members of a team") as session:
        from app.core.org import User

        for number in members:
            session.get_one(User, number).team_id = team
    give(shop, "olga", shop.customers[0], team=team)
    assert told(shop) == {"agent": ("team_id", 1)}, "otto does not see the record, olga gave it"
    give(shop, "admin", shop.customers[0], role=role("Officer"))
    assert told(shop) == {"agent": ("team_id", 1), "olga": ("role_id", 1)}
    assert "gives your role a task" in shop.browser("olga").get("/notifications/").text
    taken = rows("task", role_id=role("Officer"))[0]
    shop.browser("olga").post("/task/do/take_task", {"ids": str(taken.id), "__run": "1"})
    assert told(shop)["olga"] == ("role_id", 1), "she took it herself"


def test_a_task_from_a_rule_is_told_even_to_whom_the_rule_acts_as(shop: Shop) -> None:
    made(shop, task_title="By a rule", task_user=shop.users["admin"])
    rename(shop, shop.customers[2])
    assert work(shop) == 1
    assert told(shop) == {"admin": ("user_id", 1)}
    assert "Loandesk gives you a task" in shop.admin.get("/notifications/").text


def test_those_whose_turn_it_is_are_told_of_a_request_and_not_of_its_task(shop: Shop) -> None:
    route(shop, second_role=role("Agent"), days=1)
    away = {"starts_on": DAY, "ends_on": DAY + timedelta(days=1)}
    add("absence", user_id=shop.users["martin"], substitute_id=shop.users["auditor"], **away)
    loan = shop.loans[0]
    answer = shop.caller("olga").call("POST", f"loan/{loan}/do/stop_dunning", {"reason": "He is ill"})
    assert answer.status_code == 202
    assert told(shop, "approval") == dict.fromkeys(("mary", "martin", "auditor"), ("new", 1))
    page = shop.browser("mary").get("/notifications/").text
    assert "Olga Test asks for your approval" in page
    assert f"/approval_request/show/{request(loan).id}" in page
    assert decide(shop, "mary", request(loan).id).status_code == 200
    assert told(shop, "approval")["agent"] == ("new", 1)
    assert "olga" not in told(shop, "approval")
    assert told(shop) == {}
    assert clock.now() > rows("notification")[0].created_at


def test_who_wants_no_tasks_told_is_not(shop: Shop) -> None:
    olga = shop.browser("olga")
    assert "A task for you, your role or your team" in olga.get("/notifications/choices").text
    olga.post("/notifications/choices", {"task": "none"})
    give(shop, "admin", shop.customers[0], user=shop.users["olga"])
    assert told(shop) == {}
    olga.post("/notifications/choices", {"task": "screen"})
