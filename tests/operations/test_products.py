"""Products: terms that can be computed, copies, and a word about two of one name."""

from typing import Any

import pytest

from tests.operations.desk import Desk
from tests.operations.test_typed_rows import id_in, refusal
from tests.web.people import rows, stored

GOOD = {
    "code": "G1", "name": "Green", "kind": "crops", "status": "active", "currency": "CNY", "method": "annuity", "frequency": "monthly",
    "day_count": "act/365", "rounding_mode": "half_even", "rounding_unit": "0.01", "principal_grace": "0", "grace_days": "3",
    "allocation_order": "overdue: interest principal; due: interest principal",
}  # fmt: skip


def add(desk: Desk, **changed: str) -> Any:
    """A product typed by the administrator."""
    return desk.browser("admin").post("/product/add", {**GOOD, **changed})


def test_the_words_of_a_product_are_chosen_and_start_with_the_usual_ones(desk: Desk) -> None:
    page = desk.browser("admin").get("/product/add").text
    for code, words in (
        ("monthly", "Monthly"),
        ("30/360", "30/360: every month has 30 days"),
        ("half_up", "Halves up"),
    ):
        assert f'<option selected value="{code}">{words}</option>' in page
    made = id_in(add(desk))
    assert (stored("product", made).day_count, stored("product", made).rounding_mode) == (
        "act/365",
        "half_even",
    )
    shown = desk.browser("admin").get(f"/product/show/{made}").text
    assert "Halves to the even digit" in shown
    assert "Overdue: Interest, Principal; Due: Interest, Principal" in shown


@pytest.mark.parametrize(
    "changed, field, reason",
    [
        ({"frequency": "hourly"}, "frequency", "Not a valid choice"),
        ({"allocation_order": "first: interest"}, "allocation_order", "first"),
        ({"allocation_order": "overdue: tax"}, "allocation_order", "tax"),
        ({"rounding_unit": "0"}, "rounding_unit", "At least 0.01"),
        ({"rate_digits": "0"}, "rate_digits", "At least 1"),
        ({"grace_days": "-1"}, "grace_days", "At least 0"),
        ({"currency": "RMB"}, "currency", "is no currency"),
    ],
)
def test_terms_that_cannot_be_computed_are_refused(
    desk: Desk, changed: dict[str, str], field: str, reason: str
) -> None:
    answer = add(desk, code="BAD", name="Bad", **changed)
    assert answer.status_code == 422
    assert reason in refusal(answer.text, field)
    assert rows("product", code="BAD") == []


def test_two_products_of_one_name_are_told_of_and_of_one_code_refused(desk: Desk) -> None:
    add(desk, code="T1", name="Twin")
    answer = add(desk, code="T2", name="twin")
    made = id_in(answer)
    assert (
        "There is a product of this name already: Twin (T1)"
        in desk.browser("admin").get(answer.headers["Location"]).text
    )
    called = desk.caller("admin").call("PUT", f"product/{made}", {"name": "TWIN"})
    assert "There is a product of this name already: Twin (T1)" in called.json["warnings"]
    assert "one like this already" in refusal(add(desk, code="T2", name="Other").text, "code")


def test_a_copy_has_the_terms_of_its_pattern_and_is_planned(desk: Desk) -> None:
    pattern = id_in(add(desk, code="C1", name="Pattern"))
    answer = desk.run("admin", "/product/do/copy_product", [pattern], code="C2", name="Copy")
    assert "Copied to Copy" in desk.browser("admin").get(answer.headers["Location"]).text
    [made] = rows("product", code="C2")
    assert (made.name, str(made.status), made.day_count, made.grace_days) == ("Copy", "planned", "act/365", 3)
    assert made.allocation_order == GOOD["allocation_order"]
    again = desk.run("admin", "/product/do/copy_product", [pattern], code="C2", name="Copy")
    assert "There is a product with this code already" in refusal(again.text, "code")
    assert len(rows("product", code="C2")) == 1
