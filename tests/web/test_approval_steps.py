"""Steps that wait too long are passed on once, and substitutes decide for people who are away."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from app.core.notices.settle import settle
from app.core.org import GrantKind
from app.core.web import escalating
from tests.roles import role_that_opens_no
from tests.web.approvals import decide, no_other_route, person, request, role, route, work
from tests.web.people import add, rows, stored
from tests.web.shop import DAY, Shop
from tests.web.test_two_writers import change

__all__ = ["no_other_route"]
SECOND = timedelta(seconds=1)


def stop(shop: Shop, loan: int, login: str = "olga") -> Any:
    """Ask for a loan's dunning to be stopped; the request."""
    answer = shop.caller(login).call("POST", f"loan/{loan}/do/stop_dunning", {"reason": "He is ill"})
    assert answer.status_code == 202, answer.text
    return request(loan)


def pass_on(shop: Shop, now: datetime) -> int:
    with shop.app.app_context():
        return escalating.run(now)


def told(shop: Shop) -> dict[tuple[int, str], int]:
    """Settle the notifications: receiver and what it says → the request; that it is new is another test's."""
    with shop.app.app_context():
        settle()
    assert rows("notification", kind="task") == [], "the request itself is told of"
    known = rows("notification", kind="approval")
    return {(one.user_id, one.about): one.row_id for one in known if one.about != "new"}


def away(shop: Shop, login: str, stands_in: str, **values: Any) -> Any:
    """Enter an absence as this person; his own on the business date, unless it says otherwise."""
    days = {"starts_on": f"{DAY}", "ends_on": f"{DAY + timedelta(days=3)}"}
    said = {**days, "substitute": shop.users[stands_in], **values}
    return shop.caller(login).call("POST", "absence/", said)


def names(shop: Shop, *logins: str) -> list[int]:
    return [shop.users[login] for login in logins]


def test_a_step_whose_hours_are_over_goes_to_the_other_role_once_and_that_role_may_decide(shop: Shop) -> None:
    route(shop, first_hours=2, first_escalation=role("Agent"))
    one = stop(shop, shop.loans[0])
    assert one.escalates_at - one.waits_since > timedelta(hours=1, minutes=59)
    assert decide(shop, "agent", one.id).status_code == 422, "it is not his turn yet"
    late = one.escalates_at
    assert [pass_on(shop, at) for at in (late - SECOND, late, late, late + timedelta(days=9))] == [0, 1, 0, 0]
    one = request(shop.loans[0])
    assert (one.escalated_at, one.escalated_role_id, one.escalated_to) == (late, role("Agent"), None)
    tasks = rows("task", row_id=shop.loans[0])
    assert [(task.role_id, str(task.state), task.title) for task in tasks] == [
        (role("Manager"), "open", tasks[0].title),
        (role("Agent"), "open", tasks[0].title),
    ]
    assert told(shop) == {(shop.users["agent"], "late"): one.id}
    page = shop.browser("agent").get("/notifications/").text
    assert "It waits for approval too long; you may decide now" in page
    mine = shop.browser("agent").get("/approvals/", follow_redirects=True)
    assert (mine.status_code, "Stop dunning" in mine.text) == (200, True)
    shown = shop.browser("mary").get(f"/approval_request/show/{one.id}").text
    assert all(words in shown for words in ("Waits since", "Passed on to the role"))
    assert decide(shop, "agent", one.id).status_code == 200
    assert {str(task.state) for task in rows("task", row_id=shop.loans[0])} == {"done"}
    assert (work(shop), stored("loan", shop.loans[0]).is_dunning_stopped) == (1, True)
    assert told(shop)[shop.users["olga"], "done"] == one.id


