"""The ORM's criteria by themselves: under a database role that sees everything, each query stays in scope."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import exists, func, literal_column, select, text, union
from sqlalchemy.orm import Session, aliased, joinedload, selectinload, subqueryload

from app.core import registry
from app.core.db import scoped_as, unscoped
from app.core.errors import ScopeError
from app.models import Customer, Loan
from tests.core.scoped import Person, only_orm
from tests.kept import filled
from tests.walk.world import World, make_world


@pytest.fixture(scope="module")
def world(database: Any) -> World:
    return filled(database, make_world)


def _alias(session: Session) -> Any:
    other = aliased(Loan)
    return session.scalars(select(other.id))


def _joined(session: Session) -> Any:
    phones = session.scalars(select(Customer).options(joinedload(Customer.manager))).unique()
    return [
        loan for one in phones for loan in session.scalars(select(Loan.id).where(Loan.customer_id == one.id))
    ]


WAYS: dict[str, Callable[[Session], Any]] = {
    "entity": lambda s: [loan.id for loan in s.scalars(select(Loan))],
    "column": lambda s: s.scalars(select(Loan.id)),
    "query": lambda s: [loan.id for loan in s.query(Loan)],
    "with_entities": lambda s: [row[0] for row in s.query(Loan).with_entities(Loan.id)],
    "alias": _alias,
    "subquery": lambda s: s.scalars(select(select(Loan.id).subquery().c.id)),
    "alias of a subquery": lambda s: s.scalars(select(aliased(Loan, select(Loan).subquery()).id)),
    "cte": lambda s: s.scalars(select(select(Loan.id).cte("l").c.id)),
    "union": lambda s: s.scalars(union(select(Loan.id), select(Loan.id).where(Loan.principal > 0))),
    "in subquery": lambda s: s.scalars(select(Loan.id).where(Loan.id.in_(select(Loan.id)))),
    "exists": lambda s: s.scalars(select(Loan.id).where(exists().where(Customer.id == Loan.customer_id))),
    "join": lambda s: s.scalars(select(Loan.id).join(Customer, Customer.id == Loan.customer_id)),
    "from_statement": lambda s: [row.id for row in s.scalars(select(Loan).from_statement(select(Loan)))],
    "get": lambda s: [i for i in _every("loan") if s.get(Loan, i) is not None],
    "through each customer": _joined,
}  # fmt: skip


def _every(slug: str) -> list[int]:
    with unscoped("all ids of the test") as session:
        return list(session.scalars(select(registry.entity(slug).id)))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["o1", "branch_subtree", "county", "two_grants", "nobody"])
def test_the_orm_alone_shows_only_rows_in_scope_whatever_the_query(world: World, name: str, way: str) -> None:
    person = Person(world, name)
    with only_orm(person) as session:
        assert set(WAYS[way](session)) == person.ids("loan")


@pytest.mark.parametrize("option", [joinedload, selectinload, subqueryload, None])
def test_the_orm_alone_never_loads_a_linked_row_out_of_scope(world: World, option: Any) -> None:
    """A customer linked to a customer whom the person does not see: joined, selected or lazily loaded."""
    person = Person(world, "o1")
    own, foreign = next(iter(person.ids("customer"))), person.foreign("customer")
    link = registry.entity("customer_link")
    with unscoped("a link across scopes") as session:
        row = link(customer_id=own, kind="relative", name="across", linked_id=foreign.id)
        session.add(row)
        session.flush()
        row_id = row.id
    with only_orm(person) as session:
        options = [option(link.linked)] if option else []
        found = session.scalars(select(link).where(link.id == row_id).options(*options)).unique().one()
        assert found.linked_id == foreign.id
        assert found.linked is None
    with unscoped("take it away") as session:
        session.delete(session.get_one(link, row_id))


@pytest.mark.parametrize(
    "statement",
    [
        lambda: text("SELECT id FROM loan"), lambda: select(Loan.__table__), lambda: select(Loan.__table__.c.id),
        lambda: select(func.count()).select_from(Loan.__table__),
        lambda: select(literal_column("1")).select_from(Loan.__table__),
        lambda: select(registry.entity("branch").__table__.c.id).where(exists().where(Loan.__table__.c.id > 0)),
        lambda: select(select(Loan.__table__.c.id).subquery()), lambda: Loan.__table__.delete(),
        lambda: Loan.__table__.update().values(purpose="x"), lambda: Loan.__table__.insert().values(number="x"),
        lambda: text("UPDATE loan SET purpose = 'x'"), lambda: union(select(Loan.__table__.c.id), select(Customer.__table__.c.id)),
    ],
)  # fmt: skip
def test_statements_without_the_entity_are_refused_in_a_scoped_session(world: World, statement: Any) -> None:
    with scoped_as(Person(world, "o1").id) as session, pytest.raises(ScopeError):
        session.execute(statement())


def test_counting_without_naming_a_column_stays_in_scope(world: World) -> None:
    """`select_from(Loan)` with nothing of Loan selected: the criteria must not get lost."""
    person = Person(world, "o1")
    with only_orm(person) as session:
        assert session.scalar(select(func.count()).select_from(Loan)) == len(person.ids("loan"))
        assert len(session.execute(select(literal_column("1")).select_from(Loan)).all()) == len(
            person.ids("loan")
        )
        assert session.query(Loan).count() == len(person.ids("loan"))
