"""Field history: every change of every field, by whatever way, with who, from where and why."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import delete, select, text, update

from app.access.users import create_user
from app.core import db, housekeeping, registry
from app.core.db import scoped_as, unscoped
from app.core.history_triggers import history_columns
from app.core.org import Branch, GrantKind, History, User
from app.models import Client, Customer, CustomerLink, Loan, Phone


@pytest.fixture(scope="module")
def people(database: Any) -> dict[str, int]:
    """A client, and a person who sees all."""
    user = create_user("historian", "pw", "Administrator", grants=[{"kind": GrantKind.ALL}])
    with unscoped("data of a test") as session:
        client = Client(
            code="b", name="Bank", currency="CNY", country="CN", zone="Asia/Shanghai", language="en"
        )
        session.add(client)
        session.flush()
        return {"user": user, "client": client.id}


@pytest.fixture
def house(people: dict[str, int]) -> dict[str, int]:
    """The same with a customer of the test's own, who has a telephone."""
    with unscoped("a customer of a test") as session:
        customer = Customer(client_id=people["client"], name="Wang")
        session.add(customer)
        session.flush()
        session.add(Phone(customer_id=customer.id, number="+8613800138000"))
        return people | {"customer": customer.id}


def kept(entity: str, row_id: int) -> list[History]:
    """What is kept about a row, oldest first."""
    with unscoped("read history") as session:
        found = session.scalars(
            select(History).where(History.entity == entity, History.row_id == row_id).order_by(History.id)
        ).all()
        session.expunge_all()
        return list(found)


def last(entity: str, row_id: int) -> History:
    return kept(entity, row_id)[-1]


def test_a_change_says_who_from_where_why_and_what_it_was(house: dict[str, int]) -> None:
    source, reason = db.source.set("import"), db.change_reason.set("file of 25 June")
    try:
        with scoped_as(house["user"]) as session:
            customer = session.get_one(Customer, house["customer"])
            customer.name, customer.is_vulnerable, customer.born_on = (
                "Wang Fang",
                True,
                datetime(1970, 11, 12, tzinfo=UTC).date(),
            )
            session.commit()
    finally:
        db.source.reset(source)
        db.change_reason.reset(reason)
    entry = last("customer", house["customer"])
    assert (entry.action, entry.user_id, entry.source, entry.reason) == (
        "change",
        house["user"],
        "import",
        "file of 25 June",
    )
    assert entry.changes == {
        "name": ["Wang", "Wang Fang"], "is_vulnerable": [False, True], "born_on": [None, "1970-11-12"],
    }  # fmt: skip
    assert abs((datetime.now(UTC) - entry.at).total_seconds()) < 60


def test_a_value_that_is_emptied_is_kept_and_what_stays_is_not(house: dict[str, int]) -> None:
    with unscoped("fill a field") as session:
        session.get_one(Customer, house["customer"]).born_on = datetime(1970, 11, 12, tzinfo=UTC).date()
    with unscoped("empty a field") as session:
        session.get_one(Customer, house["customer"]).born_on = None
    assert last("customer", house["customer"]).changes == {"born_on": ["1970-11-12", None]}
    before = len(kept("customer", house["customer"]))
    with unscoped("change nothing") as session:
        session.execute(update(Customer).values(name=Customer.name))
    assert len(kept("customer", house["customer"])) == before


def test_many_rows_changed_by_one_statement_are_kept_one_by_one(house: dict[str, int]) -> None:
    with unscoped("many phones") as session:
        session.add_all(
            Phone(customer_id=house["customer"], number=f"+86138000000{n:02d}") for n in range(20)
        )
    with unscoped("one statement") as session:
        his = Phone.customer_id == house["customer"]
        ids = session.scalars(update(Phone).where(his).values(holder="mother").returning(Phone.id)).all()
    assert len(ids) == 21
    assert all(last("phone", one).changes == {"holder": [None, "mother"]} for one in ids)
    with unscoped("plain SQL") as session:
        session.execute(
            text("UPDATE phone SET is_primary = false, holder = 'father' WHERE id = ANY(:ids)"),
            {"ids": ids[:3]},
        )
    assert [last("phone", one).changes for one in ids[:4]] == [{"holder": ["mother", "father"]}] * 3 + [
        {"holder": [None, "mother"]}
    ]


def test_a_row_that_is_gone_leaves_all_it_was_also_those_that_went_with_it(house: dict[str, int]) -> None:
    with unscoped("somebody to delete") as session:
        gone = Customer(client_id=house["client"], name="Zhao", remark="moved away")
        session.add(gone)
        session.flush()
        link = CustomerLink(customer_id=gone.id, kind="relative", name="Mother")
        session.add(link)
        session.flush()
        ids = (gone.id, link.id)
    with unscoped("delete him") as session:
        session.execute(delete(Customer).where(Customer.id == ids[0]))
    entry = last("customer", ids[0])
    assert entry.action == "delete"
    assert (entry.changes["name"], entry.changes["remark"]) == (["Zhao", None], ["moved away", None])
    assert (last("customer_link", ids[1]).action, last("customer_link", ids[1]).changes["name"]) == (
        "delete",
        ["Mother", None],
    )


