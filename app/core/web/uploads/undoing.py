"""An import undone within a day, by a second person: what it made is deleted, what it changed is as it was.

A record that was changed since is left alone and named. What a killed worker had undone is told by the history.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from flask_babel import gettext
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from app.core import clock, registry
from app.core.db import because, unscoped, web_session
from app.core.errors import OutOfScope, ReadOnlyScope, RuleError
from app.core.org import History, RowState, Upload, UploadRow, UploadState
from app.core.web import upserts
from app.core.web.principal import Principal, current
from app.core.web.uploads import staging
from app.core.web.writing import in_words, remove

WITHIN = timedelta(hours=24)
STORED = (RowState.CREATED, RowState.UPDATED)
PART = 100


class _Row(NamedTuple):
    """A row to be undone, and what its record was before any row of the file changed it."""

    id: int
    state: RowState
    row_id: int
    before: dict[str, Any]


def is_open(upload: Upload) -> bool:
    """Whether the import can still be undone: its records have a history, and it ended less than a day ago."""
    known = registry.has_entity(upload.entity) and registry.entity(upload.entity).__history__
    is_young = upload.ended_at is not None and clock.now() - upload.ended_at < WITHIN
    return bool(known and is_young and upload.state == UploadState.DONE and upload.created + upload.updated)


def may_approve(upload: Upload, principal: Principal) -> bool:
    """Whether the principal may have it undone: never who made it, and only what he was asked to undo."""
    is_asked = is_open(upload) and upload.undo_asked_at is not None
    return is_asked and upload.user_id != principal.user_id and principal.may("can_undo", "Upload")


def begin(upload: Upload, principal: Principal, language: str) -> None:
    """Have it undone by who approves of it; of two who do so at once one does."""
    values = {
        "state": UploadState.UNDOING,
        "undone_by_id": principal.user_id,
        "language": language,
        "progress": 0,
    }
    with unscoped("somebody else's import is undone") as session:
        one = update(Upload).where(Upload.id == upload.id, Upload.state == UploadState.DONE)
        session.execute(one.values(message=None, **values))


def undo(upload_id: int) -> None:
    """Undo what can be undone, part by part; why a record stays as it is stands in its row.

    Raises RuleError for who may no longer undo imports, and where the rows are gone.
    """
    if not current().may("can_undo", "Upload"):
        raise RuleError(gettext("You may no longer do this"))
    session = web_session()
    upload = session.scalars(select(Upload).where(Upload.id == upload_id)).one()
    entity, done, undone = registry.entity(upload.entity), reason_of(upload), f"{reason_of(upload)} –"
    _need_rows(session, upload_id)
    # what was made goes first: giving such a record back what a later row changed would be of no use
    ids = [one for state in STORED for one in staging.ids_of(session, upload_id, (state,))]
    for start in range(0, len(ids), PART):
        session.rollback()
        because(session, undone)
        rows = _rows(session, upload_id, ids[start : start + PART])
        last = _last_changes(session, entity, [row.row_id for row in rows])
        marks = [{"id": row.id, **_undone(session, entity, row, last, (done, undone))} for row in rows]
        session.commit()
        _mark(marks)
        staging.tell(upload_id, progress=min(99, (start + PART) * 100 // len(ids)))
    left = len(staging.ids_of(session, upload_id, STORED))
    message = (
        gettext("%(n)s records were changed since or are needed by others; they stay as they are", n=left)
        if left
        else None
    )
    staging.tell(upload_id, state=UploadState.UNDONE, progress=100, message=message)


def _need_rows(session: Any, upload_id: int) -> None:
    """Raises RuleError where the rows are gone, which alone say what was made and changed."""
    one = select(UploadRow.id).where(UploadRow.upload_id == upload_id).limit(1)
    if session.scalar(one) is None:
        raise RuleError(gettext("The rows of this import are no longer kept, so it cannot be undone"))


def _rows(session: Any, upload_id: int, ids: Sequence[int]) -> list["_Row"]:
    query = select(UploadRow.id, UploadRow.state, UploadRow.row_id).where(UploadRow.id.in_(ids))
    found = session.execute(query.order_by(UploadRow.state, UploadRow.number)).all()
    first = staging.before_of(session, upload_id, [row.row_id for row in found])
    return [_Row(row.id, row.state, row.row_id, first.get(row.row_id, {})) for row in found]


def reason_of(upload: Upload) -> str:
    """What the history says of each change that an import made: which file it came from."""
    return f"{upload.file_name[:400]} (#{upload.id})"


def _last_changes(session: Any, entity: Any, row_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Record → where its last change came from and why; nobody else changes them until the transaction ends."""
    held = select(entity.id).where(entity.id.in_(row_ids)).order_by(entity.id)
    session.execute(held.with_for_update(of=entity))
    query = (
        select(History.row_id, History.source, History.reason)
        .where(History.entity == entity.slug(), History.row_id.in_(row_ids))
        .order_by(History.id)
    )
    return {row_id: (source, reason or "") for row_id, source, reason in session.execute(query)}


def _undone(
    session: Any, entity: Any, row: Any, last: dict[int, tuple[str, str]], reasons: tuple[str, str]
) -> dict[str, Any]:
    """The mark of a row: undone, or why not. The record of one that is undone is noted in `last`."""
    done, undone = reasons
    if last.get(row.row_id) == ("import", undone):
        return {"state": RowState.UNDONE, "reasons": {}}
    if last.get(row.row_id) != ("import", done):
        return _stays(row, gettext("It was changed since"))
    try:
        with session.begin_nested():
            _take_back(session, entity, row)
    except (RuleError, OutOfScope, ReadOnlyScope) as error:
        return _stays(row, str(error) or gettext("Nothing is here"))
    except DBAPIError as error:
        meant = in_words(entity, error)
        if not isinstance(meant, RuleError):
            raise
        return _stays(row, str(meant))
    # another row about the same record is undone with it
    last[row.row_id] = ("import", undone)
    return {"state": RowState.UNDONE, "reasons": {}}


def _stays(row: Any, why: str) -> dict[str, Any]:
    return {"state": row.state, "reasons": {"": [why]}}


def _take_back(session: Any, entity: Any, row: Any) -> None:
    """Delete the record that was made, or give it back what it was. Raises RuleError."""
    if row.state == RowState.CREATED:
        found = session.scalars(select(entity).where(entity.id == row.row_id)).unique().one_or_none()
        if found is None:
            raise RuleError(gettext("Nothing is here"))
        remove(session, found)
        return
    call = upserts.Call(session, entity, {"edit"}, [])
    result = call.result({**row.before, "id": row.row_id})
    if result["result"] == "refused":
        raise RuleError(
            "; ".join([result["message"], *(one for each in result["errors"].values() for one in each)])
        )


def _mark(marks: list[dict[str, Any]]) -> None:
    with unscoped("what came of undoing an import") as session:
        if marks:
            session.execute(update(UploadRow), marks)
