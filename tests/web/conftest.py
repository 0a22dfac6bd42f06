"""The shop, once for each module."""

from typing import Any

import pytest

from tests.web.shop import Shop, open_shop


@pytest.fixture(scope="module")
def shop(_application: Any, database: Any) -> Shop:
    """The small lender in the module's database."""
    return open_shop(_application)
