"""The database of the embedded server and its two logins; and what the application's login must not be.

psycopg is imported where it is used: the web part is under way before the supervisor takes that time.
"""

import re

from app.launch import postgres
from app.launch.errors import LaunchError
from app.launch.paths import DataDir

OLDEST_SERVER = 160000
RIGHTS = """
SELECT current_setting('server_version_num')::int AS version,
    EXISTS (SELECT FROM pg_roles r WHERE r.rolsuper AND pg_has_role(r.oid, 'MEMBER')) AS is_superuser,
    EXISTS (SELECT FROM pg_roles r WHERE r.rolbypassrls AND pg_has_role(r.oid, 'MEMBER')) AS bypasses,
    EXISTS (SELECT FROM pg_database d WHERE d.datname = current_database() AND pg_has_role(d.datdba, 'MEMBER')
        UNION ALL SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE
            c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            AND pg_has_role(c.relowner, 'MEMBER')) AS owns
"""

TRUSTED = ("jsonb_object_field_text(jsonb, text)", "lower(text)", "textlike(text, text)", "texticlike(text, text)")  # fmt: skip
"""PostgreSQL's own `->>`, `lower`, `LIKE` and `ILIKE`, which may be asked before a policy (docs/adr/0001-scope-in-three-layers.md)."""


def libpq(url: str) -> str:
    """A database URL as psycopg itself takes it.

    >>> libpq("postgresql+psycopg://app@db/loandesk")
    'postgresql://app@db/loandesk'
    """
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)


def make_logins(data: DataDir) -> None:
    """Make the two logins of the embedded server: the owner may make roles, the other inherits nothing."""
    import psycopg
    from psycopg import sql

    keys = data.keys()
    with psycopg.connect(data.database_url(postgres.SUPERUSER, "postgres"), autocommit=True) as connection:
        for login, rights in ((postgres.OWNER, "CREATEROLE"), (postgres.APP, "NOINHERIT")):
            make = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS {} PASSWORD {}")
            if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (login,)).rowcount:
                connection.execute(
                    make.format(sql.Identifier(login), sql.SQL(rights), sql.Literal(keys[login]))
                )
        connection.execute(
            sql.SQL("GRANT {} TO {} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE").format(
                sql.Identifier(postgres.APP), sql.Identifier(postgres.OWNER)
            )
        )


def make_database(data: DataDir, name: str, template: str = "template1") -> None:
    """Make a database that belongs to the owner's login; nobody else may enter but the application."""
    import psycopg
    from psycopg import sql

    database, owner, app = sql.Identifier(name), sql.Identifier(postgres.OWNER), sql.Identifier(postgres.APP)
    with psycopg.connect(data.database_url(postgres.SUPERUSER, "postgres"), autocommit=True) as connection:
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).rowcount:
            _trust(data, name)
            return
        create = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY")
        connection.execute(create.format(database, owner, sql.Identifier(template)))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, app))
        # jobs stage rows in temporary tables under the role of their scope, which is not the login
        connection.execute(sql.SQL("GRANT TEMPORARY ON DATABASE {} TO PUBLIC").format(database))
    _trust(data, name)


def _trust(data: DataDir, name: str) -> None:
    """Let searches and indexes of custom fields serve people of a narrow scope as they serve those who see everything."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(data.database_url(postgres.SUPERUSER, name), autocommit=True) as connection:
        for function in TRUSTED:
            connection.execute(sql.SQL("ALTER FUNCTION pg_catalog.{} LEAKPROOF").format(sql.SQL(function)))


def drop_database(data: DataDir, name: str) -> None:
    """Drop a database with whoever is still connected to it."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(data.database_url(postgres.SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def faults(app_url: str) -> list[str]:
    """Why the application must not run under a login; [] when row security holds it.

    Raises:
        psycopg.OperationalError: the server does not let it in.
    """
    import psycopg

    with psycopg.connect(libpq(app_url), connect_timeout=10) as connection:
        version, is_superuser, bypasses, owns = connection.execute(RIGHTS).fetchone() or (0, True, True, True)
    if version < OLDEST_SERVER:
        return [f"the server is PostgreSQL {version // 10000}, and 16 is the oldest that will do"]
    reasons = {
        "it is a superuser": is_superuser,
        "it has BYPASSRLS": bypasses,
        "it owns the database or a table": owns,
    }
    return [reason for reason, holds in reasons.items() if holds]


def refuse_unsafe(app_url: str) -> None:
    """Refuse to start under a login that would see every row whatever the policies say.

    Raises:
        LaunchError: with the reasons, or when the server cannot be reached.
    """
    import psycopg

    try:
        found = faults(app_url)
    except psycopg.OperationalError as error:
        raise LaunchError(f"DATABASE_URL: the server does not let the application in: {error}") from error
    if found:
        raise LaunchError(
            f"DATABASE_URL names a login the application must not have: {', and '.join(found)}. Row security "
            "would not hold it: every user would see every row. Give DATABASE_URL a login that owns nothing "
            "(CREATE ROLE … LOGIN NOINHERIT), and the owner's login to DATABASE_ADMIN_URL."
        )
