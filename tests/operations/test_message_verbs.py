"""Messages by hand: cancelled before they leave, sent again when they failed, with their reasons in words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.core import clock
from app.core.db import unscoped
from app.models import Client, Customer, Loan, MessageTemplate, Phone
from tests.operations.desk import DAY, Desk
from tests.operations.test_typed_rows import refusal
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


@pytest.fixture
def noon(monkeypatch: Any) -> None:
    """It is noon in Shanghai."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2018, 6, 25, 4, tzinfo=UTC))


def template(text: str = "Dear {customer_name}, pay {total_to_pay} {currency}.", **columns: Any) -> int:
    """A template that people send by hand."""
    return add(
        "message_template",
        **{"kind": "manual", "language": "en", "text": text, "is_active": True, "name": f"T{text}"} | columns,
    )


def of_loan(loan: int) -> list[Any]:
    return rows("message", loan_id=loan)


def test_a_message_about_a_loan_is_queued_with_its_values_in_the_customers_language(
    desk: Desk, noon: None
) -> None:
    english = template("{loan_number}: pay {overdue_amount} {currency}, {days_past_due} days", name="Pay")
    ukrainian = template("{loan_number}: сплатіть {overdue_amount} {currency}", name="Pay", language="uk")
    first, second = (desk.loan(overdue_principal=1000, overdue_interest=10) for _number in range(2))
    with unscoped("his language") as session:
        session.get_one(Customer, stored("loan", second).customer_id).language = "uk"
    page = said(
        desk, desk.run("manager", "/loan/do/message_borrower", [first, second], message_template_id=english)
    )
    assert "Rows done: 2" in page
    [one], [other] = of_loan(first), of_loan(second)
    assert one.text == f"{stored('loan', first).number}: pay 1,010.00 CNY, 20 days"
    assert other.text == f"{stored('loan', second).number}: сплатіть 1\u00a0010,00 CNY"
    assert (one.template_id, other.template_id, other.language) == (english, ukrainian, "uk")
    assert (str(one.state), one.business_on, one.slot, one.created_by_id) == (
        "queued",
        DAY,
        "",
        desk.users["manager"],
    )
    assert one.send_after == datetime(2018, 6, 25, 4, tzinfo=UTC)
    assert one.phone == rows("phone", customer_id=one.customer_id)[0].number


def test_of_many_customers_those_who_may_not_be_contacted_are_stored_as_refused_and_told_of(
    desk: Desk, noon: None
) -> None:
    loans = [desk.loan() for _number in range(3)]
    people = [stored("loan", loan).customer_id for loan in loans]
    with unscoped("what is known of them") as session:
        session.get_one(Customer, people[1]).is_do_not_contact = True
        session.get_one(Phone, rows("phone", customer_id=people[2])[0].id).holder = "His neighbour"
    page = said(
        desk,
        desk.run("manager", "/customer/do/message_customer", people, text="Please call the branch {today}"),
    )
    assert "Queued to" in page
    assert "does not want to be contacted this way" in page
    assert "belongs to somebody else" in page
    found = [rows("message", customer_id=one)[0] for one in people]
    assert [(str(each.state), each.reason) for each in found] == [
        ("queued", None),
        ("refused", "do_not_contact"),
        ("refused", "third_party"),
    ]
    assert found[0].text == "Please call the branch {today}"
    assert (found[0].loan_id, found[0].template_id, found[1].send_after) == (None, None, None)


def test_at_night_nobody_is_written_to(desk: Desk, monkeypatch: Any) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2018, 6, 25, 14, tzinfo=UTC))
    loan = desk.loan()
    answer = desk.caller("manager").call("POST", f"loan/{loan}/do/message_borrower", {"text": "Pay"})
    assert answer.status_code == 422
    assert answer.json["message"] == "It is too early or too late where the customer lives"
    [row] = of_loan(loan)
    assert (str(row.state), row.reason) == ("refused", "outside_hours")


