"""The night's messages: who gets one, which text, who is refused and why, and never twice."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import ScopedSession, unscoped
from app.core.jobs import Record, run_step
from app.messaging.queue import queue
from app.models import Message, MessageTemplate, Phone
from app.servicing.arrears import recompute
from tests.servicing.book import add_customer, add_loan, make_frame

DAY = date(2018, 6, 26)
AHEAD = "Pay {due_amount} {currency} on {due_date}."
LATE = "{customer_name}, {overdue_amount} is {days_past_due} days late."


class Book:
    """A client with templates; loans are added by how late their first instalment is."""

    def __init__(self, session: ScopedSession) -> None:
        self.session = session
        self.client, self.product, self.branch = make_frame(session, zone="Asia/Shanghai")
        self.ahead = self.template("ahead", AHEAD, kind="advance", days_before=3, send_times="9:30")
        self.late = self.template("late", LATE, kind="timed", send_times="18:00 10:00", max_days_overdue=60)

    def template(self, name: str, words: str, language: str = "en", **columns) -> MessageTemplate:
        row = MessageTemplate(name=name, text=words, language=language, is_active=True, **columns)
        self.session.add(row)
        self.session.flush()
        return row

    def person(self, name: str, *days_late: int, number: str | None = "", **columns):
        customer = add_customer(self.session, self.client, name, number, **columns)
        for days in days_late:
            add_loan(self.session, self.product, customer, DAY - timedelta(days=days))
        return customer

    def queue(self, day: date = DAY) -> tuple[int, Record]:
        recompute(self.session, None, day)
        record = Record("nightly", "messages", day)
        return queue(self.session, day, record), record

    def messages(self, *columns) -> list:
        chosen = columns or (Message.slot, Message.text, Message.state, Message.reason)
        return self.session.execute(select(*chosen).order_by(Message.customer_id, Message.slot)).all()


@pytest.fixture
def book(database) -> Iterator[Book]:
    with unscoped("a test of the queue") as session:
        clock.set_business_date(session, DAY)
        yield Book(session)
        session.rollback()


def test_who_is_late_is_reminded_at_every_time_of_the_template(book) -> None:
    book.person("Li", 5)
    assert book.queue()[0] == 2
    assert book.messages() == [
        ("10:00", "Li, 1,010.00 is 5 days late.", "queued", None),
        ("18:00", "Li, 1,010.00 is 5 days late.", "queued", None),
    ]
    at = book.messages(Message.send_after)[0][0]
    assert at.isoformat() == "2018-06-26T02:00:00+00:00"


def test_what_falls_due_in_so_many_days_is_announced(book) -> None:
    book.person("Li", -3)
    book.person("Wang", -2)
    assert book.queue()[0] == 1
    assert book.messages() == [("09:30", "Pay 1,010.00 CNY on 29 Jun 2018.", "queued", None)]


def test_nobody_is_dunned_on_the_due_date_or_beyond_the_most_days(book) -> None:
    book.person("Due today", 0)
    book.person("Too late", 61)
    assert book.queue()[0] == 0
    book.person("Just not", 60)
    assert book.queue()[0] == 2


def test_a_customer_gets_one_message_at_a_time_about_his_oldest_overdue_loan(book) -> None:
    book.person("Li", 5, 20, 9)
    book.queue()
    assert {words for _slot, words, *_ in book.messages()} == {"Li, 1,010.00 is 20 days late."}
    assert len(book.messages()) == 2


def test_arrears_win_over_an_announcement_at_the_same_time(book) -> None:
    book.late.send_times = "09:30"
    book.person("Li", 5, -3)
    assert book.queue()[0] == 1
    assert book.messages()[0].text == "Li, 1,010.00 is 5 days late."


def test_the_template_that_reaches_less_far_wins(book) -> None:
    book.template("early", "Soon, please.", kind="timed", send_times="10:00", max_days_overdue=10)
    book.person("Li", 5)
    book.queue()
    assert [words for _slot, words, *_ in book.messages()] == [
        "Soon, please.",
        "Li, 1,010.00 is 5 days late.",
    ]


def test_the_customers_language_chooses_the_text_and_the_clients_stands_in(book) -> None:
    book.template("late", "{customer_name}逾期{days_past_due}天", "zh_Hans", kind="timed")
    book.person("李", 5, language="zh_Hans")
    book.person("Ganna", 5, language="uk")
    book.queue()
    words = book.messages(Message.language, Message.text)
    assert words[0] == ("zh_Hans", "李逾期5天")
    assert words[-1] == ("en", "Ganna, 1,010.00 is 5 days late.")


def test_a_clients_own_template_wins_over_everybodys(book) -> None:
    book.template("late", "Our own words.", kind="timed", client_id=book.client.id, send_times="11:00")
    book.person("Li", 5)
    book.queue()
    assert book.messages()[0].text == "Our own words."


@pytest.mark.parametrize(
    "columns,number,reason",
    [
        ({"is_do_not_contact": True}, "", "do_not_contact"),
        ({"is_vulnerable": True}, "", "vulnerable"),
        ({}, None, "no_number"),
        ({"zone": "Nowhere/City"}, "", "unknown_zone"),
    ],
)
def test_a_refused_message_is_stored_with_its_reason(book, columns, number, reason) -> None:
    book.person("Li", 5, number=number, **columns)
    book.queue()
    assert {(state, why) for _slot, _words, state, why in book.messages()} == {("refused", reason)}


def test_the_hour_must_be_decent_where_the_number_rings_when_no_zone_is_known(book) -> None:
    book.person("Oksana", 5, number="+380671112233", zone=None)
    book.queue()
    assert [(slot, why) for slot, _words, _state, why in book.messages()] == [
        ("10:00", "outside_hours"),
        ("18:00", None),
    ]


def test_a_dead_number_somebody_elses_and_a_stopped_loan_are_refused(book) -> None:
    for name, change in [("dead", {"state": "dead"}), ("holder", {"holder": "Wife"})]:
        person = book.person(name, 5)
        phone = book.session.scalars(select(Phone).where(Phone.customer_id == person.id)).one()
        for column, value in change.items():
            setattr(phone, column, value)
    stopped = book.person("stopped")
    add_loan(book.session, book.product, stopped, DAY - timedelta(days=5), is_dunning_stopped=True)
    book.queue()
    assert [why for *_, why in book.messages()][::2] == ["number_blocked", "third_party", "suspended"]


def test_a_country_that_counts_contacts_refuses_beyond_its_cap(book) -> None:
    book.client.contact_pack, book.client.country = "UA", "UA"
    book.late.send_times = "10:00 12:00 14:00 16:00"
    book.person("Li", 5, zone="Europe/Kyiv")
    book.client.zone = "Europe/Kyiv"
    book.queue()
    assert [why for *_, why in book.messages()] == [None, None, "cap_day", "cap_day"]


def test_a_word_without_a_value_is_not_sent(book) -> None:
    book.late.text = "Call {branch_phone}."
    book.person("Li", 5)
    book.queue()
    assert {why for *_, why in book.messages()} == {"missing_value"}


def test_the_same_night_again_makes_nothing_even_when_the_language_or_the_oldest_loan_changed(book) -> None:
    person = book.person("Li", 5, 20)
    assert book.queue()[0] == 2
    book.template("late", "逾期{days_past_due}天", "zh_Hans", kind="timed", send_times="10:00 18:00")
    person.language = "zh_Hans"
    add_loan(book.session, book.product, person, DAY - timedelta(days=40))
    assert book.queue()[0] == 0
    assert book.queue(DAY + timedelta(days=1))[0] == 2


def test_an_unusable_template_and_an_inactive_one_make_nothing_and_the_first_is_told(book) -> None:
    book.late.text = "{no_such_word}"
    book.ahead.is_active = False
    book.person("Li", 5, -3)
    rows, record = book.queue()
    assert rows == 0
    assert [error["row"] for error in record.errors] == ["late"]
    assert record.errors[0]["reason"] == "There is no placeholder {no_such_word}."


def test_words_with_percent_signs_braces_quotes_and_colons_arrive_as_they_are(book) -> None:
    book.late.text = "100% of {{it}}: 'pay' \"now\" :day %s {days_past_due}"
    book.person("O'Neil :x %", 5)
    book.queue()
    assert book.messages()[0].text == "100% of {it}: 'pay' \"now\" :day %s 5"


def test_a_night_without_an_active_reminder_template_says_so(book) -> None:
    said = "no active reminder template: nothing to queue"
    book.person("Late", 10)
    assert book.queue()[1].errors == []
    for template in (book.ahead, book.late):
        template.is_active = False
    book.template("by hand", AHEAD, kind="manual")
    made, record = book.queue(DAY + timedelta(days=1))
    assert made == 0
    assert [(each["row"], each["reason"]) for each in record.errors] == [(None, said)]
    assert record.failed == 0


def test_the_step_of_the_night_prints_what_it_remarks(database) -> None:
    outcomes = [
        run_step("a night", "messages", DAY, lambda s, record: queue(s, DAY, record)) for _time in "12"
    ]
    assert [(outcome.is_new, outcome.errors) for outcome in outcomes] == [(True, 0), (False, 0)]
    assert all(str(each).endswith(": no active reminder template: nothing to queue") for each in outcomes)
