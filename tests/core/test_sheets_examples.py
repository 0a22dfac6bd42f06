"""The examples in the descriptions of functions are true."""

import doctest
from types import ModuleType

import pytest

from app.core.export import columns
from app.core.sheets import layout, numbers, table, values
from app.core.sheets.reader import cells, faults, text

MODULES = [columns, layout, numbers, table, values, cells, faults, text]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_examples_hold(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