def test_without_another_role_it_goes_to_who_leads_the_approvers_team_and_sees_the_record(shop: Shop) -> None:
    team = add("team", name="Managers of the north")
    person(shop, "max", "Manager", team_id=team)
    leads = {"kind": GrantKind.TEAM, "team_id": team}
    person(shop, "lead", "Officer", leads, {"kind": GrantKind.ALL})
    person(shop, "blind", "Officer", leads)
    route(shop, first_hours=1, second_role=role("Agent"), second_hours=5)
    one = stop(shop, shop.loans[2])
    assert pass_on(shop, one.escalates_at) == 1
    one = request(shop.loans[2])
    assert (one.escalated_to, one.escalated_ids, one.escalated_role_id) == (
        "Lead T",
        names(shop, "lead"),
        None,
    )
    assert list(told(shop)) == [(shop.users["lead"], "late")]
    assert [task.user_id for task in rows("task", row_id=shop.loans[2])] == [None, shop.users["lead"]]
    assert decide(shop, "agent", one.id).status_code == 422
    assert away(shop, "lead", "agent").status_code == 201
    for login, is_turn in (("lead", True), ("agent", True), ("blind", False), ("olga", False)):
        mine = shop.browser(login).get("/approvals/", follow_redirects=True)
        assert (mine.status_code, f"/approval_request/show/{one.id}" in mine.text) == (200, is_turn), login
    for wrong in ("x", "99999999999"):
        assert (
            shop.caller("lead").call("GET", f"approval_request/?escalated_ids__in={wrong}").status_code == 400
        )
    assert decide(shop, "lead", one.id).status_code == 200
    one = request(shop.loans[2])
    assert (one.step, one.escalated_at, one.escalated_to, one.escalated_ids) == (2, None, None, None)
    assert one.escalates_at - one.waits_since == timedelta(hours=5)
    assert decide(shop, "lead", one.id).status_code == 422, "he had his say"
    assert decide(shop, "agent", one.id).status_code == 200


def test_hours_are_some_and_not_too_many(shop: Shop) -> None:
    said = {"name": "W", "operation": "stop_dunning", "first_role": role("Manager")}
    for hours in (0, -1, 2**31 - 1):
        answer = shop.caller("admin").call("POST", "approval_route/", {**said, "first_hours": hours})
        assert (answer.status_code, set(answer.json["errors"])) == (422, {"first_hours"})


def test_a_substitute_decides_in_place_of_who_is_away_and_the_record_says_so(shop: Shop) -> None:
    route(shop)
    one = stop(shop, shop.loans[4])
    assert decide(shop, "agent", one.id).status_code == 422
    assert away(shop, "mary", "agent", starts_on="2018-06-01", ends_on="2018-06-24").status_code == 201
    assert decide(shop, "agent", one.id).status_code == 422, "she was away until yesterday"
    answer = away(shop, "mary", "agent")
    assert (answer.status_code, answer.json["warnings"]) == (201, [])
    assert stored("absence", answer.json["result"]["id"]).user_id == shop.users["mary"]
    mine = shop.browser("agent").get("/approvals/", follow_redirects=True).text
    assert "Stop dunning" in mine
    assert decide(shop, "agent", one.id, note="Seen").status_code == 200
    one = request(shop.loans[4])
    assert [one.first_by_id, one.first_for_id] == names(shop, "agent", "mary")
    told_by = rows("history", entity="approval_request", row_id=one.id)[-1]
    assert (told_by.user_id, told_by.reason) == (shop.users["agent"], "Agent Test for Mary T")
    assert "Mary T" in shop.browser("martin").get(f"/approval_request/show/{one.id}").text
    assert (work(shop), stored("loan", shop.loans[4]).is_dunning_stopped) == (1, True)


def test_four_eyes_sight_and_one_step_hold_for_substitutes_too(shop: Shop) -> None:
    route(shop, second_role=role("Manager"))
    own, other = stop(shop, shop.loans[6]), stop(shop, shop.loans[1], "otto")
    for login, substitute in (("mary", "olga"), ("martin", "agent"), ("agent", "admin")):
        assert away(shop, login, substitute).status_code == 201
    assert decide(shop, "olga", own.id).status_code == 422, "she asked for it herself"
    assert decide(shop, "olga", other.id).status_code == 404, "she does not see the record"
    assert decide(shop, "admin", own.id).status_code == 422, "he stands in for one who stands in"
    assert decide(shop, "agent", own.id).status_code == 200
    assert decide(shop, "agent", own.id).status_code == 422, "he had his say"
    assert decide(shop, "martin", own.id).status_code == 422, "it was said in his place"
    assert decide(shop, "mary", own.id).status_code == 200
    one = request(shop.loans[6])
    said = [one.first_by_id, one.first_for_id, one.second_by_id]
    assert (said, one.second_for_id, str(one.state)) == (
        names(shop, "agent", "martin", "mary"),
        None,
        "approved",
    )


