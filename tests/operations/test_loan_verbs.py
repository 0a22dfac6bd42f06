"""Posting, reversing, writing off and stopping dunning by hand: through the form, in bulk and by the REST API."""

from decimal import Decimal
from typing import Any

import pytest

from tests.operations.desk import DAY, Desk
from tests.web.people import rows, stored

PAYMENT = {"amount": "500", "received_on": "2018-06-20", "reference": "", "remark": ""}


def pay(desk: Desk, loan: int, reference: str, **changed: str) -> Any:
    """Post a payment through the clerk's form."""
    return desk.run(
        "clerk", "/loan/do/post_repayment", [loan], **{**PAYMENT, "reference": reference, **changed}
    )


def message(answer: Any, desk: Desk, name: str = "clerk") -> str:
    """The page that follows, with what it says was done."""
    assert answer.status_code == 302, answer.text
    return str(desk.browser(name).get(answer.headers["Location"]).text)


def test_a_clerk_posts_a_repayment_and_reads_what_it_paid(desk: Desk) -> None:
    loan = desk.loan()
    page = message(pay(desk, loan, "R-1", amount="500.50", remark="cash at the counter"), desk)
    assert "interest 10.00 cny" in page.lower()
    assert "principal 490.50 cny" in page.lower()
    [row] = rows("repayment", loan_id=loan)
    assert (row.amount, str(row.received_on), row.source, row.reference) == (
        Decimal("500.50"),
        "2018-06-20",
        "manual",
        "R-1",
    )
    assert (row.remark, row.posted_by_id) == ("cash at the counter", desk.users["clerk"])
    paid = {(str(each.component), each.amount) for each in rows("allocation", repayment_id=row.id)}
    assert paid == {("interest", Decimal("10.00")), ("principal", Decimal("490.50"))}
    assert stored("loan", loan).principal_outstanding == Decimal("2509.50")


def test_the_form_starts_with_the_business_date_and_no_button_is_shown_without_the_right(desk: Desk) -> None:
    loan = desk.loan()
    page = desk.browser("clerk").get(f"/loan/do/post_repayment?ids={loan}").text
    assert f'value="{DAY}"' in page
    assert "/loan/do/post_repayment" in desk.browser("clerk").get(f"/loan/page/{loan}").text
    assert "/loan/do/post_repayment" not in desk.browser("agent").get(f"/loan/page/{loan}").text


def test_the_same_payment_sent_twice_is_posted_once(desk: Desk) -> None:
    loan = desk.loan()
    pay(desk, loan, "R-2")
    assert "nothing was posted again" in message(pay(desk, loan, "R-2"), desk)
    assert len(rows("repayment", loan_id=loan)) == 1
    assert stored("loan", loan).principal_outstanding == Decimal("2510.00")


def test_a_reference_of_another_payment_is_refused_beside_its_field(desk: Desk) -> None:
    loan = desk.loan()
    pay(desk, loan, "R-3")
    answer = pay(desk, loan, "R-3", amount="501")
    assert answer.status_code == 422
    assert "Another payment has the reference R-3" in answer.text
    assert 'value="501"' in answer.text
    assert len(rows("repayment", loan_id=loan)) == 1


@pytest.mark.parametrize(
    "changed, reason",
    [
        ({"amount": "0"}, "more than zero"),
        ({"amount": "-5"}, "more than zero"),
        ({"amount": "1.005"}, "At most 2 decimal places"),
        ({"amount": "a lot"}, "is not a number"),
        ({"amount": ""}, "Needed"),
        ({"received_on": "2018-06-26"}, "after the business date"),
        ({"received_on": "2018-05-01"}, "before the loan was paid out"),
        ({"reference": ""}, "Needed"),
        ({"reference": "x" * 61}, "60"),
        ({"remark": "x" * 501}, "500"),
    ],
)
def test_a_payment_that_cannot_be_is_refused_in_words(
    desk: Desk, changed: dict[str, str], reason: str
) -> None:
    loan = desk.loan()
    answer = pay(desk, loan, changed.pop("reference", "R-bad"), **changed)
    assert answer.status_code == 422
    assert reason in answer.text
    assert rows("repayment", loan_id=loan) == []


