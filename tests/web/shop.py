"""A small lender: two officers with their customers and loans, and people of every sort of role."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from app.access.users import create_user
from app.core import clock, registry, seals
from app.core.db import unscoped
from app.core.org import GrantKind
from tests.web.people import Browser, People, add

DAY = date(2018, 6, 25)
CUSTOMERS = 40
"""Those with even numbers are olga's, the others otto's."""
PEOPLE: dict[str, tuple[str, GrantKind | None]] = {
    "admin": ("Administrator", GrantKind.ALL),
    "olga": ("Officer", GrantKind.OWN),
    "otto": ("Officer", GrantKind.OWN),
    "owner": ("Administrator", GrantKind.OWN),
    "agent": ("Agent", GrantKind.ALL),
    "partner": ("Partner", GrantKind.ALL),
    "auditor": ("Auditor", GrantKind.ALL),
    "nobody": ("Administrator", None),
}
"""Login → role and grant. `owner` may do everything, but only to his own rows, of which he has one."""


@dataclass
class Shop(People):
    """The ids of what there is, and its people at their screens."""

    users: dict[str, int] = field(default_factory=dict)
    customers: list[int] = field(default_factory=list)
    loans: list[int] = field(default_factory=list)
    client: int = 0
    product: int = 0
    branches: dict[str, int] = field(default_factory=dict)
    own_customer: int = 0

    def some(self, slug: str) -> int:
        """The id of a row of that entity; one is made where there is none yet."""
        known = {"customer": self.customers[0], "loan": self.loans[0], "user": self.users["olga"], "client": self.client,
                 "product": self.product, "branch": self.branches["north"], "role": 1}  # fmt: skip
        if slug == "custom_field":
            return self.choice
        if slug not in known:
            raise KeyError(f"the shop has no {slug} to link to")
        return known[slug]

    @cached_property
    def choice(self) -> int:
        """A custom field that can have values."""
        return add("custom_field", entity="team", code="some", kind="choice", label_en="Some", is_hidden=True)

    @cached_property
    def admin(self) -> Browser:
        return self.browser("admin")


def open_shop(app: Any = None) -> Shop:
    """Store it all; the business date stands on DAY. Its people need the application to work."""
    shop = Shop(app)
    for name, (role, grant) in PEOPLE.items():
        grants = () if grant is None else ({"kind": grant},)
        shop.users[name] = create_user(
            name, "pw", role, first_name=name.title(), last_name="Test", grants=grants
        )
    with unscoped("data of the tests of screens") as session:
        _frame(session, shop)
        for number in range(CUSTOMERS):
            _customer(session, shop, number)
        shop.own_customer = _store(
            session, "customer", client_id=shop.client, name="Oksana", manager_id=shop.users["owner"]
        )
    seals.seal()  # so that what a test alters of it is found out when its module ends
    return shop


def _frame(session: Any, shop: Shop) -> None:
    clock.set_business_date(session, DAY)
    shop.branches["head"] = _store(session, "branch", name="Head office")
    shop.branches["north"] = _store(session, "branch", name="North", parent_id=shop.branches["head"])
    session.flush()
    shop.client = _store(
        session,
        "client",
        code="bank",
        name="The Bank",
        currency="CNY",
        country="CN",
        zone="Asia/Shanghai",
        language="en",
    )
    shop.product = _store(
        session,
        "product",
        code="P1",
        name="Cattle",
        kind="livestock",
        currency="CNY",
        allocation_order="overdue",
    )


def _customer(session: Any, shop: Shop, number: int) -> None:
    """One customer with a phone and a loan; every third loan is overdue."""
    officer = shop.users["olga" if number % 2 == 0 else "otto"]
    customer = _store(
        session, "customer", client_id=shop.client, name=f"Customer {number:02d}", manager_id=officer,
        identity_number=f"62112119701112{number:04d}", branch_id=shop.branches["north"],
        status="active" if number % 4 else "inactive",
    )  # fmt: skip
    _store(session, "phone", customer_id=customer, number=f"+861380000{number:04d}", is_primary=True)
    late = DAY - timedelta(days=number) if number % 3 == 0 and number else None
    loan = _store(
        session, "loan", client_id=shop.client, number=f"L-{number:04d}", customer_id=customer, product_id=shop.product,
        officer_id=officer, branch_id=shop.branches["north"], currency="CNY", principal=Decimal(1000 + number),
        annual_rate=Decimal("14.07"), disbursed_on=DAY - timedelta(days=300), matures_on=DAY + timedelta(days=60),
        method="annuity", principal_outstanding=Decimal(100 * number), overdue_since=late,
        status="overdue" if late else "current",
    )  # fmt: skip
    shop.customers.append(customer)
    shop.loans.append(loan)


def _store(session: Any, slug: str, **values: Any) -> int:
    row = registry.entity(slug)(**values)
    session.add(row)
    session.flush()
    return int(row.id)