def test_messages_by_hand_count_towards_the_most_of_a_day(desk: Desk, noon: None) -> None:
    loan = desk.loan()
    with unscoped("a country with a cap") as session:
        client = session.get_one(Client, desk.client)
        client.contact_pack = "RU"
    try:
        answers = [
            desk.caller("manager").call("POST", f"loan/{loan}/do/message_borrower", {"text": "Pay"})
            for _time in range(3)
        ]
    finally:
        with unscoped("as before") as session:
            session.get_one(Client, desk.client).contact_pack = "default"
    assert [answer.status_code for answer in answers] == [200, 200, 422]
    assert [row.reason for row in of_loan(loan)] == [None, None, "cap_day"]


@pytest.mark.parametrize(
    "given, field, reason",
    [
        ({}, "text", "one of them"),
        ({"text": "   "}, "text", "one of them"),
        ({"message_template_id": "manual", "text": "both"}, "text", "one of them"),
        ({"message_template_id": "night"}, "message_template_id", "not one that is sent by hand"),
        ({"message_template_id": "old"}, "message_template_id", "not one that is sent by hand"),
        ({"message_template_id": "other"}, "message_template_id", "another client"),
        ({"message_template_id": "99999999"}, "message_template_id", "nothing like this to choose"),
        ({"text": "x" * 40_000}, "text", "longer than 4000 characters"),
    ],
)
def test_what_cannot_be_sent_is_refused_beside_its_field_and_nothing_is_stored(
    desk: Desk, noon: None, given: dict[str, str], field: str, reason: str
) -> None:
    loan = desk.loan()
    made = {
        "manual": lambda: template(name="manual"), "night": lambda: template(kind="timed", max_days_overdue=3, name="night"),
        "old": lambda: template(is_active=False, name="old"), "other": lambda: template(name="other", client_id=other_client(desk)),
    }  # fmt: skip
    asked = {name: made[value]() if value in made else value for name, value in given.items()}
    with unscoped("templates of one test") as session:
        session.query(MessageTemplate).filter(
            MessageTemplate.id.not_in([v for v in asked.values() if isinstance(v, int)])
        ).update({"is_active": False})
    answer = desk.run("manager", "/loan/do/message_borrower", [loan], **asked)
    assert answer.status_code == 422
    assert reason in refusal(answer.text, field)
    assert of_loan(loan) == []
    with unscoped("names are free again") as session:
        for value in (v for v in asked.values() if isinstance(v, int)):
            session.delete(session.get_one(MessageTemplate, value))


def other_client(desk: Desk) -> int:
    """Another lender; made once."""
    known = rows("client", code="other")
    columns = {"name": "Other", "currency": "CNY", "country": "CN", "zone": "Asia/Shanghai", "language": "en"}
    return int(known[0].id) if known else add("client", code="other", **columns)


def test_nobody_writes_to_people_out_of_his_sight_or_without_the_right(desk: Desk, noon: None) -> None:
    near, far = desk.loan(), desk.loan("south")
    for name, loans in (("manager", [far]), ("manager", [near, far]), ("clerk", [near])):
        assert desk.run(name, "/loan/do/message_borrower", loans, text="Pay").status_code == 404
    person = stored("loan", far).customer_id
    assert (
        desk.caller("manager")
        .call("POST", f"customer/{person}/do/message_customer", {"text": "Pay"})
        .status_code
        == 404
    )
    assert desk.run("county", "/loan/do/message_borrower", [near], text="Pay").status_code == 403
    assert of_loan(near) == of_loan(far) == []


def test_a_landline_takes_no_texts(desk: Desk, noon: None) -> None:
    loan = desk.loan()
    with unscoped("his number") as session:
        person = stored("loan", loan).customer_id
        session.get_one(Phone, rows("phone", customer_id=person)[0].id).number = "+869328959007"
    answer = desk.caller("manager").call("POST", f"loan/{loan}/do/message_borrower", {"text": "Pay"})
    assert (answer.status_code, "takes no short messages" in answer.json["message"]) == (422, True)
    assert of_loan(loan) == []
