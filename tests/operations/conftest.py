"""The desk, once for each module."""

from typing import Any

import pytest

from tests.operations.desk import Desk, open_desk


@pytest.fixture(scope="module")
def desk(_application: Any, database: Any) -> Desk:
    """The lender in the module's database."""
    return open_desk(_application)
