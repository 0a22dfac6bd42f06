"""The guard of writes by itself: under a database role that may do everything, nothing foreign is written."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.core.db import scoped_as, unscoped
from app.core.errors import OutOfScope, ReadOnlyScope, ScopeError
from app.models import ContactNote, Loan, Phone
from tests.core.scoped import READING, WRITING, Person, only_orm, writable
from tests.kept import filled
from tests.walk.world import World, make_world


@pytest.fixture(scope="module")
def world(database: Any) -> World:
    return filled(database, make_world)


@pytest.mark.parametrize("name", WRITING)
def test_the_orm_alone_changes_and_deletes_only_rows_in_scope_by_statement(world: World, name: str) -> None:
    person = Person(world, name)
    mine = writable(world, person)
    with only_orm(person) as session:
        changed = session.execute(update(Loan).values(purpose="changed").returning(Loan.id)).scalars()
        assert set(changed) == mine
    with only_orm(person) as session:
        notes = session.execute(delete(ContactNote).returning(ContactNote.customer_id)).scalars().all()
        assert notes or not mine
        assert set(notes) <= person.ids("customer")


@pytest.mark.parametrize("name", READING)
def test_who_may_only_read_writes_nothing_by_any_way(world: World, name: str) -> None:
    person = Person(world, name)
    with only_orm(person) as session, pytest.raises(ReadOnlyScope):
        session.execute(update(Loan).values(purpose="changed"))
    with only_orm(person) as session, pytest.raises(ReadOnlyScope):
        session.execute(delete(ContactNote))
    with only_orm(person) as session:
        session.scalars(select(Loan)).first().purpose = "changed"
        with pytest.raises(ReadOnlyScope):
            session.flush()


def test_a_row_seen_through_territory_is_not_written_by_who_also_has_own_rows(world: World) -> None:
    person = Person(world, "two_grants")
    shown = person.ids("loan") - writable(world, person)
    assert shown
    for session in (scoped_as(person.id), None):
        with session or only_orm(person) as session:  # noqa: PLW2901
            session.get_one(Loan, next(iter(shown))).purpose = "changed"
            with pytest.raises(ReadOnlyScope):
                session.flush()
        with scoped_as(person.id) as other:
            customer = other.get_one(Loan, next(iter(shown))).customer_id
            if customer not in {
                loan.customer_id for _n, loan in world.rows["loan"] if loan.id in writable(world, person)
            }:
                other.add(Phone(customer_id=customer, number="+8613800999999"))
                with pytest.raises(ReadOnlyScope):
                    other.flush()


def _copy(row: Any, **changed: Any) -> Any:
    """A new, unsaved row with the values of another."""
    names = [
        column.key
        for column in type(row).__table__.columns
        if column.key not in ("id", "branch_lft", "region_lft", "product_kind")
    ]
    return type(row)(**({name: getattr(row, name) for name in names} | {"number": "copied"} | changed))


def _give_away(session: Session, world: World, person: Person) -> None:
    loan = session.get_one(Loan, next(iter(writable(world, person))))
    stranger = person.foreign("loan")
    loan.officer_id, loan.branch_id, loan.client_id = (
        stranger.officer_id,
        stranger.branch_id,
        stranger.client_id,
    )


def _move_phone(session: Session, person: Person) -> None:
    session.scalars(select(Phone)).first().customer_id = person.foreign("customer").id


def _attached(session: Session, person: Person) -> Any:
    """A stranger's row as if it had been loaded in this session."""
    with unscoped("load a stranger's row") as other:
        row = other.get_one(Loan, person.foreign("loan").id)
        other.expunge(row)
    session.add(row)
    return row


def _smuggle(session: Session, person: Person) -> None:
    _attached(session, person).purpose = "changed"


FOREIGN_WRITES: dict[str, Callable[[Session, World, Person], None]] = {
    "a new row for a stranger": lambda s, _w, p: s.add(_copy(p.foreign("loan"))),
    "a row given away": _give_away,
    "a child of a stranger's row": lambda s, _w, p: s.add(Phone(customer_id=p.foreign("customer").id, number="+8613800111111")),
    "a child moved to a stranger": lambda s, _w, p: _move_phone(s, p),
    "a stranger's row brought from elsewhere": lambda s, _w, p: _smuggle(s, p),
    "a stranger's row merged": lambda s, _w, p: s.merge(_copy(p.foreign("loan"), id=p.foreign("loan").id, purpose="changed")),
    "a stranger's row deleted": lambda s, _w, p: s.delete(_attached(s, p)),
}  # fmt: skip


@pytest.mark.parametrize("write", FOREIGN_WRITES)
@pytest.mark.parametrize("name", ["o1", "branch_leaf", "client", "two_grants"])
def test_the_guard_alone_stops_every_write_beyond_the_scope(world: World, name: str, write: str) -> None:
    person = Person(world, name)
    if write == "a row given away" and name == "two_grants":
        person = Person(world, "o1")
    with only_orm(person) as session:
        try:
            FOREIGN_WRITES[write](session, world, person)
            session.flush()
        except (OutOfScope, ReadOnlyScope):
            return
    pytest.fail(f"{write} went through")


def test_rows_are_added_one_by_one_where_they_are_checked(world: World) -> None:
    from sqlalchemy import insert

    person = Person(world, "o1")
    with scoped_as(person.id) as session:
        with pytest.raises(ScopeError):
            session.execute(
                insert(Phone).values(customer_id=person.foreign("customer").id, number="+8613800222222")
            )
        for call in (
            lambda: session.bulk_save_objects([Phone(customer_id=1, number="1")]),
            lambda: session.bulk_insert_mappings(Phone, [{"customer_id": 1, "number": "1"}]),
            lambda: session.bulk_update_mappings(Phone, [{"id": 1, "number": "1"}]),
        ):
            with pytest.raises(ScopeError):
                call()
