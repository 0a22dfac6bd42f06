"""Custom fields in templates: by one person and by the night alike, in the customer's language, never half known."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.core import clock
from app.core.db import ScopedSession, unscoped
from app.core.org import Branch, CustomChoice, CustomField, User
from app.messaging import own_words, wording
from app.messaging.facts import of_customers
from app.messaging.manual import Wanted, send
from app.models import Loan, Message
from tests.messaging.test_queue import DAY, Book

KINDS: dict[str, dict[str, Any]] = {
    "nickname": {"kind": "text"}, "story": {"kind": "longtext"}, "herd": {"kind": "number"},
    "area": {"kind": "number", "places": 3}, "income": {"kind": "money"}, "visited_on": {"kind": "date"},
    "mood": {"kind": "choice"}, "is_literate": {"kind": "bool"}, "home": {"kind": "link", "target": "branch"},
    "mentor": {"kind": "link", "target": "user"},
}  # fmt: skip
UNSAID: dict[str, dict[str, Any]] = {
    "passport": {"kind": "text", "is_personal": True}, "paper": {"kind": "file"},
    "former": {"kind": "text", "is_hidden": True}, "grade": {"kind": "text", "roles": ["1"]},
    "kin": {"kind": "link", "target": "customer"},
}  # fmt: skip
TEXT = "; ".join(f"{{customer.c_{code}}}" for code in KINDS)
SAID = {
    "en": "O'Neil %s :day {some}; Long ago; 1250; 1,234.500; 1,500.50; 1 Jun 2018; Glad 'n: {x}; Yes; Poltava; Olha B",
    "uk": "O'Neil %s :day {some}; Long ago; 1250; 1 234,500; 1 500,50; 01.06.2018; Рада; Так; Poltava; Olha B",
    "zh_Hans": "O'Neil %s :day {some}; Long ago; 1250; 1,234.500; 1,500.50; 2018年6月1日; Glad 'n: {x}; 是; Poltava; Olha B",
}


@pytest.fixture
def book(database: Any) -> Iterator[Book]:
    with unscoped("a test of own words") as session:
        clock.set_business_date(session, DAY)
        for code, said in {**KINDS, **UNSAID}.items():
            session.add(CustomField(entity="customer", code=code, label_en=code.title(), **said))
        session.add(CustomField(entity="loan", code="purpose", kind="text", label_en="Purpose"))
        session.add(CustomField(entity="loan", code="is_first", kind="bool", label_en="First"))
        session.flush()
        mood = session.query(CustomField).filter_by(code="mood").one()
        session.add(CustomChoice(field_id=mood.id, code="glad", label_en="Glad 'n: {x}", label_uk="Рада"))
        session.flush()
        yield Book(session)
        session.rollback()


def values(session: ScopedSession) -> dict[str, Any]:
    branch, user = Branch(name="Poltava"), session.query(User).first()
    user = user or User(username="o", email="o@x", active=True, password="x")
    user.first_name, user.last_name = "Olha", "B"
    session.add_all([branch, user])
    session.flush()
    return {
        "nickname": "O'Neil %s :day {some}", "story": "Long ago", "herd": "1250", "area": "1234.5", "income": "1500.50",
        "visited_on": "2018-06-01", "mood": "glad", "is_literate": True, "home": branch.id, "mentor": user.id,
    }  # fmt: skip


@pytest.mark.parametrize("language", list(SAID))
def test_the_night_and_one_person_write_every_kind_alike(book: Book, language: str) -> None:
    book.late.text, book.late.language = TEXT, language
    by_hand = book.template("by hand", TEXT, language, kind="manual")
    li = book.person("Li", 5, language=language, custom=values(book.session))
    book.queue()
    night = {words for _slot, words, *_ in book.messages()}
    made = send(book.session, Wanted(by_hand), DAY, None, customer_id=li.id)
    assert (
        {made.text} == night == {SAID[language].replace("1 234", "1\u00a0234").replace("1 500", "1\u00a0500")}
    )


def test_what_a_customer_lacks_is_missing_and_nothing_is_sent(book: Book) -> None:
    book.late.text = "{loan.c_purpose}: {customer.c_herd}, {loan.c_is_first}"
    li, wang = (book.person(name, 5, custom=kept) for name, kept in (("Li", {"herd": "3"}), ("Wang", None)))
    for loan in book.session.query(Loan).filter_by(customer_id=li.id):
        loan.custom = {"purpose": "Land"}
    book.session.flush()
    book.queue()
    found = {each.customer_id: each for each in book.session.query(Message)}
    assert (found[li.id].text, found[li.id].reason) == ("Land: 3, No", None)
    assert (str(found[wang.id].state), found[wang.id].reason) == ("refused", "missing_value")
    words = own_words.every(book.session)
    [known] = of_customers(book.session, DAY, [li.id], words=words)
    assert wording.missing(book.late.text, known.values, words) == ["loan.c_purpose", "loan.c_is_first"], (
        "of a customer himself no loan is told"
    )


def test_what_not_all_who_read_messages_may_read_and_files_are_no_words(book: Book) -> None:
    words = own_words.every(book.session)
    assert {name for name in words if "." in name} == {
        *(f"customer.c_{code}" for code in KINDS), "loan.c_purpose", "loan.c_is_first",
    }  # fmt: skip
    for code in (*UNSAID, "gone"):
        [problem] = wording.check(f"{{customer.c_{code}}}", words=words)
        assert problem.code == "unknown_placeholder"


def test_a_field_that_is_gone_costs_its_template_alone_and_is_told(book: Book) -> None:
    book.template("other", "{customer.c_gone}", kind="timed", send_times="11:00", max_days_overdue=60)
    book.person("Li", 5)
    rows, record = book.queue()
    assert rows == 2
    assert "{customer.c_gone}" in str(record.errors)
