"""Alembic's entry: tables come from the declared entities; roles, policies and triggers do not live here."""

import re

from alembic import context
from flask_appbuilder import Model
from sqlalchemy import NullPool, create_engine, text

import app.models  # noqa: F401  all declarations
from app.core.cents import WholeCents
from app.core.types import ChoiceText

PARTITION = re.compile(r"_(\d{4}_\d{2}|default)$")
OURS_OUTSIDE = {"deployment"}


def include(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """Leave out partitions and the table of the deployment itself."""
    return not (kind == "table" and name and (PARTITION.search(name) or name in OURS_OUTSIDE))


def render(kind: str, value: object, _context: object) -> str | bool:
    """Write a type of ours as what it is stored as: a migration must not depend on today's code."""
    if kind == "type" and isinstance(value, WholeCents):
        return "sa.BigInteger()"
    return "sa.String(30)" if kind == "type" and isinstance(value, ChoiceText) else False


def run(connection: object) -> None:
    """Run the migrations on an open connection."""
    context.configure(
        connection=connection,  # type: ignore[arg-type]
        target_metadata=Model.metadata,
        include_object=include,
        render_item=render,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.execute(text("SET LOCAL lock_timeout = '5s'"))
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with create_engine(context.config.attributes["url"], poolclass=NullPool).connect() as opened:
        run(opened)
