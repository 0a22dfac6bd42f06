"""The shop, in the database of each module."""

from typing import Any

import pytest

from app.core.web import bulk, bulk_work, operations
from tests.kept import filled
from tests.web.shop import Shop, open_shop


@pytest.fixture(scope="module")
def contents() -> Any:
    return open_shop


@pytest.fixture(scope="module")
def shop(_application: Any, database: Any) -> Shop:
    """The small lender in the module's database."""
    made: Shop = filled(database, open_shop)
    made.app = _application
    return made


@pytest.fixture
def few(monkeypatch: Any) -> None:
    """Four rows are many, and parts have three."""
    for module, name in ((bulk, "AT_ONCE"), (bulk, "AT_ONCE_FREE"), (operations, "AT_ONCE")):
        monkeypatch.setattr(module, name, 3)
    for name in ("ROWS_CHANGED", "ROWS_WORKED_ON"):
        monkeypatch.setattr(bulk_work, name, 3)
