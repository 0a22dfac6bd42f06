"""Amounts are written as the locale's own pattern writes them."""

from decimal import Decimal

import pytest
from flask import Flask
from flask_babel import force_locale, format_decimal, gettext

from app.core.web.cells import money
from config import LANGUAGES

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
