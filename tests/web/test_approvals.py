"""Operations that need approval: stored instead of done, decided by others in their steps, then done once as whoever asked."""

from typing import Any

from app.core.db import unscoped
from app.core.web import escalating
from tests.web.approvals import decide, no_other_route, request, role, route, work
from tests.web.people import add, rows, stored
from tests.web.shop import Shop
from tests.web.test_custom_field_uses import remove
from tests.web.test_two_writers import change

__all__ = ["no_other_route"]


def stop(shop: Shop, login: str, loan: int) -> Any:
    return shop.caller(login).call("POST", f"loan/{loan}/do/stop_dunning", {"reason": "He is ill"})


def is_stopped(loan: int) -> bool:
    return bool(stored("loan", loan).is_dunning_stopped)


def test_an_operation_with_a_route_is_stored_decided_by_another_and_then_done_once(shop: Shop) -> None:
    route(shop, days=2)
    loan = shop.loans[0]
    answer = stop(shop, "olga", loan)
    assert (answer.status_code, answer.json["message"], is_stopped(loan)) == (202, "Sent for approval", False)
    one = request(loan)
    assert (one.user_id, one.arguments, one.told) == (
        shop.users["olga"],
        {"reason": "He is ill"},
        "Reason: He is ill",
    )
    [task] = rows("task", id=one.task_id)
    assert (task.role_id, task.row_id, str(task.state), task.due_on is not None) == (
        role("Manager"),
        loan,
        "open",
        True,
    )
    assert decide(shop, "olga", one.id).status_code == 422, "who asked does not approve"
    assert decide(shop, "admin", one.id).status_code == 422, "it is the turn of another role"
    assert decide(shop, "otto", one.id).status_code == 404
    assert (work(shop), is_stopped(loan)) == (0, False)
    assert decide(shop, "mary", one.id, note="Seen the papers").status_code == 200
    assert decide(shop, "martin", one.id).status_code == 422, "it is decided"
    assert (work(shop), work(shop), is_stopped(loan)) == (1, 0, True)
    one = request(loan)
    assert (str(one.state), one.outcome, one.first_by_id) == (
        "done",
        "Dunning is stopped",
        rows("user", username="mary")[0].id,
    )
    assert str(stored("task", task.id).state) == "done"
    [last] = [h for h in rows("history", entity="loan", row_id=loan) if "is_dunning_stopped" in h.changes]
    assert (last.source, last.user_id) == ("approval", shop.users["olga"])


def test_what_waits_for_approval_is_not_asked_for_a_second_time(shop: Shop) -> None:
    route(shop)
    loan = shop.loans[12]
    assert stop(shop, "olga", loan).status_code == 202
    again = stop(shop, "admin", loan)
    assert (again.status_code, "already; Olga Test" in again.json["message"]) == (422, True), again.text
    first = request(loan)
    other = shop.caller("olga").call("POST", f"loan/{loan}/do/stop_dunning", {"reason": "He has died"})
    assert other.status_code == 202
    assert decide(shop, "mary", first.id, "refuse_request", note="No").status_code == 200
    assert stop(shop, "olga", loan).status_code == 202
    assert len(rows("approval_request", entity="loan", row_id=loan)) == 3


def test_a_refused_request_does_nothing_and_keeps_the_reason(shop: Shop) -> None:
    route(shop)
    loan = shop.loans[2]
    stop(shop, "olga", loan)
    assert decide(shop, "mary", request(loan).id, "refuse_request").status_code == 422, "a reason is needed"
    assert decide(shop, "mary", request(loan).id, "refuse_request", note="No papers").status_code == 200
    assert (work(shop), is_stopped(loan), str(request(loan).state), request(loan).note) == (
        0,
        False,
        "refused",
        "No papers",
    )


def test_a_second_step_is_asked_of_large_amounts_alone_and_of_another_person(shop: Shop) -> None:
    small, large = shop.loans[4], shop.loans[6]
    for loan, amount in ((small, 100), (large, 900)):
        with unscoped("amounts of a test") as session:
            session.get_one(type(stored("loan", loan)), loan).principal_outstanding = amount
    route(
        shop,
        amount_field="principal_outstanding",
        currency="CNY",
        least="200",
        second_role=role("Manager"),
        second_least="500",
    )
    stop(shop, "olga", small)
    assert (is_stopped(small), rows("approval_request", row_id=small)) == (True, [])
    stop(shop, "olga", large)
    one = request(large)
    decide(shop, "mary", one.id)
    assert (str(request(large).state), request(large).step, work(shop)) == ("waiting", 2, 0)
    assert decide(shop, "mary", one.id).status_code == 422, "she had her say"
    decide(shop, "martin", one.id)
    assert (work(shop), is_stopped(large)) == (1, True)
    assert [str(t.state) for t in rows("task", row_id=large)] == ["done", "done"]


