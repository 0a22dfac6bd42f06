"""What a typed customer gets where nothing is said of it: the language and the time zone of his client."""

import re

import pytest

from tests.operations.desk import Desk
from tests.operations.test_typed_rows import CUSTOMER, customer, id_in, refusal
from tests.web.people import rows, stored

UKRAINIAN = {
    "code": "kyiv", "name": "Kyiv", "currency": "UAH", "country": "UA", "zone": "Europe/Kyiv", "language": "uk",
    "contact_pack": "UA",
}  # fmt: skip


@pytest.fixture(scope="module")
def lender(desk: Desk) -> int:
    """A client that speaks Ukrainian."""
    return id_in(desk.browser("admin").post("/client/add", UKRAINIAN))


def test_a_customer_of_whose_language_nothing_is_said_speaks_that_of_his_client(
    desk: Desk, lender: int
) -> None:
    person = customer(desk, "Shevchenko", client_id=str(lender), language="")
    assert stored("customer", person).language == "uk"
    desk.browser("admin").post(
        f"/customer/edit/{person}", {**CUSTOMER, "client_id": lender, "name": "Shevchenko", "language": "ru"}
    )
    assert stored("customer", person).language == "ru"
    desk.browser("admin").post(
        f"/customer/edit/{person}", {**CUSTOMER, "client_id": lender, "name": "Shevchenko", "language": ""}
    )
    assert stored("customer", person).language == "uk", "emptied again"
    called = desk.caller("admin").call("POST", "customer/", {"client": lender, "name": "Franko"})
    assert stored("customer", called.json["result"]["id"]).language == "uk"
    chosen = {"client": lender, "name": "Rylskyi", "language": "ru"}
    called = desk.caller("admin").call("POST", "customer/", chosen)
    assert stored("customer", called.json["result"]["id"]).language == "ru"


def test_the_form_of_a_new_customer_has_no_language_chosen_and_says_what_that_means(desk: Desk) -> None:
    page = desk.browser("admin").get("/customer/add").text
    [languages] = re.findall(r'<select[^>]* name="language".*?</select>', page, re.DOTALL)
    assert '<option selected value="">–</option>' in languages
    assert languages.count("selected") == 1
    assert "Empty means the client's language" in page.replace("&#39;", "'")


def test_a_customer_of_unknown_zone_lives_where_his_client_is(desk: Desk) -> None:
    assert stored("customer", customer(desk, "Qian")).zone == "Asia/Shanghai"
    assert stored("customer", customer(desk, "Zhou", zone="europe/kyiv")).zone == "Europe/Kyiv"
    answer = desk.browser("admin").post(
        "/customer/add", {**CUSTOMER, "client_id": desk.client, "name": "Wu", "zone": "Mars/Base"}
    )
    assert "is no time zone" in refusal(answer.text, "zone")
    assert rows("customer", name="Wu") == []


def test_a_language_is_chosen_from_those_of_the_program(desk: Desk) -> None:
    page = desk.browser("admin").get("/customer/add").text
    assert '<option value="uk">Українська</option>' in page
    answer = desk.caller("admin").call(
        "POST", "customer/", {"client": desk.client, "name": "Zheng", "language": "xx"}
    )
    assert answer.status_code == 422
    assert "language" in answer.json["errors"]
