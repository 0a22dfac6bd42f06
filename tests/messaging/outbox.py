"""What the tests of sending stand on: committed messages of late customers, and providers with a script."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta

import psycopg
from sqlalchemy import select

from app.core import clock, settings
from app.core.db import unscoped
from app.core.jobs import Record
from app.messaging.channels import Channel, Message, Outcome, Receipt
from app.messaging.queue import queue
from app.models import Client, Message as Row, MessageTemplate, Product
from app.servicing.arrears import recompute
from tests.servicing.book import add_customer, add_loan, make_frame

DAY = date(2018, 6, 26)
LATE = "{customer_name}: {overdue_amount} is {days_past_due} days late."


class Scripted(Channel):
    """A provider that answers as told: a function of the message and of how often it was asked."""

    name = "scripted"

    def __init__(self, answer: Callable[[Message, int], Outcome] | None = None) -> None:
        super().__init__()
        self.answer = answer or taken
        self.sent: list[Message] = []

    def send(self, message: Message) -> Receipt:
        self.sent.append(message)
        outcome = self.answer(message, sum(each.reference == message.reference for each in self.sent))
        if isinstance(outcome, Receipt):
            return outcome
        raise outcome


def taken(message: Message, _times: int) -> Receipt:
    """The provider takes every message."""
    return Receipt(message.reference, (f"id-{message.reference}",), "scripted")


def zone_at(hour: int) -> str:
    """A time zone in which it is about that hour right now."""
    offset = (hour - clock.now().hour + 11) % 24 - 11
    return f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"


FILLED = (
    "message", "message_template", "job_run", "setting", "allocation", "repayment", "instalment", "loan", "phone",
    "customer_reach", "customer", "product", "branch", "bucket", "client",
)  # fmt: skip


def wipe(superuser_url: str) -> None:
    """Empty every table that a test of sending fills; by DELETE, which is quicker than TRUNCATE for a few rows."""
    with psycopg.connect(superuser_url) as connection:
        connection.execute("SET session_replication_role = replica")
        for table in FILLED:
            connection.execute(f"DELETE FROM {table}")


def prepare(
    people: int = 1, days_late: int = 5, *, send_times: str = "08:00", words: str = LATE
) -> list[int]:
    """Queue a reminder to so many customers and commit; the ids of the messages."""
    with unscoped("a test of sending") as session:
        zone = zone_at(12)
        clock.set_business_date(session, DAY)
        settings.write(session, "zone", zone)
        client, product, _branch = make_frame(session, zone=zone)
        session.add(
            MessageTemplate(
                name="late", text=words, language="en", kind="timed", is_active=True, send_times=send_times
            )
        )
        for n in range(people):
            customer = add_customer(session, client, f"Person {n}", f"+380671{n:06}", zone=zone)
            add_loan(session, product, customer, DAY - timedelta(days=days_late))
        recompute(session, None, DAY)
    return remind()


def remind() -> list[int]:
    """Make the day's messages; the ids of all."""
    with unscoped("a test of sending") as session:
        queue(session, DAY, Record("nightly", "messages", DAY))
        return list(session.scalars(select(Row.id).order_by(Row.id)))


def add_person(name: str, number: str | None, *, days_late: int = 5, **columns) -> int:
    """One more late customer, without a message."""
    with unscoped("a test of sending") as session:
        client = session.scalars(select(Client)).one()
        product = session.scalars(select(Product)).one()
        customer = add_customer(session, client, name, number, **({"zone": zone_at(12)} | columns))
        add_loan(session, product, customer, DAY - timedelta(days=days_late))
        recompute(session, None, DAY)
        return customer.id


def rows(*columns) -> list:
    """The messages in the order of their ids."""
    with unscoped("a test of sending") as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(Row.id))]


def states() -> list[tuple[str, str | None]]:
    """State and reason of every message."""
    return [(str(state), reason) for state, reason in rows(Row.state, Row.reason)]


def change(ids: Sequence[int] | None = None, **columns) -> None:
    """Set columns of messages."""
    with unscoped("a test of sending") as session:
        for row in session.scalars(select(Row)):
            if ids is None or row.id in ids:
                for name, value in columns.items():
                    setattr(row, name, value)


def interrupted(channel: Channel, after: int) -> Channel:
    """The same provider in a process that ends after so many answers."""

    class Ending(type(channel)):
        def send_many(self, messages: Iterable[Message]) -> Iterator[tuple[Message, Outcome]]:
            for n, answer in enumerate(super().send_many(messages)):
                if n == after:
                    raise KeyboardInterrupt
                yield answer

    channel.__class__ = Ending
    return channel
