"""The table of an entity that was declared anew, made as its migration would make it."""

import hashlib
from pathlib import Path
from typing import Any

from alembic import command
from alembic.operations import Operations
from sqlalchemy import NullPool, create_engine

from app.core.db import sqlalchemy_url
from app.core.deploy import alembic_config, deploy
from app.launch import logins, postgres
from tests import conftest
from tests.kept import forget
from tests.platform import lorry


def template(servers: Any) -> str:
    """The name of a deployed database that has the entity's table besides the others."""
    usual = f"kept_{conftest._state()}"
    name = f"{usual}_{hashlib.sha256(Path(lorry.__file__).read_bytes()).hexdigest()[:6]}"
    with conftest.kept_databases(servers) as (connection, found):
        if f"{name}_ready" not in found:
            logins.drop_database(servers.data, name)
            before = f"{usual}_ready" if f"{usual}_ready" in found else "template1"
            logins.make_database(servers.data, name, before)
            owner, app = (servers.data.database_url(login, name) for login in (postgres.OWNER, postgres.APP))
            assert _migrated(owner) == ["lorry"], "the class makes its table and touches no other"
            deploy(owner, app)
            forget(app)
            connection.execute(f'ALTER DATABASE "{name}" RENAME TO "{name}_ready"')
    return f"{name}_ready"


def _migrated(owner_url: str) -> list[str]:
    """Carry out what `run.py migration` would write down, instead of writing it; the tables that it is about."""
    found: list[str] = []

    def carry_out(context: Any, _revision: Any, written: list[Any]) -> None:
        for step in written[0].upgrade_ops.ops:
            found.append(step.table_name)
            for each in getattr(step, "ops", [step]):
                Operations(context).invoke(each)
        written.clear()

    with create_engine(sqlalchemy_url(owner_url), poolclass=NullPool).connect() as connection:
        config = alembic_config(owner_url)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        command.revision(config, autogenerate=True, process_revision_directives=carry_out)
        connection.commit()
    return sorted(set(found))