def test_a_signs_that_databases_cannot_store_are_left_out(desk: Desk) -> None:
    loan = desk.loan()
    assert pay(desk, loan, "R-nul\0l", remark="a\0b").status_code == 302
    assert (rows("repayment", loan_id=loan)[0].reference, rows("repayment", loan_id=loan)[0].remark) == (
        "R-null",
        "ab",
    )


def test_who_has_no_right_or_no_sight_of_the_loan_gets_not_found(desk: Desk) -> None:
    north, south = desk.loan(), desk.loan("south")
    body = {"amount": "5", "received_on": "2018-06-20", "reference": "R-4"}
    assert desk.run("agent", "/loan/do/post_repayment", [north], **body).status_code == 404
    assert desk.run("clerk", "/loan/do/post_repayment", [south], **body).status_code == 404
    assert desk.run("clerk", "/loan/do/post_repayment", [north, south], **body).status_code == 404
    assert (
        desk.run("clerk", "/loan/do/write_off", [north], reason="r", written_off_on="2018-06-20").status_code
        == 404
    )
    assert desk.caller("agent").call("POST", f"loan/{north}/do/post_repayment", body).status_code == 404
    assert desk.caller("clerk").call("POST", f"loan/{south}/do/post_repayment", body).status_code == 404
    assert desk.caller("clerk").call("POST", f"loan/{north}/do/nothing", body).status_code == 404
    assert rows("repayment", loan_id=north) == rows("repayment", loan_id=south) == []


def test_somebody_who_may_only_read_is_refused(desk: Desk) -> None:
    loan = desk.loan()
    body = {"amount": "5", "received_on": "2018-06-20", "reference": "R-5"}
    assert desk.run("county", "/loan/do/post_repayment", [loan], **body).status_code == 403
    assert (
        desk.caller("county").call("POST", f"loan/{loan}/do/stop_dunning", {"reason": "r"}).status_code == 403
    )
    assert rows("repayment", loan_id=loan) == []
    assert not stored("loan", loan).is_dunning_stopped


