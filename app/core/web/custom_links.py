"""The rows to which custom fields refer: read once for all rows of a page, and not deleted while they are referred to."""

from typing import Any

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from app.core import form_rules
from app.core.custom import Definition
from app.core.custom_column import COLUMN
from app.core.db import unscoped
from app.core.errors import RuleError
from app.core.labels import entity_label
from app.core.web import custom_lock, steering


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


@form_rules.removal(None)
def not_referred_to(session: Session, row: Any) -> None:
    """Raise RuleError for a row to which a custom field refers: the database knows no foreign key of it."""
    pointing = [one for one in steering.every_custom_field() if one.target is type(row)]
    if not pointing:
        return
    custom_lock.change(session)
    with unscoped("whether custom fields refer to a row") as free:
        for one in pointing:
            if free.scalar(select(one.entity.id).where(one.text(one.entity) == str(row.id)).limit(1)):
                told = gettext("Other records belong to this one, so it cannot be deleted")
                raise RuleError(f"{told}: {entity_label(one.entity)}")
