"""A small book whose every sum can be done by hand: plain facts first, then the same facts in the database."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import update

from app.access.users import create_user
from app.core import clock
from app.core.db import unscoped
from app.core.org import Branch, GrantKind, Region, Team, User
from app.models import (
    Address,
    Allocation,
    Bucket,
    Client,
    Customer,
    Instalment,
    Loan,
    Phone,
    Product,
    Repayment,
)
from app.servicing import snapshots

ON = date(2018, 6, 25)
PAST = date(2018, 5, 31)
OPEN = ("current", "grace", "overdue")
PLACES = {
    "c1": (None, "county"), "t1": ("c1", "township"), "v1": ("t1", "village"), "v2": ("t1", "village"), "t2": ("c1", "township"),
    "v3": ("t2", "village"), "c2": (None, "county"), "t3": ("c2", "township"), "v4": ("t3", "village"), "g4": ("v4", "group"),
}  # fmt: skip
UNITS = {"hq": None, "b1": "hq", "b2": "hq"}
OFFICERS = ("o1", "o2", "o3")
BOUNDS = {"in time": 0, "1-30": 1, "31-60": 31, "61 and more": 61}
KINDS = ("livestock", "business")
LATE = (0, 0, 0, 12, 40, 75, 0, 30, 31)
GRACE = 15


@dataclass
class Fact:
    """A loan as plain values; what the database holds about it is made from these."""

    number: int
    client: str
    branch: str
    officer: str | None
    place: str | None
    kind: str
    customer: int
    days: int
    status: str
    principal: int
    outstanding: int
    paid: list[tuple[date, int, int, str]] = field(default_factory=list)
    """(day, principal, interest, kind of the repayment)."""
    id: int = 0

    @property
    def currency(self) -> str:
        return "CNY" if self.client == "x" else "UAH"

    @property
    def disbursed_on(self) -> date:
        return ON - timedelta(days=7 * self.number)

    @property
    def due_on(self) -> date:
        return ON + timedelta(days=self.number)

    @property
    def overdue(self) -> int:
        return 100 + self.number if self.days else 0

    def is_under(self, place: str) -> bool:
        """Whether it lies in a place or below it."""
        return place in above(PLACES, self.place)

    def level(self, level: str) -> str | None:
        """The place of a level that it lies in."""
        return next((name for name in above(PLACES, self.place) if PLACES[name][1] == level), None)

    @property
    def bucket(self) -> str:
        return [name for name, first in BOUNDS.items() if first <= self.days][-1]


def above(tree: dict[str, Any], name: str | None) -> Iterator[str]:
    """A node and those above it."""
    while name is not None:
        yield name
        parent = tree[name]
        name = parent[0] if isinstance(parent, tuple) else parent


def facts() -> list[Fact]:
    """Forty loans of thirty customers, spread so that every sum differs from every other."""
    places = ("v1", "v2", "v3", "v4", "c1", "g4", "v1", None)
    found = []
    for n in range(40):
        status = (
            "settled"
            if n % 11 == 10
            else "written_off"
            if n % 13 == 12
            else ("overdue" if LATE[n % 9] > GRACE else "grace" if LATE[n % 9] else "current")
        )
        principal = 1000 + 37 * n * n
        found.append(Fact(
            n, "y" if n % 5 == 4 else "x", ("b1", "b2", "b1", "hq")[n % 4], (*OFFICERS, None)[n % 7 % 4], places[n % 8],
            KINDS[n % 3 == 2], n % 30, LATE[n % 9] if status in ("grace", "overdue") else 0, status, principal,
            0 if status == "settled" else principal - 500,
        ))  # fmt: skip
        for month in range(4):
            day = date(2018, 3 + month, 1 + n % 20)
            kind = "opening" if month == 0 and n % 2 else "repayment"
            found[-1].paid.append((day, 50 + n, 5 + n % 3, kind))
    return found


@dataclass
class Book:
    """The facts and the ids under which the database knows their names."""

    facts: list[Fact]
    places: dict[str, int] = field(default_factory=dict)
    branches: dict[str, int] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    clients: dict[str, int] = field(default_factory=dict)
    customers: dict[tuple[str, int], int] = field(default_factory=dict)

    def total(self, what: Callable[[Fact], Any], among: Callable[[Fact], bool]) -> int:
        """A sum by hand."""
        return sum(what(fact) for fact in self.facts if among(fact))


def collected(fact: Fact, since: date, until: date) -> tuple[int, int]:
    """(principal, interest) received in a period."""
    inside = [one for one in fact.paid if since <= one[0] <= until and one[3] != "opening"]
    return sum(one[1] for one in inside), sum(one[2] for one in inside)


def make_book() -> Book:
    """The facts in the database, with snapshots of the business date and of a past day."""
    book = Book(facts())
    with unscoped("the book of a test") as session:
        _frame(session, book)
        clock.set_business_date(session, ON)
    _people(book)
    with unscoped("the book of a test") as session:
        _loans(session, book)
    with unscoped("snapshots of a test") as session:
        _snapshots(session, book.facts)
    return book


def _put(session: Any, row: Any) -> int:
    session.add(row)
    session.flush()
    return int(row.id)


def _frame(session: Any, book: Book) -> None:
    for name, parent in UNITS.items():
        book.branches[name] = _put(
            session, Branch(name=f"Unit {name}", parent_id=book.branches.get(parent or ""))
        )
    for name, (parent, level) in PLACES.items():
        book.places[name] = _put(
            session, Region(name=f"Place {name}", level=level, parent_id=book.places.get(parent or ""))
        )
    for name, first in BOUNDS.items():
        session.add(Bucket(code=name, name=name, from_days=first, colour="red"))
    for code, currency in (("x", "CNY"), ("y", "UAH")):
        columns = {"country": "CN", "zone": "Asia/Shanghai", "language": "en", "currency": currency}
        book.clients[code] = _put(session, Client(code=code, name=f"Bank {code}", **columns))
        for kind in KINDS:
            session.add(
                Product(
                    client_id=book.clients[code],
                    code=kind,
                    name=kind,
                    kind=kind,
                    currency=currency,
                    allocation_order="",
                )
            )
    session.add(Team(name="north"))


def _people(book: Book) -> None:
    b1, c1, t3 = book.branches["b1"], book.places["c1"], book.places["t3"]
    grants: dict[str, list[dict[str, Any]]] = {
        "manager": [{"kind": GrantKind.ALL}], "of_b1": [{"kind": GrantKind.BRANCH, "branch_id": b1}],
        "of_c1": [{"kind": GrantKind.REGION, "region_id": c1}],
        "livestock": [{"kind": GrantKind.REGION, "region_id": c1, "product_kinds": ["livestock"]}],
        "of_y": [{"kind": GrantKind.CLIENT, "client_id": book.clients["y"]}],
        "two": [{"kind": GrantKind.BRANCH, "branch_id": b1}, {"kind": GrantKind.REGION, "region_id": t3}],
        "nobody": [], "partner": [{"kind": GrantKind.REGION, "region_id": t3}],
        **{name: [{"kind": GrantKind.OWN}] for name in OFFICERS}, "leader": [],
    }  # fmt: skip
    for name, given in grants.items():
        role = "Officer" if name in OFFICERS else "Partner" if name == "partner" else "Manager"
        book.users[name] = create_user(name, "pw", role, first_name=name, last_name="Z", grants=given)
    with unscoped("the team of a test") as session:
        team = session.query(Team).one()
        for name in ("o1", "o2"):
            session.get_one(User, book.users[name]).team_id = team.id
        from app.core.org import DataGrant

        session.add(DataGrant(user_id=book.users["leader"], kind=GrantKind.TEAM, team_id=team.id))


def _loans(session: Any, book: Book) -> None:
    products = {(row.client_id, str(row.kind)): row.id for row in session.query(Product)}
    buckets = {row.name: row.id for row in session.query(Bucket)}
    for fact in book.facts:
        client = book.clients[fact.client]
        customer = book.customers.get((fact.client, fact.customer)) or _customer(session, book, fact)
        loan = Loan(
            client_id=client, number=f"L{fact.number:03d}", customer_id=customer, product_id=products[client, fact.kind],
            branch_id=book.branches[fact.branch], officer_id=book.users.get(fact.officer or ""), region_id=book.places.get(fact.place or ""),
            currency=fact.currency, principal=fact.principal, annual_rate=12, disbursed_on=fact.disbursed_on, terms={},
            matures_on=date(2020, 1, 1), method="bullet", principal_outstanding=fact.outstanding, status=fact.status,
            overdue_principal=fact.overdue, overdue_since=ON - timedelta(days=fact.days) if fact.days else None,
            bucket_id=buckets[fact.bucket] if fact.status in OPEN else None, next_due_on=fact.due_on,
        )  # fmt: skip
        fact.id = _put(session, loan)
        _journal(session, fact, loan)


def _customer(session: Any, book: Book, fact: Fact) -> int:
    number = len(book.customers)
    row = Customer(
        client_id=book.clients[fact.client], name=f"Customer {number:02d}", identity_number=f"ID{number}"
    )
    book.customers[fact.client, fact.customer] = found = _put(session, row)
    session.add(Phone(customer_id=found, number=f"+86138000{number:05d}", is_primary=True))
    session.add(Address(customer_id=found, house=f"House {number}"))
    return found


def _journal(session: Any, fact: Fact, loan: Loan) -> None:
    owed = Instalment(
        loan_id=loan.id,
        customer_id=loan.customer_id,
        number=1,
        due_on=fact.due_on,
        principal=200,
        interest=20,
        balance=0,
    )
    session.add(owed)
    for at, (day, principal, interest, kind) in enumerate(fact.paid):
        repayment = Repayment(
            client_id=loan.client_id, loan_id=loan.id, customer_id=loan.customer_id, received_on=day, amount=principal + interest,
            currency=loan.currency, kind=kind, source="test", reference=f"{fact.number}-{at}",
        )  # fmt: skip
        number = _put(session, repayment)
        for component, amount in (("principal", principal), ("interest", interest)):
            session.add(Allocation(repayment_id=number, loan_id=loan.id, component=component, amount=amount))


def _snapshots(session: Any, facts_: list[Fact]) -> None:
    """The past day with balances twice as high, then today's; what moved on every day."""
    amounts = {
        "principal_outstanding": Loan.principal_outstanding,
        "overdue_principal": Loan.overdue_principal,
    }
    session.execute(update(Loan).values({name: column * 2 for name, column in amounts.items()}))
    snapshots.take(session, PAST)
    session.execute(update(Loan).values({name: column / 2 for name, column in amounts.items()}))
    snapshots.take(session, ON)
    days = {
        day for fact in facts_ for day in (fact.disbursed_on, fact.due_on, *(one[0] for one in fact.paid))
    }
    for day in days - {ON}:
        snapshots.collections(session, day)
