"""Who was shown whose personal numbers in full: noted where a value is written out, kept once the answer is made."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response, g, has_app_context, has_request_context

from app.core.db import unscoped
from app.core.org import AuditEvent
from app.core.web.fields import FieldInfo

KIND = "look"
SHOWN = (200, 409, 412, 422)
"""Numbers of answers that show a record, such as a form that is shown again."""
Seen = dict[str, dict[int, None]]
"""Ids of the rows whose personal values were shown, in their order, by entity."""


@contextmanager
def noted() -> Iterator[Seen]:
    """Collect what is shown within the block apart, for whoever keeps it when it has left: it is in no request."""
    outer, g.looks = g.get("looks"), {}
    try:
        yield g.looks
    finally:
        g.looks = outer


def note(field: FieldInfo, row: Any) -> None:
    """Remember that the value of a personal field of this row is shown in full to whoever asked."""
    if not has_request_context() and not (has_app_context() and g.get("looks") is not None):
        return
    entity, row_id = field.entity.slug(), row.id
    if field.path:
        link = field.entity.__mapper__.relationships[field.path[0]]
        [column] = link.local_columns
        entity, row_id = link.mapper.class_.slug(), getattr(row, column.key)
    if g.get("looks") is None:
        g.looks = {}
    g.looks.setdefault(entity, {})[row_id] = None


def note_form(fields: Any, row: Any) -> None:
    """The same of a form that is filled from a row."""
    for field in fields:
        if field.may_be_personal and getattr(row, field.column.key, None):
            note(field, row)


def keep(response: Response) -> None:
    """Write to the access log what the answer shows: the record, or how many and which of a list."""
    seen: Seen = g.pop("looks", None) or {}
    if not seen or response.status_code not in SHOWN:
        return
    user_id = g.principal.user_id
    with unscoped("access log", user_id=user_id) as house:
        house.add_all(events(seen, user_id))


def events(seen: Seen, user_id: int, about: str | None = None) -> list[AuditEvent]:
    """What the access log keeps of looks of a user; `about` says by which way, where that is no page of his."""
    found = []
    for entity, ids in ((entity, list(rows)) for entity, rows in seen.items()):
        which = {"row_id": ids[0]} if len(ids) == 1 else {"details": {"rows": len(ids), "ids": ids}}
        found.append(AuditEvent(kind=KIND, user_id=user_id, entity=entity, about=about, **which))
    return found
