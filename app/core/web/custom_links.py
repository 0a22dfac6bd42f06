"""The rows to which custom fields refer: read once for all rows of a page."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import object_session

from app.core.custom import Definition
from app.core.custom_column import COLUMN


def linked(row: Any, definition: Definition) -> Any:
    """The row that a custom field refers to, if it is in scope; read for all rows at once that were read with this one."""
    wanted, session = definition.read(getattr(row, COLUMN)), object_session(row)
    if wanted is None or session is None:
        return None
    target = definition.target
    known: dict[tuple[str, int], Any] = session.info.setdefault("custom_links", {})
    if (target.slug(), wanted) not in known:
        # what a row has not loaded it is not made to load
        read = [vars(one).get(COLUMN) for one in session.identity_map.values() if type(one) is type(row)]
        ids = {wanted, *(definition.read(one) for one in read)} - {None}
        known |= dict.fromkeys(((target.slug(), one) for one in ids), None)
        found = session.scalars(select(target).where(target.id.in_(ids))).unique()
        known |= {(target.slug(), one.id): one for one in found}
    return known[target.slug(), wanted]
