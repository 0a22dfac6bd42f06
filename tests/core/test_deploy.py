"""Deploying: once, again, back and forth; and knowing whether a database is what the code declares."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from alembic import command
from psycopg import sql

from app.core import deploy, registry, seal_ddl, seals, security_ddl
from app.core.db import unscoped
from app.core.errors import RuleError
from app.core.policy import KINDS, role
from app.core.scope import Scope
from app.core.seal_check import check
from app.core.settings import SETTINGS
from app.launch import logins, postgres
from tests.conftest import Database

NAME = "test_deployed"


@pytest.fixture(scope="module")
def fresh(servers: Any) -> Iterator[Database]:
    """An empty database with roles of its own, deployed once; both are gone afterwards."""
    logins.drop_database(servers.data, NAME)
    logins.make_database(servers.data, NAME)
    made = Database(servers, NAME)
    deploy.deploy(made.admin_url, made.app_url)
    yield made
    logins.drop_database(servers.data, NAME)
    with psycopg.connect(
        servers.data.database_url(postgres.SUPERUSER, "postgres"), autocommit=True
    ) as connection:
        for kind in KINDS:
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role(NAME, kind))))


SEEN = {
    "policies": "SELECT tablename, policyname, roles::text, cmd, qual, with_check FROM pg_policies",
    "rights": "SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants",
    "columns": "SELECT table_name, column_name, grantee, privilege_type FROM information_schema.column_privileges",
    "members": "SELECT roleid::regrole::text, member::regrole::text, inherit_option, set_option FROM pg_auth_members",
    "triggers": "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT proname, prosrc, prosecdef, proconfig::text, proacl::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "tables": "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns WHERE table_schema = 'public'",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "permissions": "SELECT p.name, v.name, x.id FROM ab_permission_view x"
    " JOIN ab_permission p ON p.id = permission_id JOIN ab_view_menu v ON v.id = view_menu_id",
    "roles": "SELECT role_id, permission_view_id FROM ab_permission_view_role",
    "state": "SELECT state FROM deployment",
}


def picture(database: Database) -> dict[str, list[str]]:
    """Everything that a deployment makes, as the server tells it."""
    with psycopg.connect(database.superuser_url) as connection:
        return {what: sorted(map(str, connection.execute(query))) for what, query in SEEN.items()}


def test_a_second_deployment_changes_nothing(fresh: Database) -> None:
    before = picture(fresh)
    assert deploy.is_current(fresh.app_url)
    deploy.deploy(fresh.admin_url, fresh.app_url)
    after = picture(fresh)
    assert {what for what in SEEN if before[what] != after[what]} == set()


def test_the_migrations_lead_exactly_to_what_is_declared(fresh: Database) -> None:
    """What `alembic check` says: no table, column, index or constraint is missing or left over."""
    command.check(deploy.alembic_config(fresh.admin_url))
    assert deploy.is_current(fresh.app_url)


def test_a_changed_declaration_makes_a_deployment_out_of_date(fresh: Database, monkeypatch: Any) -> None:
    assert deploy.is_current(fresh.app_url)
    with monkeypatch.context() as changed:
        changed.setattr(registry.entity("loan"), "__scope__", Scope(officer="officer_id", opens="customer"))
        assert not deploy.is_current(fresh.app_url)
    with monkeypatch.context() as changed:
        changed.setattr(registry.entity("loan"), "__history__", value=False)
        assert not deploy.is_current(fresh.app_url)
    with monkeypatch.context() as changed:
        changed.setattr(security_ddl, "_USER_COLUMNS_HIDDEN", {"password"})
        assert not deploy.is_current(fresh.app_url)
    assert deploy.is_current(fresh.app_url)


def test_a_policy_that_somebody_changed_by_hand_is_put_right(fresh: Database) -> None:
    before = picture(fresh)
    with psycopg.connect(fresh.superuser_url) as connection:
        connection.execute("DROP POLICY s_own ON loan")
        connection.execute("CREATE POLICY everyone ON loan USING (true)")
        connection.execute("GRANT SELECT ON history_default TO " + role(NAME, "own"))
        connection.execute("ALTER TABLE repayment DISABLE ROW LEVEL SECURITY")
    deploy.deploy(fresh.admin_url, fresh.app_url)
    assert picture(fresh) == before
    with psycopg.connect(fresh.superuser_url) as connection:
        off = connection.execute(
            "SELECT relname FROM pg_class WHERE relname = 'repayment' AND NOT relrowsecurity"
        ).fetchall()
    assert off == []


def test_every_scoped_table_is_under_row_security_and_no_shared_one_is(fresh: Database) -> None:
    with psycopg.connect(fresh.superuser_url) as connection:
        secured = {row[0] for row in connection.execute("SELECT relname FROM pg_class WHERE relrowsecurity")}
    assert secured == {cls.__table__.name for cls in registry.entities() if not cls.__scope__.is_shared}


def test_a_deployment_refuses_a_login_that_owns_the_database(fresh: Database) -> None:
    with pytest.raises(RuleError, match="owns the database"):
        deploy.deploy(fresh.admin_url, fresh.admin_url)
    assert deploy.is_current(fresh.app_url)


def test_a_database_never_deployed_is_not_current(servers: Any) -> None:
    logins.make_database(servers.data, "test_empty")
    try:
        assert not deploy.is_current(servers.data.database_url(postgres.APP, "test_empty"))
    finally:
        logins.drop_database(servers.data, "test_empty")


def test_numbers_go_on_where_a_database_came_from_a_server_that_had_counted_further(
    fresh: Database, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", fresh.app_url)
    monkeypatch.setenv("SEALS_FILE", str(tmp_path / "seals.log"))
    with unscoped("a row before the move") as session:
        session.add(registry.entity("team")(name="Before"))
    assert seals.seal() > 0
    with psycopg.connect(fresh.admin_url) as connection:
        for function in seal_ddl.numbering(-(10**6)):
            connection.execute(function)
    with pytest.raises(RuleError, match="run the command deploy"):
        seals.seal()
    assert not deploy.is_current(fresh.app_url)
    deploy.deploy(fresh.admin_url, fresh.app_url)
    assert deploy.is_current(fresh.app_url)
    with unscoped("a row after the move") as session:
        session.add(registry.entity("team")(name="After"))
    assert seals.seal() > 0
    with unscoped("verify after the move") as session:
        found = check(session)
    assert (found.faults, [one.rows for one in found.waiting]) == ([], [0, 0])


def test_every_setting_stands_on_its_screen_from_the_first_day(fresh: Database) -> None:
    with psycopg.connect(fresh.superuser_url) as connection:
        stored = dict(connection.execute("SELECT name, value FROM setting").fetchall())
    assert stored == {name: default for name, (default, *_words) in SETTINGS.items()}
