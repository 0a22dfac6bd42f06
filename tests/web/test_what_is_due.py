"""What a customer owes is on top of his page, interest that is late as well as principal."""

from decimal import Decimal

from app.core import registry
from app.core.db import unscoped
from tests.web.shop import Shop


def test_the_tile_names_late_interest_where_no_principal_is_late(shop: Shop) -> None:
    customer, loan = shop.customers[3], shop.loans[3]
    with unscoped("a test of the customer's page") as session:
        session.get_one(registry.entity("loan"), loan).overdue_interest = Decimal("354.00")
    page = shop.admin.get(f"/customer/page/{customer}").text
    tiles = page.partition('<ul class="tiles">')[2].partition("</ul>")[0]
    assert '<span class="tile-figure ink-red">354.00 CNY</span>' in tiles
    assert "Principal: 0.00 CNY; Interest: 354.00 CNY" in tiles
    assert "Overdue principal" not in tiles
