"""The rows of an uploaded file as the database keeps them until they are records: read once, counted, marked."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import format_decimal, gettext
from sqlalchemy import delete, func, insert, select, update

from app.core import files
from app.core.db import ScopedSession, unscoped
from app.core.errors import RuleError
from app.core.locks import Lock
from app.core.org import RowState, Upload, UploadRow, UploadState
from app.core.sheets import Table, open_table
from app.core.web.uploads.cells import kept
from app.core.web.uploads.filling import Outcome

MOST_ROWS = 50_000
COUNTED = {"new": "created", "created": "created", "changed": "updated", "updated": "updated", "same": "unchanged", "refused": "refused"}  # fmt: skip
"""State of a row → the count of its upload."""
READY = (RowState.NEW, RowState.CHANGED)
"""Rows that wait to be stored."""
MENDABLE = (UploadState.CHECKED, UploadState.DONE)
"""Uploads whose refused rows can be mended."""


def opened(upload: Upload) -> Table:
    """The table of an upload as it was described. Raises SheetError, FileNotFoundError for a file that is gone."""
    where = {name: upload.source.get(name) for name in ("sheet", "header_row", "encoding", "separator")}
    return open_table(files.path_of(upload.file_key or ""), **where)


def stage(upload: Upload) -> int:
    """Keep the rows of the file in place of those that were kept before; how many they are.

    Raises SheetError, and RuleError for more rows than one upload may have.
    """
    rows = 0
    with opened(upload) as table, unscoped("rows of somebody's own upload") as session:
        session.execute(delete(UploadRow).where(UploadRow.upload_id == upload.id))
        for numbers, columns in table.blocks():
            rows += len(numbers)
            if rows > MOST_ROWS:
                raise RuleError(gettext("At most %(n)s rows at a time", n=format_decimal(MOST_ROWS)))
            told = {"upload_id": upload.id, "user_id": upload.user_id}
            lines = zip(numbers, zip(*columns, strict=True), strict=True)
            made = [{**told, "number": number, "cells": list(map(kept, cells))} for number, cells in lines]
            session.execute(insert(UploadRow), made)
        session.execute(update(Upload).where(Upload.id == upload.id).values(rows=rows))
    return rows


def mark(outcomes: Iterable[tuple[int, Outcome]]) -> None:
    """Keep what came of trying rows."""
    marks = [
        {"id": row, "state": one.state, "reasons": one.reasons, "row_id": one.row_id} for row, one in outcomes
    ]
    with unscoped("what came of rows of somebody's own upload") as session:
        if marks:
            session.execute(update(UploadRow), marks)


def tell(upload_id: int, *, still: UploadState | None = None, **values: Any) -> None:
    """Let the owner see at once how far it is; where it must `still` be in a state, only if it is."""
    one = update(Upload).where(Upload.id == upload_id)
    with unscoped("progress of an upload") as session:
        session.execute((one if still is None else one.where(Upload.state == still)).values(**values))


def taken(lock: ScopedSession, upload_id: int) -> UploadState | None:
    """The state of an upload that nobody else works at until the transaction ends; None where another does."""
    if not lock.scalar(select(func.pg_try_advisory_xact_lock(Lock.UPLOAD, upload_id % 2**31))):
        return None
    return lock.scalar(select(Upload.state).where(Upload.id == upload_id))


def is_to_stop(upload_id: int) -> bool:
    """Whether somebody wants it to stop."""
    with unscoped("whether an upload is to stop") as session:
        return bool(session.scalar(select(Upload.is_to_stop).where(Upload.id == upload_id)))


def counts(session: ScopedSession, upload_id: int, *, are_done: bool = False) -> dict[str, int]:
    """How many rows came to what, as the upload counts them; of those that wait to be stored none if it is done."""
    grouped = select(UploadRow.state, func.count()).where(UploadRow.upload_id == upload_id)
    found: Counter[str] = Counter(dict.fromkeys(COUNTED.values(), 0))
    for state, number in session.execute(grouped.group_by(UploadRow.state)):
        if str(state) in COUNTED and not (are_done and state in READY):
            found[COUNTED[str(state)]] += number
    return dict(found)


def before_of(
    session: ScopedSession, upload_id: int, row_ids: Sequence[int | None]
) -> dict[int | None, dict[str, Any]]:
    """Record → what it was before the first row of the upload changed it, of those that were changed."""
    about = (
        UploadRow.upload_id == upload_id,
        UploadRow.row_id.in_([one for one in row_ids if one is not None]),
    )
    query = select(UploadRow.row_id, UploadRow.before).where(*about, UploadRow.state == RowState.UPDATED)
    found: dict[int | None, dict[str, Any]] = defaultdict(dict)
    for row_id, before in session.execute(query):
        found[row_id] |= before
    return found


def ids_of(
    session: ScopedSession, upload_id: int, states: Sequence[RowState], only: Sequence[int] = ()
) -> list[int]:
    """The rows of an upload in these states, in the order of the file; `only` those among these."""
    query = select(UploadRow.id).where(UploadRow.upload_id == upload_id, UploadRow.state.in_(states))
    if only:
        query = query.where(UploadRow.id.in_(only))
    return list(session.scalars(query.order_by(UploadRow.number)))
