"""Flask-AppBuilder as it comes, on the tables of the benchmarks' book: what the list request is compared with.

`python -m tests.bench.stock URL`: answers each line of its standard input, a path, with the seconds of one
request of it, how many statements it took and how long the answer is. Its own tables of users and rights stand in a schema of their own, so that the book's
stay as they are; the login it has sees everything.
"""

import json
import sys
import time
from typing import Any, ClassVar

from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder import AppBuilder, Model, ModelView
from flask_appbuilder.models.sqla.base import SQLA
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.security.sqla import models  # noqa: F401  its tables
from sqlalchemy import Column, Date, ForeignKey, Integer, Numeric, String, create_engine, event, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import relationship
from sqlalchemy.pool import StaticPool

from app.core.db import sqlalchemy_url

PUBLIC = {"schema": "public"}


class Customer(Model):
    """A borrower."""

    __tablename__ = "customer"
    __table_args__ = PUBLIC
    id = Column(Integer, primary_key=True)
    name = Column(String(200))

    def __repr__(self) -> str:
        return str(self.name)


class Product(Model):
    """A kind of loan."""

    __tablename__ = "product"
    __table_args__ = PUBLIC
    id = Column(Integer, primary_key=True)
    name = Column(String(200))

    def __repr__(self) -> str:
        return str(self.name)


class Officer(Model):
    """A colleague: the book's users, which are not those of the stock application."""

    __tablename__ = "ab_user"
    __table_args__ = PUBLIC
    id = Column(Integer, primary_key=True)
    first_name = Column(String(64))
    last_name = Column(String(64))

    def __repr__(self) -> str:
        return f"{self.first_name} {self.last_name}"


class Loan(Model):
    """A loan with the columns that the list shows."""

    __tablename__ = "loan"
    __table_args__ = PUBLIC
    id = Column(Integer, primary_key=True)
    number = Column(String(60))
    customer_id = Column(Integer, ForeignKey("public.customer.id"))
    product_id = Column(Integer, ForeignKey("public.product.id"))
    officer_id = Column(Integer, ForeignKey("public.ab_user.id"))
    principal = Column(Numeric(18, 2))
    principal_outstanding = Column(Numeric(18, 2))
    overdue_principal = Column(Numeric(18, 2))
    overdue_since = Column(Date)
    status = Column(String(30))
    customer = relationship(Customer)
    product = relationship(Product)
    officer = relationship(Officer)


class LoanView(ModelView):
    """The list, with the page size and order of ours."""

    datamodel = SQLAInterface(Loan)
    page_size = 25
    base_order = ("id", "desc")
    list_columns: ClassVar[list[str]] = [
        "number", "customer", "product", "principal", "principal_outstanding", "overdue_principal", "overdue_since",
        "status", "officer",
    ]  # fmt: skip


class LeanLoanView(LoanView):
    """The same without the links in its search form, whose choices are all customers there are."""

    search_columns: ClassVar[list[str]] = [
        "number",
        "principal",
        "principal_outstanding",
        "overdue_since",
        "status",
    ]


def application(url: str) -> Flask:
    """The stock application, its own tables made if they are not there."""
    app = Flask("stock")
    app.config.update(
        SQLALCHEMY_DATABASE_URI=f"{sqlalchemy_url(url)}&options=-c%20search_path%3Dstock",
        SECRET_KEY="x" * 40, RATELIMIT_ENABLED=False, WTF_CSRF_ENABLED=False,
    )  # fmt: skip
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"], poolclass=StaticPool)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS stock"))
        own = [table for table in Model.metadata.tables.values() if table.schema is None]
        Model.metadata.create_all(connection, own)
    db = SQLA(metadata=Model.metadata)
    db.init_app(app)
    with app.app_context():
        builder = AppBuilder(app, db.session)
        builder.add_view(LoanView, "Loans")
        builder.add_view(LeanLoanView, "Lean")
        if builder.sm.find_user("stock") is None:
            role = builder.sm.find_role("Admin")
            builder.sm.add_user("stock", "Stock", "User", "stock@example.invalid", role, password="stock")
    return app


def client_of(app: Flask) -> FlaskClient:
    """A browser in which the user is logged in."""
    client = app.test_client()
    answer = client.post("/login/", data={"username": "stock", "password": "stock"})
    if answer.status_code != 302:
        raise SystemExit(f"the stock application's login answers {answer.status}")
    return client


def main(url: str) -> None:
    """Answer until the standard input ends."""
    client = client_of(application(url))
    sent: list[Any] = []
    event.listen(Engine, "before_cursor_execute", lambda *_: sent.append(1))
    for line in sys.stdin:
        sent.clear()
        started = time.perf_counter()
        answer = client.get(line.strip())
        seconds = time.perf_counter() - started
        if answer.status_code != 200:
            raise SystemExit(f"{line} answers {answer.status}")
        facts = {"seconds": seconds, "statements": len(sent), "bytes": len(answer.data)}
        print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
