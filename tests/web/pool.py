"""Rows to list, page and filter: random within a transaction that is never committed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.core.db import session_for
from app.core.web.listing import Listing
from app.core.web.principal import Principal
from app.models import Loan
from tests.web.shop import DAY, Shop

REVEAL = frozenset({("can_reveal", "PersonalData")})
READER = Principal(1, "reader", "Reader", "Administrator", "en", is_partner=False, permissions=REVEAL)
STATES = ("current", "grace", "overdue", "settled")


@contextmanager
def unsaved(shop: Shop, rows: list[dict[str, Any]]) -> Iterator[Session]:
    """A session that sees these loans beside no others, in a request of its own; nothing of it is kept."""
    with shop.app.test_request_context(), session_for(lambda: ("all", None)) as session:
        session.info["unscoped"] = "rows of one example"
        if rows:
            session.execute(insert(Loan), [whole(shop, number, row) for number, row in enumerate(rows)])
        yield session
        session.rollback()


def whole(shop: Shop, number: int, row: dict[str, Any]) -> dict[str, Any]:
    """A complete loan with the given values; its currency tells it from the shop's own."""
    base = {
        "client_id": shop.client, "number": f"T{number:03d}", "customer_id": shop.customers[0], "product_id": shop.product,
        "currency": "XTS", "principal": Decimal(1), "annual_rate": Decimal(1), "disbursed_on": DAY, "matures_on": DAY,
        "method": "annuity", "status": "current", "overdue_since": None, "contract_number": None, "purpose": None,
        "principal_outstanding": Decimal(0), "is_dunning_stopped": False, "next_due_on": None,
    }  # fmt: skip
    return base | row


def listing(query: dict[str, str], principal: Principal = READER) -> Listing:
    """The list of the example's loans that an address would ask for."""
    return Listing(Loan, MultiDict({"currency": "XTS", **query}), principal, DAY)


def day(number: int | None) -> date | None:
    return None if number is None else DAY - timedelta(days=number)
