"""Pages of a list that is seen for more than one reason: each of a person's rows once, in order, and no other."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import aliased
from werkzeug.datastructures import MultiDict

from app.core.db import engine, scoped_as
from app.core.scope_conditions import opened
from app.core.web import listing as listing_module, principal
from app.core.web.listing import Listing
from app.models import Client, Customer, Loan
from tests.core.scoped import Person, only_orm
from tests.kept import filled
from tests.walk.world import PEOPLE, World, make_world

DAY = date(2018, 6, 25)
NAMES = [person.name for person in PEOPLE]


@pytest.fixture(scope="module")
def world(_application: Any, database: Any) -> World:
    return filled(database, make_world)


def pages(person: Person, sort: str, step: str, edge: int) -> list[list[int]]:
    """The ids of every page, following the rows at their edges."""
    found = principal.load(principal.stamp(person.id))
    assert found is not None
    told: list[list[int]] = []
    args = {"size": "2", "sort": sort} | ({} if step == "after" else {"last": "1"})
    with scoped_as(person.id) as session:
        while True:
            asked = Listing(Customer, MultiDict(args), found[1], DAY)
            page = asked.page(session)
            told.append([row.id for row in page.rows])
            if not (page.has_more if step == "after" else page.has_before):
                return told
            args = {"size": "2", "sort": sort, step: asked.cursor(page.rows[edge])}


@pytest.mark.parametrize("sort", ["-id", "id"])
@pytest.mark.parametrize("name", NAMES)
def test_the_pages_by_id_hold_every_customer_of_the_scope_once(
    world: World, monkeypatch: Any, name: str, sort: str
) -> None:
    monkeypatch.setattr(listing_module, "SIZES", (2,))
    person = Person(world, name)
    wanted = sorted(person.ids("customer"), reverse=sort == "-id")
    assert [one for page in pages(person, sort, "after", -1) for one in page] == wanted
    assert [one for page in reversed(pages(person, sort, "before", 0)) for one in page] == wanted


def sent_for(person: Person, entity: Any, **args: str) -> tuple[str, Any]:
    """The statement of a page as the database got it, and its values."""
    found, sent = principal.load(principal.stamp(person.id)), []
    assert found is not None

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        sent.append((statement, parameters))

    with scoped_as(person.id) as session:
        session.connection()
        event.listen(engine(), "before_cursor_execute", note)
        try:
            Listing(entity, MultiDict(args), found[1], DAY).page(session)
        finally:
            event.remove(engine(), "before_cursor_execute", note)
    return sent[-1]


def test_a_page_takes_no_more_ids_of_each_grant_than_it_shows(world: World) -> None:
    statement, parameters = sent_for(Person(world, "two_grants"), Customer)
    arms = statement.count("AS opener")
    assert arms >= 2
    assert statement.count("ORDER BY opener") == arms
    assert list(parameters.values()).count(26) == arms + 1


@pytest.mark.parametrize("name", ["o1", "team", "two_grants", "branch_leaf"])
def test_a_list_does_not_ask_again_whether_the_customers_of_its_loans_are_seen(
    world: World, name: str
) -> None:
    person = Person(world, name)
    for sort in ("-id", "-days_past_due"):
        statement, _ = sent_for(person, Loan, sort=sort)
        assert statement.count("JOIN customer ") == 1
        assert "customer_reach" not in statement
        assert "customer_reach" in sent_for(person, Customer, sort="name")[0]


@pytest.mark.parametrize("name", ["o1", "county", "two_grants", "branch_leaf", "client"])
def test_only_a_row_that_is_opened_is_joined_without_its_own_criteria(world: World, name: str) -> None:
    person = Person(world, name)
    with only_orm(person) as session:
        for entity, link in ((Loan, "customer"), (Loan, "client"), (Customer, "client")):
            alias, own, slug = opened(entity, link), entity.slug(), link
            joined = select(entity.id, alias.id).outerjoin(getattr(entity, link).of_type(alias))
            found = session.execute(joined).all()
            assert {row for row, _ in found} == person.ids(own)
            assert {one for _, one in found} <= person.ids(slug)
        others = {
            "customer": aliased(Customer, name="opened_by_phone_customer"),
            "loan": aliased(Loan, name="opened_by_repayment_loan"),
            "client": aliased(Client, name="opened_by_branch_client"),
        }
        for slug, other in others.items():
            assert set(session.scalars(select(other.id))) == person.ids(slug)
    assert not any(opened(Loan, link) for link in ("product", "branch", "officer", "nothing"))
    assert opened(Customer, "branch") is None


def loans_of(person: Person) -> tuple[set[int], str]:
    """The ids of the loans he sees through the ORM alone, and whether the statement was compiled for it."""
    told: list[str] = []

    def note(_connection: Any, _cursor: Any, _sql: str, _values: Any, context: Any, _many: Any) -> None:
        told.append(context.cache_hit.name)

    with only_orm(person) as session:
        session.connection()
        event.listen(engine(), "before_cursor_execute", note)
        try:
            return set(session.scalars(select(Loan.id).where(Loan.id > 0))), told[-1] if told else ""
        finally:
            event.remove(engine(), "before_cursor_execute", note)


def test_people_whose_scopes_have_one_form_share_statements_and_not_rows(world: World) -> None:
    first, second, other = (Person(world, name) for name in ("county", "township", "nobody"))
    engine().clear_compiled_cache()
    for person, is_new in ((first, True), (first, False), (second, False), (other, True), (other, False)):
        ids, told = loans_of(person)
        assert ids == person.ids("loan")
        assert (told == "CACHE_MISS") is is_new
    assert first.ids("loan") != second.ids("loan")
