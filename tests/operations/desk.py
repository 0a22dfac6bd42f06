"""Two branches of a lender with loans, and the people at its desks."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.access.users import create_user
from app.core import clock
from app.core.db import unscoped
from app.core.org import Branch, GrantKind, Region
from tests.servicing.book import add_customer, add_loan, make_frame
from tests.web.people import People

DAY = date(2018, 6, 25)
FIRST_DUE = date(2018, 6, 5)
MADE = [0]
"""How many loans were made: each has a number of its own."""


@dataclass
class Desk(People):
    """The ids of what there is, and people at their screens by their login."""

    client: int = 0
    product: int = 0
    branches: dict[str, int] = field(default_factory=dict)
    region: int = 0
    users: dict[str, int] = field(default_factory=dict)

    def loan(self, branch: str = "north", **columns: Any) -> int:
        """A new customer's loan of three instalments of 1000 and 10, the first of them overdue."""
        MADE[0] += 1
        from app.models import Client, Product

        with unscoped("data of a test") as session:
            lender, product = session.get_one(Client, self.client), session.get_one(Product, self.product)
            customer = add_customer(session, lender, f"Customer {MADE[0]}", branch_id=self.branches[branch])
            given = {
                "branch_id": self.branches[branch],
                "region_id": self.region,
                "overdue_since": FIRST_DUE,
            } | columns
            made = add_loan(session, product, customer, FIRST_DUE, **given)
            return int(made.id)

    def run(self, who: str, path: str, ids: list[int], **arguments: Any) -> Any:
        """Fill in the form of an operation and send it, as its page does."""
        data = {"__run": "1", "ids": [str(one) for one in ids], **arguments}
        return self.browser(who).post(path, data)


def open_desk(app: Any) -> Desk:
    """Store the lender, its branches and its people; the business date stands on DAY."""
    desk = Desk(app)
    with unscoped("data of a test") as session:
        client, product, north = make_frame(session)
        south = Branch(name="South")
        place = Region(name="County", level="county")
        session.add_all([south, place])
        clock.set_business_date(session, DAY)
        session.flush()
        desk.client, desk.product, desk.region = client.id, product.id, place.id
        desk.branches = {"north": north.id, "south": south.id}
    people: dict[str, tuple[str, dict[str, Any]]] = {
        "admin": ("Administrator", {"kind": GrantKind.ALL}),
        "clerk": ("Clerk", {"kind": GrantKind.BRANCH, "branch_id": desk.branches["north"]}),
        "manager": ("Manager", {"kind": GrantKind.BRANCH, "branch_id": desk.branches["north"]}),
        "agent": ("Agent", {"kind": GrantKind.ALL}),
        "county": ("Administrator", {"kind": GrantKind.REGION, "region_id": desk.region}),
    }
    for name, (role, grant) in people.items():
        desk.users[name] = create_user(name, "pw", role, grants=[grant])
    return desk
