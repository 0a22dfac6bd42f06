"""More money than a loan owes: asked about first, shown on its page, and early instalments are simply paid."""

import pytest

from tests.operations.desk import Desk
from tests.web.people import rows


def test_what_a_loan_does_not_owe_is_posted_only_when_it_is_meant(desk: Desk) -> None:
    loan = desk.loan()
    body = {"amount": "5000", "received_on": "2018-06-20", "reference": "R-much"}
    answer = desk.run("clerk", "/loan/do/post_repayment", [loan], **body)
    assert answer.status_code == 422
    for told in (
        "Due up to today: 1,010.00 CNY",
        "the next instalment: 1,010.00 CNY",
        "Still to pay on this loan: 3,030.00 CNY",
        "This payment is 2,980.00 CNY more",
    ):
        assert told in answer.text
    assert rows("repayment", loan_id=loan) == []
    assert ">Overpayment</span>" not in desk.browser("clerk").get(f"/loan/page/{loan}").text
    called = desk.caller("clerk").call("POST", f"loan/{loan}/do/post_repayment", body)
    assert called.status_code == 422
    assert (
        "would pay later instalments or be kept as an overpayment" in called.json["errors"]["is_checked"][0]
    )
    done = desk.run("clerk", "/loan/do/post_repayment", [loan], **body, is_checked="y")
    assert done.status_code == 302
    parts = {str(each.component): each.amount for each in rows("allocation", loan_id=loan)}
    assert parts["overpayment"] > 0
    page = desk.browser("clerk").get(f"/loan/page/{loan}").text
    figure = (
        f'tile-label">Overpayment</span><span class="tile-figure ink-orange">{parts["overpayment"]:,.2f}<'
    )
    assert figure in page
    assert f"/allocation/list/?loan={loan}&amp;component=overpayment" in page


def test_an_overpayment_taken_back_is_shown_no_more(desk: Desk) -> None:
    loan = desk.loan()
    body = {"amount": "9000", "received_on": "2018-06-20", "reference": "R-back", "is_checked": "y"}
    assert desk.run("clerk", "/loan/do/post_repayment", [loan], **body).status_code == 302
    [paid] = rows("repayment", loan_id=loan)
    assert desk.run("manager", "/repayment/do/reverse_repayment", [paid.id], reason="typo").status_code == 302
    assert ">Overpayment</span>" not in desk.browser("clerk").get(f"/loan/page/{loan}").text


@pytest.mark.parametrize("amount, status", [("1010", 302), ("2020", 302), ("2020.01", 422)])
def test_an_instalment_paid_early_asks_for_nothing(desk: Desk, amount: str, status: int) -> None:
    loan = desk.loan()
    body = {"amount": amount, "received_on": "2018-06-20", "reference": f"R-early-{amount}"}
    assert desk.run("clerk", "/loan/do/post_repayment", [loan], **body).status_code == status
    paid = [line.number for line in rows("instalment", loan_id=loan) if line.paid_on]
    assert sorted(paid) == {"1010": [1], "2020": [1, 2], "2020.01": []}[amount]