def test_nobody_approves_what_he_asked_for_by_having_another_stand_in(shop: Shop) -> None:
    route(shop)
    one = stop(shop, shop.loans[8], "mary")
    assert away(shop, "mary", "agent").status_code == 201
    answer = decide(shop, "agent", one.id)
    assert (answer.status_code, str(request(shop.loans[8]).state)) == (422, "waiting")
    assert "Mary T, for whom you stand in" in answer.json["message"]
    assert decide(shop, "martin", one.id).status_code == 200


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"ends_on": "2018-06-01"}, "ends_on", "before the first"),
        ({"substitute": "mary"}, "substitute_id", "Somebody else"),
        ({"starts_on": "2018-06-27", "ends_on": "2018-07-20"}, "starts_on", "overlaps the absence"),
        ({"starts_on": "1918-09-01"}, "ends_on", "at most five years"),
        ({"user": "martin"}, "user_id", "somebody else"),
    ],
)
def test_an_absence_that_cannot_be_is_refused_with_a_sentence(
    shop: Shop, values: dict[str, Any], field: str, words: str
) -> None:
    assert away(shop, "mary", "agent").status_code == 201
    said = {name: shop.users.get(value, value) for name, value in values.items()}
    answer = away(shop, "mary", "agent", **{"starts_on": "2018-09-01", "ends_on": "2018-09-02", **said})
    assert (answer.status_code, set(answer.json["errors"])) == (422, {field}), answer.text
    assert words in answer.json["errors"][field][0]
    assert len(rows("absence")) == 1


def test_absences_are_ended_by_whom_they_concern_and_entered_for_others_by_administrators(shop: Shop) -> None:
    mary, agent = names(shop, "mary", "agent")
    number = away(shop, "admin", "agent", user=mary).json["result"]["id"]
    assert stored("absence", number).user_id == mary
    assert shop.caller("olga").call("DELETE", f"absence/{number}").status_code == 422
    taken = shop.caller("olga").call("PATCH", f"absence/{number}", {"user": shop.users["olga"]})
    assert (taken.status_code, stored("absence", number).user_id) == (422, mary)
    assert (
        shop.caller("mary").call("PATCH", f"absence/{number}", {"ends_on": "2018-06-26"}).status_code == 200
    )
    days = {"starts_on": DAY, "ends_on": DAY}
    with pytest.raises(IntegrityError):
        add("absence", user_id=mary, substitute_id=agent, **days)
    assert shop.caller("mary").call("DELETE", f"absence/{number}").status_code == 200
    assert rows("absence") == []


def test_a_request_about_what_the_role_may_not_open_is_decided_through_no_door(shop: Shop) -> None:
    person(shop, "closed", role_that_opens_no("Opens no loan", "Loan"))
    route(shop)
    one = stop(shop, shop.loans[12])
    # it opened loans when it was asked
    change("approval_request", one.id, role_id=role("Opens no loan"))
    closed = shop.browser("closed")
    assert closed.get(f"/approval_request/show/{one.id}").status_code == 404
    assert decide(shop, "closed", one.id).status_code == 404
    for said in ({"ids": str(one.id)}, {"ids": str(one.id), "__run": "1"}):
        assert closed.post("/approval_request/do/approve_request", said).status_code == 404
    assert str(request(shop.loans[12]).state) == "waiting"
    assert decide(shop, "mary", one.id).status_code == 422, "it is not her turn, and she sees that"
