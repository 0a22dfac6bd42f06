"""Who was shown whose personal numbers in full: noted where a value is written out, kept once the answer is made."""

from typing import Any

from flask import Response, g, has_request_context

from app.core.db import unscoped
from app.core.org import AuditEvent
from app.core.web.fields import FieldInfo

KIND = "look"
SHOWN = (200, 409, 412, 422)
"""Numbers of answers that show a record, such as a form that is shown again."""


def note(field: FieldInfo, row: Any) -> None:
    """Remember that the value of a personal field of this row is shown in full to whoever asked."""
    if not has_request_context():
        return
    entity, row_id = field.entity.slug(), row.id
    if field.path:
        link = field.entity.__mapper__.relationships[field.path[0]]
        [column] = link.local_columns
        entity, row_id = link.mapper.class_.slug(), getattr(row, column.key)
    g.setdefault("looks", {}).setdefault(entity, {})[row_id] = None


def note_form(fields: Any, row: Any) -> None:
    """The same of a form that is filled from a row."""
    for field in fields:
        if field.may_be_personal and getattr(row, field.column.key, None):
            note(field, row)


def keep(response: Response) -> None:
    """Write to the access log what the answer shows: the record, or how many and which of a list."""
    looks = g.pop("looks", {})
    if not looks or response.status_code not in SHOWN:
        return
    user_id = g.principal.user_id
    with unscoped("access log", user_id=user_id) as house:
        for entity, found in looks.items():
            ids = list(found)
            about = {"row_id": ids[0]} if len(ids) == 1 else {"details": {"rows": len(ids), "ids": ids}}
            house.add(AuditEvent(kind=KIND, user_id=user_id, entity=entity, **about))
