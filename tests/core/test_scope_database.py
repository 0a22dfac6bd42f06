"""Row security by itself: the database's roles, policies and rights, without any of our Python in between."""

from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, func, select, text, update

from app.core import registry
from app.core.db import ScopedSession, scoped_as, sqlalchemy_url, unscoped
from app.core.deploy import check_login
from app.core.errors import RuleError
from app.models import Loan, Repayment
from tests.core.scoped import WRITING, Person, only_database, writable
from tests.kept import filled
from tests.walk.world import PEOPLE, World, make_world


@pytest.fixture(scope="module")
def world(database: Any) -> World:
    return filled(database, make_world)


@pytest.mark.parametrize("name", [person.name for person in PEOPLE if person.name != "all"])
def test_the_database_alone_shows_and_changes_only_rows_in_scope(
    world: World, database: Any, name: str
) -> None:
    person = Person(world, name)
    with only_database(database, person) as connection:
        assert {row[0] for row in connection.execute("SELECT id FROM loan")} == person.ids("loan")
        assert {row[0] for row in connection.execute("SELECT id FROM repayment")} == person.ids("repayment")
        for statement in (
            "UPDATE loan SET purpose = 'x' RETURNING id",
            "DELETE FROM contact_note RETURNING customer_id",
        ):
            assert touched(connection, statement) <= person.ids("loan" if "loan" in statement else "customer")


def touched(connection: Any, statement: str) -> set[int]:
    """Ids that a statement changes; none where the role has no such right."""
    try:
        with connection.transaction():
            return {row[0] for row in connection.execute(statement)}
    except psycopg.errors.InsufficientPrivilege:
        return set()


@pytest.mark.parametrize("name", WRITING)
def test_the_database_alone_lets_no_row_be_added_or_given_away_beyond_the_scope(
    world: World, database: Any, name: str
) -> None:
    person = Person(world, name)
    with only_database(database, person) as connection:
        assert touched(connection, "UPDATE loan SET purpose = 'x' RETURNING id") == writable(world, person)
        stranger = person.foreign("loan")
        given = f"officer_id = {stranger.officer_id}, branch_id = {stranger.branch_id}, client_id = {stranger.client_id}"
        for statement in (
            f"INSERT INTO phone (customer_id, number) VALUES ({person.foreign('customer').id}, '+8613800333333')",
            f"INSERT INTO customer (client_id, name, manager_id) VALUES ({stranger.client_id}, 'x', {stranger.officer_id})",
            f"UPDATE loan SET {given} WHERE id = {min(writable(world, person), default=0)}",
        ):
            if "UPDATE" in statement and not writable(world, person):
                assert touched(connection, statement + " RETURNING id") == set()
                continue
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement)


def test_the_login_by_itself_may_do_nothing(world: World, database: Any) -> None:
    tables = [cls.__table__.name for cls in registry.entities()]
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        for table in tables:
            for statement in (f"SELECT 1 FROM {table}", f"DELETE FROM {table}", f"TRUNCATE {table}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")


def test_the_role_of_logins_reads_no_business_and_writes_only_counters(world: World, database: Any) -> None:
    with psycopg.connect(database.app_url) as connection:
        connection.execute("SELECT set_config('role', scope_prefix() || '_s_login', false)")
        connection.commit()
        for statement in (
            "SELECT 1 FROM customer", "SELECT 1 FROM history", "DELETE FROM setting", "UPDATE ab_user SET role_id = 1", "UPDATE ab_user SET password = ''",
            "UPDATE ab_user SET active = true", "INSERT INTO ab_role (name) VALUES ('x')", "DELETE FROM ab_user", "SELECT 1 FROM data_grant",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.rollback()
            connection.execute("SELECT set_config('role', scope_prefix() || '_s_login', false)")


@pytest.mark.parametrize("kind", ["own", "branch", "region", "none", "multi", "all"])
def test_no_role_can_reach_past_a_partitioned_table(world: World, database: Any, kind: str) -> None:
    with psycopg.connect(database.superuser_url) as connection:
        found = connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'history'::regclass"
        )
        partitions = [row[0] for row in found]
    assert len(partitions) > 2
    with psycopg.connect(database.app_url) as connection:
        for partition in partitions:
            connection.execute("SELECT set_config('role', scope_prefix() || '_s_' || %s, true)", (kind,))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT 1 FROM {partition}")
            connection.rollback()


def test_nobodys_role_reads_passwords_or_stamps_but_the_house_and_the_login(
    world: World, database: Any
) -> None:
    with psycopg.connect(database.app_url) as connection:
        for kind in ("own", "branch", "region", "none", "multi", "client", "team"):
            for column in ("password", "session_stamp", "*"):
                connection.execute("SELECT set_config('role', scope_prefix() || '_s_' || %s, true)", (kind,))
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"SELECT {column} FROM ab_user")
                connection.rollback()


def test_nothing_of_a_scope_is_left_on_the_connection_for_the_next(world: World, database: Any) -> None:
    only = create_engine(sqlalchemy_url(database.app_url), pool_size=1, max_overflow=0)
    person = Person(world, "o1")
    with ScopedSession(only, info={"scope": lambda: ("user", person.id)}) as session:
        assert set(session.scalars(select(Loan.id))) == person.ids("loan")
        process = session.scalar(select(func.pg_backend_pid()))
        session.commit()
    with only.connect() as connection:
        asked = "SELECT pg_backend_pid(), session_user = current_user, coalesce(current_setting('app.user_id', true), '')"
        assert connection.execute(text(asked)).one() == (process, True, "")
    only.dispose()


def test_a_changed_grant_counts_from_the_next_transaction(world: World) -> None:
    person = Person(world, "o1")
    grant = registry.entity("data_grant")
    with scoped_as(person.id) as session:
        assert set(session.scalars(select(Loan.id))) == person.ids("loan")
        with unscoped("take the grant") as house:
            kept = [
                (one.kind, one.id) for one in house.scalars(select(grant).where(grant.user_id == person.id))
            ]
            house.execute(
                update(grant).where(grant.user_id == person.id).values(user_id=world.users["nobody"])
            )
        session.rollback()
        assert set(session.scalars(select(Loan.id))) == set()
        with unscoped("give it back") as house:
            house.execute(
                update(grant).where(grant.id.in_([one for _kind, one in kept])).values(user_id=person.id)
            )
        session.rollback()
        assert set(session.scalars(select(Loan.id))) == person.ids("loan")


@pytest.mark.parametrize("which", ["superuser_url", "admin_url"])
def test_a_login_that_row_security_does_not_hold_is_refused(world: World, database: Any, which: str) -> None:
    with pytest.raises(RuleError, match=r"row security would not hold"):
        check_login(getattr(database, which))
    check_login(database.app_url)


def test_leaving_the_scope_needs_a_reason(world: World) -> None:
    with pytest.raises(ValueError, match="reason"), unscoped(""):
        pass
    with unscoped("see all repayments") as session:
        assert len(session.scalars(select(Repayment.id)).all()) == len(world.rows["repayment"])


@pytest.mark.parametrize("condition", ["lower(name) LIKE '%x%'", "name ILIKE '%x%'"])
def test_a_search_is_asked_of_a_row_before_its_policy(world: World, database: Any, condition: str) -> None:
    with only_database(database, Person(world, "o1")) as connection:
        connection.execute("SET LOCAL enable_indexscan = off")
        plan = connection.execute(f"EXPLAIN SELECT id FROM customer WHERE {condition}").fetchall()
    [searched] = [line for (line,) in plan if "'%x%'" in line]
    assert searched.index("'%x%'") < searched.index("SubPlan")
