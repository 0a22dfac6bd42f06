"""What people type into forms and programs send has a form and an end: identity numbers, remarks, passwords."""

from typing import Any

import pytest

from app.core.web.forms import LONGEST
from tests.web.people import Browser, stored
from tests.web.shop import Shop
from tests.web.test_two_writers import customer

WRONG = "Only letters, digits, spaces, - and / can stand here"


@pytest.mark.parametrize("number", ["<b>7</b>", "12\t34", "12\x0734", "12;DROP", "--", "№ 5", "1234\u200b5"])
def test_an_identity_number_of_other_signs_is_refused_on_screen_and_by_api(shop: Shop, number: str) -> None:
    path, form = customer(shop, 3)
    before = stored("customer", shop.customers[3]).identity_number
    answer = shop.admin.post(path, {**form, "identity_number": number})
    assert answer.status_code == 422
    assert WRONG in answer.text
    called = shop.caller("admin").call("PUT", f"customer/{shop.customers[3]}", {"identity_number": number})
    assert called.status_code == 422
    assert called.json["errors"]["identity_number"] == [WRONG]
    assert stored("customer", shop.customers[3]).identity_number == before


@pytest.mark.parametrize("number", ["62112119701112007X", "АБ 123456", "12-34/56", "戶 12"])
def test_an_identity_number_of_letters_and_digits_of_any_script_is_stored(shop: Shop, number: str) -> None:
    called = shop.caller("admin").call("PUT", f"customer/{shop.customers[4]}", {"identity_number": number})
    assert called.status_code == 200, called.text
    assert stored("customer", shop.customers[4]).identity_number == number


@pytest.mark.parametrize("digits", [17, 5000])
def test_a_number_that_is_too_long_is_said_to_be_so(shop: Shop, digits: int) -> None:
    before = stored("loan", shop.loans[3]).principal
    body = '{"principal": ' + "9" * digits + "}"
    called = shop.caller("admin").call("PATCH", f"loan/{shop.loans[3]}", data=body, content_type="application/json")  # fmt: skip
    assert called.status_code == 422, called.text
    [said] = called.json["errors"]["principal"]
    assert said.endswith("is too long: at most 16 digits before the decimal point")
    assert (len(said) < 120, stored("loan", shop.loans[3]).principal) == (True, before)


def test_a_remark_has_an_end_that_is_told(shop: Shop) -> None:
    path, form = customer(shop, 5)
    answer = shop.admin.post(path, {**form, "remark": "x" * (LONGEST + 1)})
    assert answer.status_code == 422
    assert f"Field cannot be longer than {LONGEST} characters" in answer.text
    body: dict[str, Any] = {"remark": "ї" * (LONGEST + 1)}
    called = shop.caller("admin").call("PUT", f"customer/{shop.customers[5]}", body)
    assert called.status_code == 422
    assert str(LONGEST) in called.json["errors"]["remark"][0]
    body["remark"] = "ї" * LONGEST
    assert shop.caller("admin").call("PUT", f"customer/{shop.customers[5]}", body).status_code == 200
    assert stored("customer", shop.customers[5]).remark == body["remark"]


@pytest.mark.parametrize(
    "password, said",
    [
        ("short", "At least 8 characters"),
        ("auditor", "At least 8"),
        ("aaaaaaaaaa", "This is guessed at once"),
    ],
)
def test_ones_own_new_password_follows_the_rule(shop: Shop, password: str, said: str) -> None:
    browser = shop.browser("auditor")
    page = browser.get("/resetmypassword/form").text
    assert "<h1>Change password</h1>" in page
    assert "Reset Password Form" not in page
    answer = browser.post("/resetmypassword/form", {"password": password, "conf_password": password})
    assert said in answer.text
    assert Browser(shop.app).login("auditor").headers["Location"] == "/"
