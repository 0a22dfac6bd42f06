"""Messages by hand: cancelled before they leave, sent again when they failed, with their reasons in words."""

from typing import Any

from app.core.db import unscoped
from app.models import Loan
from tests.operations.desk import DAY, Desk
from tests.web.people import add, rows, stored


def message(desk: Desk, state: str = "queued", branch: str = "north", **columns: Any) -> int:
    """A stored message about a new loan."""
    loan = desk.loan(branch)
    with unscoped("data of a test") as session:
        customer = session.get_one(Loan, loan).customer_id
    given = {
        "customer_id": customer,
        "loan_id": loan,
        "phone": "+8613800138000",
        "text": "Pay",
        "state": state,
    }
    return add("message", **given | columns)


def said(desk: Desk, answer: Any, name: str = "manager") -> str:
    assert answer.status_code == 302, answer.text
    return str(desk.browser(name).get(answer.headers["Location"]).text)


def test_queued_messages_are_cancelled_and_others_named(desk: Desk) -> None:
    queued, sent = message(desk), message(desk, "sent")
    page = said(desk, desk.run("manager", "/message/do/cancel_message", [queued, sent]))
    assert "The message is cancelled" in page
    assert "Only a queued message can be cancelled; this one is: Sent" in page
    assert (str(stored("message", queued).state), stored("message", queued).reason) == (
        "cancelled",
        "cancelled_by_hand",
    )
    assert stored("message", queued).receipts[0]["user_id"] == desk.users["manager"]
    assert str(stored("message", sent).state) == "sent"


def test_a_failed_message_is_queued_for_now_and_one_of_unknown_outcome_is_not(desk: Desk) -> None:
    failed = message(
        desk, "failed", reason="provider_failed", attempts=5, provider="log", slot="09:00", business_on="2018-06-20", provider_reference="a b",
        receipts=[{"id": "a", "state": "undelivered"}],
    )  # fmt: skip
    unknown = message(desk, "unknown", reason="no_answer", provider="log")
    page = said(desk, desk.run("manager", "/message/do/retry_message", [failed, unknown]))
    assert "The message is queued again" in page
    assert "it is not sent a second time" in page
    row = stored("message", failed)
    assert (str(row.state), row.reason, row.attempts, row.provider, row.provider_reference) == (
        "queued",
        None,
        0,
        None,
        None,
    )
    assert (row.slot, row.business_on) == ("", DAY)
    [note] = row.receipts
    assert (note["did"], note["before"]) == ("queued again", [{"id": "a", "state": "undelivered"}])
    assert row.send_after.date().isoformat() in ("2018-06-24", "2018-06-25")
    assert (str(stored("message", unknown).state), stored("message", unknown).reason) == (
        "unknown",
        "no_answer",
    )


def test_messages_are_handled_by_the_rest_api_and_only_in_sight(desk: Desk) -> None:
    near, far = message(desk), message(desk, branch="south")
    caller = desk.caller("manager")
    assert caller.call("POST", f"message/{near}/do/cancel_message", {}).status_code == 200
    again = caller.call("POST", f"message/{near}/do/cancel_message", {})
    assert (again.status_code, "Cancelled" in again.json["message"]) == (422, True)
    assert caller.call("POST", f"message/{far}/do/cancel_message", {}).status_code == 404
    assert desk.run("manager", "/message/do/cancel_message", [near, far]).status_code == 404
    assert desk.caller("clerk").call("POST", f"message/{near}/do/cancel_message", {}).status_code == 404
    assert str(stored("message", far).state) == "queued"


def test_buttons_stand_only_where_they_do_something(desk: Desk) -> None:
    queued, failed = message(desk), message(desk, "failed")
    page = desk.browser("manager").get(f"/message/show/{queued}").text
    assert "cancel_message" in page
    assert "retry_message" not in page
    page = desk.browser("manager").get(f"/message/show/{failed}").text
    assert "retry_message" in page
    assert "cancel_message" not in page


def test_reasons_are_read_in_words_and_filtered_by_choosing(desk: Desk) -> None:
    made = message(desk, "refused", reason="outside_hours")
    browser = desk.browser("manager")
    listed = browser.get("/message/list/?reason=outside_hours").text
    assert "It is too early or too late where the customer lives" in listed
    assert f"/message/show/{made}" in listed
    chart = browser.get("/message/chart/reason?data=1").json
    assert "It is too early or too late where the customer lives" in chart["x"]
    assert "outside_hours" in str(chart["drill"])
    assert rows("message", id=made)[0].reason == "outside_hours"
