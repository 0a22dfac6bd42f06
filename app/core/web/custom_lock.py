"""Values of custom fields are written and definitions are changed one after the other.

Who writes a value keeps its field from being changed or deleted until the transaction ends; who changes a field waits
for those who write, and then sees what they stored. So no value is left that its field cannot read.
"""

from collections.abc import Iterable

from flask import g
from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import custom_cache
from app.core.custom_column import PREFIX
from app.core.errors import RuleError
from app.core.locks import Lock


def hold(session: Session, names: Iterable[str]) -> None:
    """Keep the definitions as they are while values of these columns are written; nothing to do without custom fields.

    Raises RuleError where they were changed since the request began.
    """
    if not any(name.startswith(PREFIX) for name in names):
        return
    # the row may hold new values already: they are not stored before they were looked at
    with session.no_autoflush:
        session.execute(select(func.pg_advisory_xact_lock_shared(Lock.CUSTOM_FIELDS, 0)))
        version = session.scalar(custom_cache.version())
    if version != g.custom_version:
        raise RuleError(gettext("The fields of these records were changed meanwhile. Open the page again."))


def change(session: Session) -> None:
    """Wait until nobody writes values of custom fields, and let nobody write any until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(Lock.CUSTOM_FIELDS, 0)))