def test_numbers_of_scope_and_secrets_are_never_kept(house: dict[str, int]) -> None:
    with unscoped("a branch") as session:
        branch = Branch(name="North")
        session.add(branch)
        session.flush()
        session.get_one(Customer, house["customer"]).branch_id = branch.id
        branch_id = branch.id
    assert last("customer", house["customer"]).changes == {"branch_id": [None, branch_id]}
    with unscoped("a password") as session:
        session.get_one(User, house["user"]).password = "another"
        session.execute(update(User).where(User.id == house["user"]).values(session_stamp=b"x" * 16))
    assert all(
        "password" not in entry.changes and "session_stamp" not in entry.changes
        for entry in kept("user", house["user"])
    )
    for cls in registry.entities():
        names = history_columns(cls)
        secret = {c.name for c in cls.__table__.columns if c.info.get("kind") in ("scope_key", "bytes")} | {
            "password"
        }
        assert not secret & set(names), cls.slug()


def test_every_entity_with_a_history_has_all_three_triggers_and_others_those_of_what_they_tell(
    database: Any,
) -> None:
    with psycopg.connect(database.superuser_url) as connection:
        found = connection.execute(
            "SELECT relname, tgname FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE tgname LIKE 'history_%'"
        ).fetchall()
    wanted = {
        (cls.__table__.name, f"history_{verb}")
        for cls in registry.entities()
        if cls.__history__
        for verb in ("ins", "upd", "del")
    }
    told = {
        (cls.__table__.name, f"history_{verb}")
        for cls in registry.entities()
        if not cls.__history__ and cls.__told__ is not None
        for verb in ("ins", *(("upd",) if cls.__told__ else ()))
    }
    assert told
    assert set(found) == wanted | told


@pytest.mark.parametrize("kind", ["all", "own", "branch", "client", "multi", "region", "none", "login"])
def test_nobody_of_the_application_rewrites_history(database: Any, kind: str) -> None:
    with psycopg.connect(database.app_url) as connection:
        for statement in (
            "UPDATE audit_event SET kind = 'login'", "DELETE FROM audit_event", "TRUNCATE audit_event", "TRUNCATE audit_seal",
            "UPDATE audit_seal SET head = ''", "DELETE FROM audit_seal", "DELETE FROM history_default",
            "INSERT INTO audit_event (kind, written_in) VALUES ('login', 1)",
            "UPDATE history SET changes = '{}'", "DELETE FROM history", "TRUNCATE history", "DROP TABLE history",
            "INSERT INTO history (entity, row_id, action, source, changes) VALUES ('loan', 1, 'change', 'x', '{}')",
            "ALTER TABLE customer DISABLE TRIGGER ALL", "DROP TRIGGER history_upd ON customer", "SET session_replication_role = replica",
        ):  # fmt: skip
            connection.execute("SELECT set_config('role', scope_prefix() || '_s_' || %s, true)", (kind,))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.rollback()


def test_history_follows_the_scope_its_row_has_now(house: dict[str, int]) -> None:
    manager = create_user("manager of one", "pw", "Administrator", grants=[{"kind": GrantKind.OWN}])
    with scoped_as(manager) as session:
        assert session.scalars(select(History).where(History.entity == "customer")).all() == []
    with unscoped("give him the customer") as session:
        session.get_one(Customer, house["customer"]).manager_id = manager
    with scoped_as(manager) as session:
        seen = session.scalars(select(History).where(History.entity.in_(["customer", "phone"]))).all()
        assert {entry.row_id for entry in seen if entry.entity == "customer"} == {house["customer"]}
        assert {entry.entity for entry in seen} == {"customer", "phone"}
    with unscoped("take him away") as session:
        session.get_one(Customer, house["customer"]).manager_id = None
    with scoped_as(manager) as session:
        assert session.scalars(select(History).where(History.entity == "customer")).all() == []


def months(connection: Any) -> set[str]:
    """The partitions that there are."""
    query = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'history'::regclass"
    return {row[0] for row in connection.execute(query)}


def test_there_is_a_partition_for_this_month_and_the_next_ones_and_one_for_the_rest(database: Any) -> None:
    with psycopg.connect(database.superuser_url) as connection:
        wanted = connection.execute(
            "SELECT 'history_' || to_char(now() AT TIME ZONE 'UTC' + make_interval(months => n), 'YYYY_MM')"
            " FROM generate_series(0, 3) n"
        ).fetchall()
        assert months(connection) == {row[0] for row in wanted} | {"history_default"}
        assert connection.execute("SELECT count(*) FROM history_default").fetchone() == (0,)


def test_a_month_that_was_not_made_stops_no_write_and_housekeeping_makes_it(
    database: Any, house: dict[str, int]
) -> None:
    with psycopg.connect(database.superuser_url) as connection:
        before = months(connection)
        this = connection.execute("SELECT 'history_' || to_char(now(), 'YYYY_MM')").fetchone()[0]
        connection.execute(f"CREATE TEMP TABLE aside AS SELECT * FROM {this}")
        connection.execute(f"DROP TABLE {this}")
        connection.execute("INSERT INTO history_default SELECT * FROM aside")
    with unscoped("a change in a month that was not made") as session:
        session.get_one(Customer, house["customer"]).name = "Wang Li"
    kept_before = [entry.id for entry in kept("customer", house["customer"])]
    assert len(kept_before) == 2
    assert housekeeping.run_months().rows == 1
    with psycopg.connect(database.superuser_url) as connection:
        assert months(connection) == before
        assert connection.execute("SELECT count(*) FROM history_default").fetchone() == (0,)
    with unscoped("a change in the month that was made") as session:
        session.get_one(Customer, house["customer"]).name = "Wang Fang"
    assert [entry.id for entry in kept("customer", house["customer"])][:-1] == kept_before


def test_what_rules_keep_of_a_loan_is_in_its_history_too(house: dict[str, int]) -> None:
    assert {"principal_outstanding", "overdue_since", "status"} <= set(history_columns(Loan))
