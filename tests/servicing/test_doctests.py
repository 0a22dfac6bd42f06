"""The examples in the docstrings of the money rules hold."""

import doctest
from importlib import import_module

import pytest

MODULES = [
    "app.core.money",
    "app.servicing.bulk_round",
    "app.servicing.daycount",
    "app.servicing.duedates",
    "app.servicing.dues",
    "app.servicing.schedule",
    "app.servicing.schedule_bulk",
    "app.servicing.waterfall",
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    result = doctest.testmod(import_module(name))
    assert result.attempted
    assert not result.failed
