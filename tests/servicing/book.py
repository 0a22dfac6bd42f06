"""A book of loans made in the database by SQL, as large as a test or a measurement wants it."""

from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import unscoped
from app.core.org import Branch
from app.models import Bucket, Client, Customer, Instalment, Loan, MessageTemplate, Phone, Product
from app.servicing.arrears import recompute

BUSINESS_ON = date(2018, 6, 25)
BOUNDS = {"current": 0, "d1": 1, "d31": 31, "d61": 61, "d91": 91}


def make_frame(session: Session, grace_days: int = 15, **client: str) -> tuple[Client, Product, Branch]:
    """A client, a product, a branch and the buckets."""
    words = {"code": "bank", "name": "Bank", "currency": "CNY", "country": "CN", "zone": "Asia/Shanghai"}
    lender = Client(**({**words, "language": "en"} | client))
    session.add(lender)
    session.flush()
    product = Product(
        client_id=lender.id,
        code="P",
        name="Loan",
        currency=lender.currency,
        grace_days=grace_days,
        allocation_order="",
    )
    branch = Branch(name=f"Branch of {lender.code}")
    session.add_all([product, branch])
    if session.query(Bucket).count() == 0:
        session.add_all(
            Bucket(code=code, name=code, from_days=days, colour="red") for code, days in BOUNDS.items()
        )
    session.flush()
    return lender, product, branch


def add_customer(session: Session, client: Client, name: str, number: str | None = "", **columns) -> Customer:
    """A customer with his telephone: one of China by default, None for none."""
    customer = Customer(client_id=client.id, name=name, **({"language": "en", "zone": client.zone} | columns))
    session.add(customer)
    session.flush()
    if number is not None:
        number = number or f"+86138{customer.id:08}"
        session.add(Phone(customer_id=customer.id, number=number, is_primary=True))
    return customer


def add_loan(
    session: Session, product: Product, customer: Customer, first_due_on: date, *, count: int = 3, **columns
) -> Loan:
    """A loan of so many instalments of 1000 and interest 10, due every 30 days, nothing paid."""
    lent_on = first_due_on - timedelta(days=30)
    loan = Loan(
        client_id=customer.client_id, number=f"N{session.query(Loan).count() + 1}", customer_id=customer.id,
        product_id=product.id, currency=product.currency, principal=1000 * count, annual_rate=12,
        disbursed_on=lent_on, matures_on=lent_on + timedelta(days=30 * count), method="equal_principal",
        terms={}, principal_outstanding=1000 * count, **columns,
    )  # fmt: skip
    session.add(loan)
    session.flush()
    session.add_all(
        Instalment(
            loan_id=loan.id, customer_id=customer.id, number=n + 1, due_on=first_due_on + timedelta(days=30 * n),
            principal=1000, interest=10, balance=1000 * (count - n - 1),
        )
        for n in range(count)
    )  # fmt: skip
    session.flush()
    return loan


def make_book(
    session: Session, loans: int, *, instalments: int = 24, loans_each: float = 1.5, late_share: float = 0.1,
    day: date = BUSINESS_ON,
) -> None:  # fmt: skip
    """So many loans of customers who have about `loans_each`, due on every day of the month, some late.

    Each was paid out 1 to 12 months before `day`. Its instalments due before `day` are paid, but for a share
    of the loans whose last one to four are not.
    """
    client, product, branch = make_frame(session)
    values = {
        "n": loans, "people": max(1, int(loans / loans_each)), "client": client.id, "product": product.id,
        "branch": branch.id, "day": day, "count": instalments, "late": late_share,
    }  # fmt: skip
    for statement in _BOOK.split(";"):
        session.execute(text(statement), values)
    recompute(session, None, day)


_BOOK = """
INSERT INTO customer (client_id, kind, name, identity_number, language, zone, status, branch_id)
SELECT :client, 'person', 'Customer ' || n, 'ID' || n, 'en', 'Asia/Shanghai', 'active', :branch
FROM generate_series(1, :people) n;

INSERT INTO phone (customer_id, number, kind, is_primary, state)
SELECT id, '+86138' || lpad(id::text, 8, '0'), 'mobile', true, 'unknown'
FROM customer WHERE client_id = :client;

CREATE TEMP TABLE made ON COMMIT DROP AS
SELECT c.id AS customer_id, row_number() OVER (ORDER BY c.id) AS n FROM customer c WHERE client_id = :client;

INSERT INTO loan (client_id, number, customer_id, product_id, branch_id, currency, principal, annual_rate,
    disbursed_on, matures_on, method, terms, principal_outstanding)
SELECT :client, 'L' || lpad(g::text, 8, '0'), m.customer_id, :product, :branch, 'CNY', :count * 1000, 12,
    d.on, (d.on + :count * interval '1 month')::date, 'equal_principal', '{}', :count * 1000
FROM generate_series(0, :n - 1) g JOIN made m ON m.n = g % CAST(:people AS int) + 1
CROSS JOIN LATERAL (SELECT (CAST(:day AS date) - (g * 37 % 360) * interval '1 day')::date AS on) d;

INSERT INTO instalment (loan_id, customer_id, number, due_on, principal, interest, balance,
    principal_paid, interest_paid, paid_on)
SELECT l.id, l.customer_id, n, due_on, 1000, 10 * (:count - n + 1), 1000 * (:count - n),
    CASE WHEN is_paid THEN 1000 ELSE 0 END,
    CASE WHEN is_paid THEN 10 * (CAST(:count AS int) - n + 1) ELSE 0 END,
    CASE WHEN is_paid THEN due_on END
FROM loan l CROSS JOIN generate_series(1, :count) n
CROSS JOIN LATERAL (SELECT (l.disbursed_on + n * interval '1 month')::date AS due_on) d
CROSS JOIN LATERAL (SELECT due_on < CAST(:day AS date) - CASE WHEN l.id % 1000 < :late * 1000
    THEN CAST(l.id % 4 + 1 AS int) * 30 ELSE 0 END AS is_paid) p WHERE l.client_id = :client
"""


def book(session: Session) -> list[tuple[object, ...]]:
    """What the loans say of themselves, in the order of their numbers."""
    columns = (
        Loan.number, Loan.principal_outstanding, Loan.overdue_principal, Loan.overdue_interest,
        Loan.overdue_since, Loan.next_due_on, Loan.bucket_id, Loan.status, Loan.settled_on,
    )  # fmt: skip
    return [tuple(row) for row in session.query(*columns).order_by(Loan.number)]


def make_night_book() -> None:
    """A committed book of 300 loans, a tenth of them late, and a template that reminds of what is late."""
    with unscoped("a test of the night") as session:
        clock.set_business_date(session, BUSINESS_ON)
        make_book(session, 300)
        words = {"name": "late", "text": "Pay {overdue_amount}.", "language": "en", "is_active": True}
        session.add(MessageTemplate(**words, kind="timed", max_days_overdue=30, send_times="10:00"))
