"""Amounts are written as the locale's own pattern writes them."""

from decimal import Decimal

import pytest
from flask import Flask
from flask_babel import force_locale, format_decimal, gettext
from hypothesis import HealthCheck, given, settings, strategies as st

from app.core.web.cells import money
from app.core.web.filter_values import number
from app.core.web.inputs import written
from config import LANGUAGES
from tests.web.people import stored
from tests.web.shop import Shop

AMOUNTS = ("0", "-0.5", "999.995", "1000", "-1234.5", "1234567.895", "-98765432109876.54", "0.005", "0.015")


@pytest.mark.parametrize("language", LANGUAGES)
def test_amounts_are_written_as_the_pattern_of_the_language_says(app: Flask, language: str) -> None:
    with app.test_request_context(), force_locale(language):
        for amount in map(Decimal, AMOUNTS):
            assert money(amount) == format_decimal(amount, "#,##0.00")
        assert money(1234567) == format_decimal(1234567, "#,##0.00")


def test_texts_follow_a_change_of_language_within_a_request(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        said = [gettext("Customers")]
        with force_locale("uk"):
            said.append(gettext("Customers"))
        said.append(gettext("Customers"))
    assert said[0] == said[2] == "Customers"
    assert said[1] != "Customers"


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.decimals(min_value=-(10**15), max_value=10**15, places=6).map(lambda one: one.normalize()))
def test_what_a_form_shows_is_read_as_the_same_number(app: Flask, language: str, value: Decimal) -> None:
    with app.test_request_context(), force_locale(language):
        assert number(written(value)) == value


@pytest.mark.parametrize(
    "language,text,value",
    [
        ("en", "1,500", "1500"), ("zh_Hans", "1,500", "1500"), ("uk", "1,500", "1.5"), ("ru", "1,500", "1.5"), ("en", "1,50", "1.5"),
        ("en", "1.500", "1.5"), ("uk", "1.500", "1.5"), ("en", "0,125", "0.125"), ("en", "-12,345", "-12345"), ("en", "1234,567", "1234.567"),
    ],
)  # fmt: skip
def test_a_lone_comma_is_what_it_is_in_the_readers_language(
    app: Flask, language: str, text: str, value: str
) -> None:
    with app.test_request_context(), force_locale(language):
        assert number(text) == Decimal(value)


def test_a_number_of_a_program_keeps_every_digit_that_was_written(shop: Shop) -> None:
    loan, program = shop.loans[1], shop.caller("admin")
    for digits in ("1234567890123456.78", "0.10", "7e2"):
        said = f'{{"principal": {digits}}}'
        headers = {**program.headers, "Content-Type": "application/json"}
        answer = program.client.patch(f"/api/v1/loan/{loan}", data=said, headers=headers)
        assert answer.status_code == 200, answer.text
        assert stored("loan", loan).principal == Decimal(digits)
