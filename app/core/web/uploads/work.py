"""What is done with a whole file: its rows are tried, stored, or undone, in the request or by a worker.

A worker that is killed leaves the upload in the state of what it was at, under a lock that died with it; the next one
goes on. A row's mark and its record are one transaction, so that no record is made twice.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from flask import current_app, g
from flask_babel import force_locale, format_decimal, gettext
from sqlalchemy import func, select

from app.core import clock
from app.core.db import because, source, unscoped, web_session
from app.core.errors import RuleError, Stopped
from app.core.org import RowState, Selection, Upload, UploadRow, UploadState
from app.core.retry import is_lost, until_free
from app.core.sheets import SheetError
from app.core.web import principal
from app.core.web.uploads import staging
from app.core.web.uploads.filling import Filling, Outcome, tried
from app.core.web.uploads.staging import MENDABLE, READY
from app.core.web.uploads.undoing import reason_of, undo

log = logging.getLogger("loandesk.jobs")
OPEN = (UploadState.CHECKING, UploadState.STORING, UploadState.UNDOING)
_STORED = {RowState.NEW: RowState.CREATED, RowState.CHANGED: RowState.UPDATED}
_BACK = {UploadState.CHECKING: UploadState.DRAFT, UploadState.STORING: UploadState.CHECKED, UploadState.UNDOING: UploadState.DONE}  # fmt: skip
TOLD_EVERY = 500
"""Rows after which the progress is told."""


class NotAll(RuleError):
    """A row is refused where all rows or none were to be stored."""


def run_waiting() -> int:
    """Go on with every upload that waits for it, or whose worker died; how many. Needs an application context."""
    with unscoped("which uploads wait") as session:
        found = session.execute(select(Upload.id, Upload.user_id, Upload.undone_by_id, Upload.language, Upload.state)
                                .where(Upload.state.in_(OPEN)).order_by(Upload.id)).all()  # fmt: skip
    done = 0
    for upload_id, owner, approver, language, state in found:
        who = approver if state == UploadState.UNDOING else owner
        # a context of its own: what is read for one person is not kept for the next
        with current_app.app_context(), current_app.test_request_context("/"), force_locale(language):
            done += _as(who or owner, upload_id, state)
    return done


def _as(user_id: int, upload_id: int, state: UploadState) -> bool:
    """Go on with an upload for a user, as he is now."""
    found = principal.of_user(user_id)
    if found is None:
        after = _BACK[state] if state == UploadState.UNDOING else UploadState.FAILED
        staging.tell(upload_id, state=after, message=gettext("The login is closed"))
        return False
    g.user, g.principal = found
    return run(upload_id)


def run(upload_id: int, most: int | None = None) -> bool:
    """Do what an upload waits for, in the scope and with the rights of the present user; False where another is at it.

    Rows to be checked of which there are more than `most` are only read: a worker tries them. Why it could not be done
    is told in the upload and raised to nobody.
    """
    with unscoped("be the only one at an upload") as lock:
        state = staging.taken(lock, upload_id)
        if state not in OPEN:
            return False
        mark = source.set("import")
        try:
            until_free(_begin, state, upload_id, most)
        except Exception as error:  # noqa: BLE001 - whatever it is, its owner must be told
            web_session().rollback()
            if not is_lost(error):
                _fail(upload_id, state, error)
            return False
        finally:
            web_session().rollback()
            source.reset(mark)
    return True


def _begin(state: UploadState, upload_id: int, most: int | None) -> None:
    """Do what an upload waits for, or what is left of it."""
    # what is written from here on came from a file
    web_session().rollback()
    check(upload_id, most) if state == UploadState.CHECKING else _WORK[state](upload_id)


def _fail(upload_id: int, state: UploadState, error: Exception) -> None:
    """Tell why, and lead back to where it can be mended."""
    known = isinstance(error, (RuleError, SheetError))
    if not known:
        log.error("upload %d failed", upload_id, exc_info=error)
    # what is left of an undo can be undone whatever it was that ended it
    after = _BACK[state] if known or state == UploadState.UNDOING else UploadState.FAILED
    message = str(error) if known else gettext("The upload could not be finished")
    staging.tell(upload_id, state=after, message=message[:500], is_to_stop=False)


def _own(upload_id: int) -> Upload:
    return web_session().scalars(select(Upload).where(Upload.id == upload_id)).one()


def check(upload_id: int, most: int | None) -> None:
    """Try every row, unless there are more than `most`, and store none."""
    upload = _own(upload_id)
    found = select(func.count()).where(UploadRow.upload_id == upload_id)
    staged = web_session().scalar(found) or staging.stage(upload)
    if not staged:
        raise RuleError(gettext("There are no filled rows."))
    if most is not None and staged > most:
        return
    try_rows(upload_id, staging.ids_of(web_session(), upload_id, (RowState.WAITING,)))
    _counted(upload_id, state=UploadState.CHECKED, message=None, progress=0, is_to_stop=False)


def try_rows(upload_id: int, ids: Sequence[int]) -> None:
    """Try these rows in one transaction, as if they were stored one after the other, and undo it."""
    session = web_session()
    filling = Filling(session, _own(upload_id), principal.current())
    found: list[tuple[int, Outcome]] = []
    try:
        _each(ids, filling, upload_id, lambda part, rows: found.extend(
            zip(part, map(tried, filling.store([(number, cells) for _id, number, cells in rows])), strict=True)
        ))  # fmt: skip
    finally:
        session.rollback()
    staging.mark(found)


def _each(
    ids: Sequence[int], filling: Filling, upload_id: int, work: Callable[[Sequence[int], Any], Any]
) -> None:
    """Do some work for each part of the rows, and tell how far it is. Raises Stopped where somebody wants it to end."""
    session, step = web_session(), filling.at_once
    for start in range(0, len(ids), step):
        if staging.is_to_stop(upload_id):
            raise Stopped
        part = ids[start : start + step]
        query = select(UploadRow.id, UploadRow.number, UploadRow.cells).where(UploadRow.id.in_(part))
        work(part, session.execute(query.order_by(UploadRow.number)).all())
        session.expunge_all()
        if (start + step) % TOLD_EVERY == 0:
            staging.tell(upload_id, progress=min(99, (start + step) * 100 // len(ids)))


def store(upload_id: int) -> None:
    """Store what was found to be right: all rows in one transaction, or part by part."""
    session, upload = web_session(), _own(upload_id)
    is_whole, reason = upload.is_whole, reason_of(upload)
    filling = Filling(session, upload, principal.current())
    ids = staging.ids_of(session, upload_id, READY)
    because(session, reason)

    def work(part: Sequence[int], rows: Any) -> None:
        outcomes = filling.store([(number, cells) for _id, number, cells in rows])
        if is_whole and any(one.state == RowState.REFUSED for one in outcomes):
            refused.extend(zip(part, map(tried, outcomes), strict=True))
            raise NotAll(gettext("Some rows are refused, so nothing was stored"))
        _mark_stored(part, outcomes)
        if not is_whole:
            session.commit()
            because(session, reason)

    refused: list[tuple[int, Outcome]] = []
    try:
        _each(ids, filling, upload_id, work)
    except NotAll:
        session.rollback()
        staging.mark(refused)
        _counted(upload_id)
        raise
    except Stopped as error:
        session.rollback()
        if is_whole or len(staging.ids_of(session, upload_id, READY)) == len(ids):
            raise RuleError(gettext("It was stopped, so nothing was stored")) from error
    _finish(upload_id)
    session.commit()


def _mark_stored(part: Sequence[int], outcomes: Sequence[Outcome]) -> None:
    """Mark rows in the transaction that stored them."""
    session = web_session()
    query = select(UploadRow).where(UploadRow.id.in_(part)).order_by(UploadRow.number)
    rows = session.scalars(query).all()
    first = staging.before_of(session, rows[0].upload_id, [one.row_id for one in outcomes])
    for row, one in zip(rows, outcomes, strict=True):
        row.state, row.reasons = _STORED.get(one.state, one.state), one.reasons
        row.row_id, row.before = one.row_id, one.before | first.get(one.row_id, {})
    session.flush()


def _finish(upload_id: int) -> None:
    """Count what was done, and keep the records as a list; says so where it was stopped before all was done."""
    session, upload = web_session(), _own(upload_id)
    done = select(UploadRow.row_id).where(
        UploadRow.upload_id == upload_id, UploadRow.state.in_(_STORED.values()), UploadRow.row_id.is_not(None)
    )
    ids = sorted({row_id for row_id in session.scalars(done) if row_id is not None})
    if ids:
        session.add(chosen := Selection(user_id=upload.user_id, entity=upload.entity, row_ids=ids))
        session.flush()
        upload.selection_id = chosen.id
    for name, number in staging.counts(session, upload_id, are_done=True).items():
        setattr(upload, name, number)
    left = len(staging.ids_of(session, upload_id, READY))
    upload.state, upload.progress = UploadState.DONE, 100
    upload.ended_at, upload.is_to_stop = clock.now(), False
    upload.message = _stopped(len(ids), left) if left else None


def _stopped(done: int, left: int) -> str:
    return gettext("It was stopped: %(done)s records are stored, %(left)s rows are not", done=format_decimal(done), left=format_decimal(left))  # fmt: skip


def _counted(upload_id: int, **values: Any) -> None:
    counts: dict[str, Any] = staging.counts(web_session(), upload_id)
    web_session().rollback()
    staging.tell(upload_id, **counts, **values)


_WORK: dict[UploadState, Callable[[int], None]] = {UploadState.STORING: store, UploadState.UNDOING: undo}


def try_again(upload_id: int, ids: Sequence[int]) -> None:
    """Try mended rows again; of an upload that was done those that are right now wait to be stored.

    Those that are no longer refused stay as they are. Raises RuleError where the upload has gone on.
    """
    if not ids:
        return
    with unscoped("be the only one at an upload") as lock:
        state = staging.taken(lock, upload_id)
        if state not in MENDABLE:
            raise RuleError(gettext("This import has gone on meanwhile. Open the page again."))
        web_session().rollback()
        mark = source.set("import")
        try:
            try_rows(upload_id, staging.ids_of(web_session(), upload_id, (RowState.REFUSED,), ids))
            is_ready = bool(staging.ids_of(web_session(), upload_id, READY))
            _counted(upload_id, still=state, **({"state": UploadState.CHECKED} if is_ready else {}))
        finally:
            web_session().rollback()
            source.reset(mark)