def test_a_repayment_is_posted_by_the_rest_api_once(desk: Desk) -> None:
    loan, caller = desk.loan(), desk.caller("clerk")
    body = {"amount": "1010.00", "received_on": "2018-06-20", "reference": "A-1"}
    first, again = (caller.call("POST", f"loan/{loan}/do/post_repayment", body) for _time in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert "nothing was posted again" in again.json["message"]
    assert [row.amount for row in rows("repayment", loan_id=loan)] == [Decimal("1010.00")]
    assert stored("loan", loan).overdue_since is None
    wrong = caller.call(
        "POST", f"loan/{loan}/do/post_repayment", {**body, "received_on": "2019-01-01", "reference": "A-2"}
    )
    assert wrong.status_code == 422
    assert "after the business date" in wrong.json["errors"]["received_on"][0]
    empty = caller.call("POST", f"loan/{loan}/do/post_repayment", {})
    assert sorted(empty.json["errors"]) == ["amount", "received_on", "reference"]


def test_a_manager_reverses_a_payment_and_only_once(desk: Desk) -> None:
    loan = desk.loan()
    pay(desk, loan, "R-6")
    [payment] = rows("repayment", loan_id=loan)
    assert (
        desk.run("clerk", "/repayment/do/reverse_repayment", [payment.id], reason="typo").status_code == 404
    )
    page = message(
        desk.run("manager", "/repayment/do/reverse_repayment", [payment.id], reason="typo"), desk, "manager"
    )
    assert "Reversed: 500.00 CNY" in page
    _payment, made = rows("repayment", loan_id=loan)
    assert (made.amount, made.reverses_id, made.remark, made.posted_by_id) == (
        Decimal(-500),
        payment.id,
        "typo",
        desk.users["manager"],
    )
    assert (str(made.kind), made.received_on) == ("reversal", DAY)
    assert stored("loan", loan).principal_outstanding == Decimal("3000.00")
    answer = desk.run("manager", "/repayment/do/reverse_repayment", [payment.id], reason="again")
    assert "reversed already" in message(answer, desk, "manager")
    assert len(rows("repayment", loan_id=loan)) == 2


def test_of_many_payments_those_that_can_be_are_reversed_and_the_others_named(desk: Desk) -> None:
    loan = desk.loan()
    for number in range(2):
        pay(desk, loan, f"R-7-{number}")
    first, second = rows("repayment", loan_id=loan)
    desk.run("manager", "/repayment/do/reverse_repayment", [first.id], reason="typo")
    reversal = rows("repayment", loan_id=loan)[-1]
    answer = desk.run(
        "manager", "/repayment/do/reverse_repayment", [first.id, second.id, reversal.id], reason="all"
    )
    page = message(answer, desk, "manager")
    assert "Reversed: 500.00 CNY" in page
    assert "reversed already" in page
    assert "A reversal cannot be reversed" in page
    assert [row.reverses_id for row in rows("repayment", loan_id=loan)] == [None, None, first.id, second.id]


def test_an_opening_position_is_not_reversed(desk: Desk) -> None:
    loan = desk.loan()
    pay(desk, loan, "R-8")
    [payment] = rows("repayment", loan_id=loan)
    from app.core.db import unscoped
    from app.models import Repayment

    with unscoped("make it an opening position") as session:
        session.get_one(Repayment, payment.id).kind = "opening"
    answer = desk.caller("manager").call(
        "POST", f"repayment/{payment.id}/do/reverse_repayment", {"reason": "r"}
    )
    assert answer.status_code == 422
    assert "opening position" in answer.json["message"]
    assert "reverse_repayment" not in desk.browser("manager").get(f"/repayment/show/{payment.id}").text
    assert len(rows("repayment", loan_id=loan)) == 1


def test_an_administrator_writes_off_what_can_be(desk: Desk) -> None:
    owing, other = desk.loan(), desk.loan()
    body = {"reason": "No payment for two years", "written_off_on": "2018-06-24"}
    assert "Written off: 3,000" in message(
        desk.run("admin", "/loan/do/write_off", [owing], **body), desk, "admin"
    ).replace("3000", "3,000")
    page = message(desk.run("admin", "/loan/do/write_off", [owing, other], **body), desk, "admin")
    assert "was written off on" in page
    for loan in (owing, other):
        [row] = rows("write_off", loan_id=loan)
        assert (row.principal, row.reason, row.posted_by_id) == (
            Decimal(3000),
            body["reason"],
            desk.users["admin"],
        )
        assert str(stored("loan", loan).status) == "written_off"
    late = desk.run("admin", "/loan/do/write_off", [desk.loan()], **{**body, "written_off_on": "2018-06-26"})
    assert late.status_code == 422
    assert "after the business date" in late.text


def test_dunning_is_stopped_and_resumed_for_many_with_the_reason_in_the_history(desk: Desk) -> None:
    loans = [desk.loan() for _number in range(3)]
    desk.run("manager", "/loan/do/stop_dunning", loans[:1], reason="in hospital")
    page = message(
        desk.run("manager", "/loan/do/stop_dunning", loans, reason="flood in the county"), desk, "manager"
    )
    assert "Rows done: 2" in page
    assert "Dunning is stopped already" in page
    assert all(stored("loan", loan).is_dunning_stopped for loan in loans)
    changes = [
        (each.reason, each.changes["is_dunning_stopped"])
        for each in rows("history", entity="loan", row_id=loans[1], action="change")
    ]
    assert changes == [("flood in the county", [False, True])]
    desk.run("manager", "/loan/do/resume_dunning", loans[:1], reason="back home")
    assert [stored("loan", loan).is_dunning_stopped for loan in loans] == [False, True, True]
    assert desk.run("manager", "/loan/do/resume_dunning", loans[1:2], reason="").status_code == 422
    page = desk.browser("manager").get(f"/loan/page/{loans[1]}").text
    assert "resume_dunning" in page
    assert "stop_dunning" not in page
