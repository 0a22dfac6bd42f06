"""The shop, in the database of each module."""

from typing import Any

import pytest

from tests.kept import filled
from tests.web.shop import Shop, open_shop


@pytest.fixture(scope="module")
def shop(_application: Any, database: Any) -> Shop:
    """The small lender in the module's database."""
    made: Shop = filled(database, open_shop)
    made.app = _application
    return made
