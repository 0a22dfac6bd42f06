"""Bring a database to the state this code needs: tables, then roles, policies and triggers, then permissions."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.engine import make_url

from app.core import custom_sql, security_ddl
from app.core.db import sqlalchemy_url
from app.core.errors import RuleError
from app.core.locks import Lock

ROOT = Path(__file__).resolve().parents[2]


def alembic_config(url: str) -> Config:
    """Alembic's settings without a file."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = sqlalchemy_url(url)
    return config


def wanted_state() -> str:
    """Migration head and fingerprint of the declarations, as stored after a deployment."""
    import app.models  # noqa: F401  all declarations

    heads = ScriptDirectory.from_config(alembic_config("")).get_heads()
    return f"{','.join(sorted(heads))}/{security_ddl.fingerprint()}"


def deploy(admin_url: str, app_url: str) -> None:
    """Migrate as owner, then make the database enforce what the code declares, then create permissions."""
    app_login = make_url(sqlalchemy_url(app_url)).username or ""
    with _once(admin_url) as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": Lock.DEPLOY})
        connection.commit()
        config = alembic_config(admin_url)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        _synchronise(connection, app_login)
        connection.commit()
        check_login(app_url)
        _permissions(app_url)
        connection.execute(text("DELETE FROM deployment"))
        connection.execute(text("INSERT INTO deployment (state) VALUES (:state)"), {"state": wanted_state()})
        connection.commit()
        custom_sql.bring_in_line_as_owner(connection)


def _once(url: str) -> Connection:
    """A connection that no pool keeps when its block ends, however it ends."""
    return create_engine(sqlalchemy_url(url), poolclass=NullPool).connect()


def _synchronise(connection: Connection, app_login: str) -> None:
    import app.models  # noqa: F401

    prefix = connection.execute(text("SELECT current_database()")).scalar_one()
    connection.execute(text("CREATE TABLE IF NOT EXISTS deployment (state text NOT NULL)"))
    connection.execute(text(f'GRANT SELECT ON deployment TO "{app_login}"'))
    for statement in security_ddl.statements(connection, prefix, app_login):
        connection.exec_driver_sql(statement)


def _permissions(app_url: str) -> None:
    """Create Flask-AppBuilder's permissions, the standard roles and the settings, once, outside of the web workers."""
    import os

    from app.access.roles import create_roles
    from app.core import settings
    from app.core.db import unscoped

    os.environ["DATABASE_URL"] = app_url
    create_roles()
    with unscoped("settings of a new release") as session:
        settings.store_missing(session)


def is_current(app_url: str) -> bool:
    """Whether the last deployment to this database was made by this code."""
    with _once(app_url) as connection:
        found = connection.execute(text("SELECT to_regclass('deployment')")).scalar()
        return (
            bool(found)
            and connection.execute(text("SELECT state FROM deployment")).scalar() == wanted_state()
            and _counts_on(connection)
        )


def _counts_on(connection: Connection) -> bool:
    """Whether this server's transactions come after those that were sealed: not where it was restored by hand."""
    connection.execute(text("SELECT set_config('role', scope_prefix() || '_s_all', true)"))
    query = "SELECT seal_horizon() > coalesce(max(last_in), 0) FROM audit_seal"
    return bool(connection.execute(text(query)).scalar())


_RIGHTS = text("""
    SELECT r.rolsuper, r.rolbypassrls, d.datdba = r.oid AS owns, current_setting('server_version_num')::int AS version
    FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()""")


def check_login(app_url: str) -> None:
    """Refuse a login that row security would not hold: superuser, BYPASSRLS, owner; or an old server."""
    with _once(app_url) as connection:
        rights = connection.execute(_RIGHTS).one()
    wrong = [
        reason
        for is_wrong, reason in [
            (rights.rolsuper, "is a superuser"),
            (rights.rolbypassrls, "has BYPASSRLS"),
            (rights.owns, "owns the database"),
        ]
        if is_wrong
    ]
    if wrong:
        raise RuleError(
            f"DATABASE_URL's login {' and '.join(wrong)}; row security would not hold. Use another login."
        )
    if rights.version < 160000:
        raise RuleError("PostgreSQL 16 or newer is needed")


def make_migration(message: str, admin_url: str) -> Any:
    """Write a migration for what the declarations have that the migrations before it do not make.

    A database that is empty or behind gets those first: Alembic compares only with one that is at their end.
    """
    config = alembic_config(admin_url)
    with _once(admin_url) as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": Lock.DEPLOY})
        connection.commit()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        return command.revision(config, message=message, autogenerate=True)
