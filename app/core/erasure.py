"""Erasing a person's values: his rows are emptied and the key is destroyed that opens what the history keeps of them.

It works for every entity that says `__is_person__` and for whatever is linked to it. Rows of the history, and the seals
over them, stay as they are: what is encrypted in them can be read by nobody any more. docs/adr/0012.
"""

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, cast, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.core import form_rules, requests
from app.core.custom_column import COLUMN, merged
from app.core.locks import Lock
from app.core.org import ApprovalRequest, CustomField, FieldFile, RequestState
from app.core.org.approvals import CHANGE
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
    """Empty what requests for approval say about the person's rows: it is not encrypted, and their history has none of it.

    Those that wait end: there is nothing left to approve. So do changes that were approved and are not stored yet.
    """
    about = ApprovalRequest.entity == cls.slug(), ApprovalRequest.row_id.in_(select(cls.id).where(mine))
    is_open = or_(
        ApprovalRequest.state == RequestState.WAITING,
        and_(ApprovalRequest.state == RequestState.APPROVED, ApprovalRequest.operation.startswith(CHANGE)),
    )
    found = select(ApprovalRequest).where(*about, is_open).with_for_update(of=ApprovalRequest)
    for request in session.scalars(found).unique():
        requests.end(session, request, _("The personal values of the record were erased"))
    session.flush()
    said = update(ApprovalRequest).where(*about)
    unsynchronised = {"synchronize_session": False}
    session.execute(said.values(changes={}), execution_options=unsynchronised)
    # what is done at this moment was approved with its values, of which the erasing may be one
    session.execute(
        said.where(ApprovalRequest.state != RequestState.APPROVED).values(arguments={}, told=None),
        execution_options=unsynchronised,
    )


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
