"""A text that must be typed: spaces, and what cannot be stored, are as good as nothing."""

from typing import Any

import pytest

from tests.operations.desk import Desk
from tests.operations.test_typed_rows import customer, refusal
from tests.web.people import rows, stored

BLANK = ("   ", "\t\n", "\u00a0", "\x00", " \x00 ")


@pytest.mark.parametrize("blank", BLANK)
def test_a_reason_of_spaces_is_asked_for_again_and_nothing_is_done(desk: Desk, blank: str) -> None:
    loan = desk.loan()
    answer = desk.run("admin", "/loan/do/write_off", [loan], reason=blank, written_off_on="2018-06-20")
    assert answer.status_code == 422
    assert "Needed" in refusal(answer.text, "reason")
    stopped = desk.run("manager", "/loan/do/stop_dunning", [loan], reason=blank)
    assert stopped.status_code == 422
    assert "Needed" in refusal(stopped.text, "reason")
    called = desk.caller("admin").call("POST", f"loan/{loan}/do/stop_dunning", {"reason": blank})
    assert called.status_code == 422
    assert called.json["errors"] == {"reason": ["Needed"]}
    kept = stored("loan", loan)
    assert (kept.written_off_on, kept.is_dunning_stopped) == (None, False)
    assert rows("write_off", loan_id=loan) == []


def test_a_payment_is_not_taken_back_for_a_reason_of_spaces(desk: Desk) -> None:
    loan = desk.loan()
    pay: dict[str, Any] = {"amount": "500", "received_on": "2018-06-20"}
    unnamed = desk.run("clerk", "/loan/do/post_repayment", [loan], reference="  ", **pay)
    assert unnamed.status_code == 422
    assert "Needed" in refusal(unnamed.text, "reference")
    assert rows("repayment", loan_id=loan) == []
    assert desk.run("clerk", "/loan/do/post_repayment", [loan], reference=" S-1 ", **pay).status_code == 302
    [row] = rows("repayment", loan_id=loan)
    assert row.reference == "S-1"
    answer = desk.run("manager", "/repayment/do/reverse_repayment", [row.id], reason="   ")
    assert answer.status_code == 422
    assert "Needed" in refusal(answer.text, "reason")
    assert len(rows("repayment", loan_id=loan)) == 1


@pytest.mark.parametrize("blank", BLANK)
def test_a_copy_of_a_product_needs_a_name_of_letters(desk: Desk, blank: str) -> None:
    path = f"/product/do/copy_product?ids={desk.product}"
    answer = desk.run("admin", path, [desk.product], code="COPY", name=blank)
    assert answer.status_code == 422
    assert "Needed" in refusal(answer.text, "name")
    called = desk.caller("admin").call(
        "POST", f"product/{desk.product}/do/copy_product", {"code": "COPY", "name": blank}
    )
    assert called.status_code == 422
    assert called.json["errors"] == {"name": ["Needed"]}
    assert rows("product", code="COPY") == []


@pytest.mark.parametrize("blank", BLANK)
def test_a_row_keeps_its_name_when_spaces_are_typed_for_it(desk: Desk, blank: str) -> None:
    person = customer(desk, "Sun")
    before = len(rows("history", entity="customer", row_id=person))
    typed = {"client_id": desk.client, "kind": "person", "status": "active", "language": "en", "name": blank}
    answer = desk.browser("admin").post(f"/customer/edit/{person}", typed)
    assert answer.status_code == 422
    assert "Needed" in refusal(answer.text, "name")
    called = desk.caller("admin").call("PUT", f"customer/{person}", {"name": blank})
    assert called.status_code == 422
    assert called.json["errors"] == {"name": ["Needed"]}
    assert stored("customer", person).name == "Sun"
    assert len(rows("history", entity="customer", row_id=person)) == before


def test_a_contact_note_says_something(desk: Desk) -> None:
    person = customer(desk, "Qian")
    path = f"/customer/page/{person}/note"
    assert desk.browser("admin").post(path, {"way": "visit", "text": " \n "}).status_code == 422
    assert rows("contact_note", customer_id=person) == []
    assert (
        desk.browser("admin").post(path, {"way": "visit", "text": " He pays on Friday \n"}).status_code == 302
    )
    assert [note.text for note in rows("contact_note", customer_id=person)] == ["He pays on Friday"]
