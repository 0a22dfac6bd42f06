"""Erasing a person's values: his rows are emptied and the key is destroyed that opens what the history keeps of them.

It works for every entity that says `__is_person__` and for whatever is linked to it. Rows of the history, and the seals
over them, stay as they are: what is encrypted in them can be read by nobody any more. docs/adr/0012.
"""

from typing import Any

from sqlalchemy import cast, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.core import form_rules
from app.core.custom_column import COLUMN, merged
from app.core.locks import Lock
from app.core.org import ApprovalRequest, CustomField, FieldFile
from app.core.persons import Private, of_person

GONE = "•••"
"""Stands, with the number of the row, where a column may not be empty: no language's word."""


def hold(session: Session, person: Any) -> None:
    """Let nobody change the person's rows, nor link another one to him, until the transaction ends."""
    entity = type(person)
    # first of all, as whoever deletes rows and writes custom fields does it
    session.execute(select(func.pg_advisory_xact_lock(Lock.CUSTOM_FIELDS, 0)))
    session.execute(select(entity.id).where(entity.id == person.id).with_for_update())


def erase(session: Session, person: Any) -> None:
    """Empty every personal value of this person, then destroy his key, in the transaction of the caller.

    `session` sees every row. What changes is told in the history like any change, and encrypted like it, so that this,
    too, is closed in the end. Who changes rows of the person at the same time is waited for, or waits.
    Raises RuleError where other records need one of his rows.
    """
    entity = type(person)
    hold(session, person)
    for cls, own in of_person(entity):
        mine = getattr(cls, own.column) == person.id
        _forget_requests(session, cls, mine)
        if cls.__goes_with_person__:
            _remove(session, cls, mine)
        elif values := _emptied(session, cls, own, mine):
            unsynchronised = {"synchronize_session": False}
            session.execute(update(cls).where(mine).values(values), execution_options=unsynchronised)
    session.expire_all()
    session.execute(select(func.personal_erased(entity.slug(), person.id)))


def _forget_requests(session: Session, cls: Any, mine: Any) -> None:
    """Empty what requests for approval say about the person's rows: it is not encrypted, and their history has none of it."""
    about = ApprovalRequest.row_id.in_(select(cls.id).where(mine))
    said = update(ApprovalRequest).where(ApprovalRequest.entity == cls.slug(), about)
    session.execute(said.values(changes={}), execution_options={"synchronize_session": False})


def _forget_files(session: Session, cls: Any, mine: Any, *such: Any) -> None:
    """Let go of files that stand, or stood, in custom fields of the person's rows; housekeeping removes the content."""
    lines = FieldFile.entity == cls.slug(), FieldFile.row_id.in_(select(cls.id).where(mine)), *such
    session.execute(delete(FieldFile).where(*lines), execution_options={"synchronize_session": False})


def _remove(session: Session, cls: Any, mine: Any) -> None:
    """Delete the person's rows of an entity, unless a rule keeps one."""
    for row in session.scalars(select(cls).where(mine).with_for_update(of=cls)).unique():
        form_rules.leave(session, row)
    _forget_files(session, cls, mine)
    session.execute(delete(cls).where(mine), execution_options={"synchronize_session": False})


def _emptied(session: Session, cls: Any, own: Private, rows: Any) -> dict[str, Any]:
    """What the personal columns of an entity become in these rows, and its personal custom fields, whose files go."""
    columns = cls.__table__.c
    gone = func.concat(f"{GONE} ", cls.id)
    values: dict[str, Any] = {name: None if columns[name].nullable else gone for name in own.columns}
    if own.is_open:
        personal = select(CustomField.code).where(CustomField.entity == cls.slug(), CustomField.is_personal)
        if codes := session.scalars(personal).all():
            nothing = cast(literal({}, JSONB), JSONB)
            _forget_files(session, cls, rows, FieldFile.field.in_(codes))
            values[COLUMN] = func.nullif(merged(columns[COLUMN], {}, codes), nothing, type_=JSONB())
    return values