def test_what_was_only_asked_for_is_not_told_as_done(shop: Shop) -> None:
    three = [shop.loans[number] for number in (16, 18, 20)]
    limit = f"{stored('loan', three[1]).principal}"
    route(shop, amount_field="principal", least=limit, currency="CNY")
    sent = {"ids": [str(one) for one in three], "__run": "1", "reason": "He is ill", "next": "/loan/list/"}
    page = shop.browser("olga").post("/loan/do/stop_dunning", sent, follow_redirects=True).text
    assert "Sent for approval: 2" in page
    assert "Rows done" not in page
    assert [is_stopped(one) for one in three] == [True, False, False]
    assert len(rows("approval_request", state="waiting")) == 2
    described = shop.caller("admin").call("GET", "_openapi").json["paths"]
    answers = described["/api/v1/loan/{pk}/do/stop_dunning"]["post"]["responses"]
    assert {"200", "202"} <= set(answers)


def changed(loan: int) -> None:
    change("loan", loan, contract_number=f"C-{loan}")


def test_what_was_changed_meanwhile_is_neither_approved_nor_done(shop: Shop) -> None:
    route(shop)
    before, between = shop.loans[8], shop.loans[14]
    for loan in (before, between):
        stop(shop, "olga", loan)
    changed(before)
    refused = decide(shop, "mary", request(before).id)
    assert (refused.status_code, "changed after this was asked for" in refused.text) == (422, True)
    assert str(request(before).state) == "waiting", "it is hers to refuse"
    assert decide(shop, "mary", request(between).id).status_code == 200
    changed(between)
    assert (work(shop), is_stopped(between), str(request(between).state)) == (0, False, "failed")
    assert "changed" in request(between).outcome


def test_what_could_not_be_done_is_not_asked_for(shop: Shop) -> None:
    route(shop, operation="post_repayment")
    loan = shop.loans[6]
    clerk = shop.caller("admin")
    wrong = {"amount": "10.00", "received_on": "2030-01-01", "reference": "R-1"}
    answer = clerk.call("POST", f"loan/{loan}/do/post_repayment", wrong)
    assert (answer.status_code, rows("approval_request", entity="loan", row_id=loan)) == (422, []), (
        answer.text
    )
    now = {**wrong, "received_on": "2018-06-25"}
    question = clerk.call("POST", f"loan/{loan}/do/post_repayment", now)
    assert (question.status_code, set(question.json["errors"])) == (422, {"is_checked"}), (
        "asked before, not after"
    )
    right = clerk.call("POST", f"loan/{loan}/do/post_repayment", {**now, "is_checked": True})
    assert (right.status_code, right.json["message"]) == (202, "Sent for approval"), right.text
    assert rows("repayment", loan_id=loan) == [], "it was only tried"


def test_requests_follow_the_record_and_limits_need_an_amount(shop: Shop) -> None:
    route(shop)
    stop(shop, "olga", shop.loans[10])
    one = request(shop.loans[10])
    assert shop.browser("otto").get(f"/approval_request/show/{one.id}").status_code == 404
    page = shop.browser("mary").get("/approval_request/list/?state=waiting").text
    assert "Stop dunning" in page
    assert "Reason: He is ill" in page
    for wrong in ({"least": "5"}, {"least": "5", "amount_field": "number"}):
        said = {"name": "W", "operation": "stop_dunning", "first_role": role("Manager"), **wrong}
        answer = shop.caller("admin").call("POST", "approval_route/", said)
        assert (answer.status_code, set(answer.json["errors"])) == (422, {"amount_field"})


def test_who_decides_need_not_see_what_who_asked_saw_for_the_record_to_be_as_it_was(shop: Shop) -> None:
    route(shop)
    same, other, declared = (shop.loans[number] for number in (22, 24, 26))
    common = {"entity": "loan", "kind": "text", "position": 0}
    field = add("custom_field", code="secret", label_en="Secret", roles=[str(role("Officer"))], **common)
    for loan in (same, other):
        change("loan", loan, custom={"secret": "of officers"})
    for loan in (same, other, declared):
        assert stop(shop, "olga", loan).status_code == 202
    later = add("custom_field", code="later", label_en="Later", **common)
    change("loan", other, custom={"secret": "another"})
    assert decide(shop, "mary", request(same).id).status_code == 200
    assert decide(shop, "mary", request(declared).id).status_code == 200
    refused = decide(shop, "mary", request(other).id)
    assert (refused.status_code, "changed after this was asked for" in refused.text) == (422, True)
    assert (work(shop), is_stopped(same), is_stopped(declared), is_stopped(other)) == (2, True, True, False)
    for number in (field, later):
        remove("custom_field", number)


def test_why_it_was_not_done_is_told_in_the_language_of_who_asked(shop: Shop) -> None:
    route(shop)
    between, gone = shop.loans[28], shop.loans[32]
    for loan in (between, gone):
        stop(shop, "olga", loan)
    asked = request(gone)
    with unscoped("a record that is gone") as session:
        session.get_one(type(asked), asked.id).row_id = 10**9
    change("user", shop.users["olga"], language="uk")
    try:
        assert decide(shop, "mary", request(between).id).status_code == 200
        changed(between)
        with shop.app.app_context():
            escalating.run(asked.created_at)
        assert work(shop) == 0
        assert request(between).outcome == "Запис змінено після запиту; надішліть запит знову"
        assert request(10**9).outcome == "Запис вилучено"
    finally:
        change("user", shop.users["olga"], language="en")
