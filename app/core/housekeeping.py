"""What the installation does for itself once a day: clears away what is over, makes the history's coming months.

A process killed between keeping a file and storing the row that names it leaves such a file, and one killed
while it was writing leaves a draft.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from app.core import clock, files, registry, settings
from app.core.faults import reason_of
from app.core.jobs import Outcome, Record, run_step
from app.core.org import (
    BulkJob,
    FiringState,
    IdempotentRequest,
    JobState,
    Notification,
    RowState,
    RuleFiring,
    Upload,
    UploadRow,
    UploadState,
    WebhookDelivery,
)
from app.core.org.webhooks import DeliveryState
from app.core.seal_ddl import MONTHS_AHEAD

JOB, FILES, REQUESTS, DELIVERIES, MONTHS, UPLOADS, NOTIFICATIONS, FIRINGS, CHANGES = (
    "housekeeping", "files", "requests", "deliveries", "months", "uploads", "notifications", "firings", "changes",
)  # fmt: skip
YOUNG = timedelta(hours=24)
"""A file younger than this may be waiting for its row, or be in the middle of being written."""
MENDED = timedelta(days=7)
"""So long the rows of a file that somebody sent wait to be mended, and stay after they are records; and so long a large change
that was stopped or failed can be run again."""
LOOKED_UP = timedelta(days=30)
"""So long what other programs were told and answered can be looked up."""
REMEMBERED = timedelta(hours=24)
"""So long at least a program that asks again under the same key is told what it was told."""


def run() -> Outcome:
    """Clear away what is left over, unless that was done today (by the computer's date)."""
    now = clock.now()
    return run_step(
        JOB, FILES, now.date(), lambda session, record: remove_left_files(session, now - YOUNG, record)
    )


def run_months() -> Outcome:
    """Make the coming months' partitions of the history, unless that was done today."""
    return run_step(
        JOB, MONTHS, clock.now().date(),
        lambda session, _record: session.scalar(select(func.history_months(MONTHS_AHEAD))) or 0,
    )  # fmt: skip


def run_requests() -> Outcome:
    """Forget what programs asked for under a key longer ago than that, unless that was done today."""
    now = clock.now()
    return run_step(
        JOB, REQUESTS, now.date(), lambda session, _record: forget_requests(session, now - REMEMBERED)
    )


def run_deliveries() -> Outcome:
    """Forget what other programs were told longer ago than that, unless that was done today."""
    now = clock.now()
    return run_step(
        JOB, DELIVERIES, now.date(), lambda session, _record: forget_deliveries(session, now - LOOKED_UP)
    )


def run_uploads() -> Outcome:
    """Forget the rows of files that were sent longer ago than that, unless that was done today."""
    now = clock.now()
    return run_step(JOB, UPLOADS, now.date(), lambda session, _record: forget_uploads(session, now - MENDED))


def forget_uploads(session: Session, before: datetime) -> int:
    """Remove the rows of uploads that ended, or else were made, before an instant, and let go of their files.

    Those under way are left alone. What came of an upload stays; one that came to nothing is removed. Returns how many
    rows it were.
    """
    is_under_way = Upload.state.in_((UploadState.CHECKING, UploadState.STORING, UploadState.UNDOING))
    is_old = func.coalesce(Upload.ended_at, Upload.created_at) < before, ~is_under_way
    # held, so that nobody goes on with one whose rows are being removed
    session.execute(select(Upload.id).where(*is_old).order_by(Upload.id).with_for_update())
    is_stored = UploadRow.state.in_((RowState.CREATED, RowState.UPDATED))
    half = select(UploadRow.id).where(UploadRow.upload_id == Upload.id, is_stored).exists()
    never_ended = Upload.ended_at.is_(None)
    # one that failed half way is known by its rows alone, and has to be known when they are gone
    session.execute(update(Upload).where(*is_old, never_ended, half).values(ended_at=Upload.created_at))
    old = select(Upload.id).where(*is_old)
    gone = session.execute(delete(UploadRow).where(UploadRow.upload_id.in_(old)))
    session.execute(delete(Upload).where(*is_old, never_ended))
    session.execute(update(Upload).where(*is_old, Upload.file_key.is_not(None)).values(file_key=None))
    return int(cast("CursorResult[Any]", gone).rowcount)


def run_notifications() -> Outcome:
    """Forget what users have read so many days ago as the setting says, unless that was done today."""
    return run_step(
        JOB, NOTIFICATIONS, clock.now().date(), lambda session, _record: forget_notifications(session)
    )


def forget_notifications(session: Session) -> int:
    """Remove the notifications that were read before the setting's number of days; unread ones stay. How many it were."""
    before = clock.now() - timedelta(days=int(settings.read(session, "notification_days")))
    gone = session.execute(delete(Notification).where(Notification.read_at < before))
    return int(cast("CursorResult[Any]", gone).rowcount)


def run_firings() -> Outcome:
    """Forget what rules did longer ago than the setting says, unless that was done today."""
    return run_step(JOB, FIRINGS, clock.now().date(), lambda session, _record: forget_firings(session))


def forget_firings(session: Session) -> int:
    """Remove the firings older than the setting's number of days; those that wait stay. How many it were."""
    before = clock.now() - timedelta(days=int(settings.read(session, "firing_days")))
    is_over = RuleFiring.created_at < before, RuleFiring.state != FiringState.WAITING
    return int(cast("CursorResult[Any]", session.execute(delete(RuleFiring).where(*is_over))).rowcount)


def run_changes() -> Outcome:
    """Forget what large changes were to do that ended longer ago than that, unless that was done today."""
    now = clock.now()
    return run_step(JOB, CHANGES, now.date(), lambda session, _record: forget_changes(session, now - MENDED))


def forget_changes(session: Session, before: datetime) -> int:
    """Empty the values and rows of large changes that were stopped or failed before an instant; how many it were.

    Values of persons must not outlive these. What was done lost them when it ended.
    """
    is_over = BulkJob.state.in_((JobState.STOPPED, JobState.FAILED)), BulkJob.row_ids != []
    ended = func.coalesce(BulkJob.ended_at, BulkJob.created_at) < before
    emptied = update(BulkJob).where(*is_over, ended).values(arguments={}, row_ids=[])
    return int(cast("CursorResult[Any]", session.execute(emptied)).rowcount)


def forget_deliveries(session: Session, before: datetime) -> int:
    """Remove the deliveries that were over before an instant; those that wait stay. How many it were."""
    is_over = WebhookDelivery.state.not_in((DeliveryState.WAITING, DeliveryState.SENDING))
    gone = session.execute(delete(WebhookDelivery).where(WebhookDelivery.created_at < before, is_over))
    return int(cast("CursorResult[Any]", gone).rowcount)


def forget_requests(session: Session, before: datetime) -> int:
    """Remove the keys stored before an instant; how many it were."""
    gone = session.execute(delete(IdempotentRequest).where(IdempotentRequest.created_at < before))
    return int(cast("CursorResult[Any]", gone).rowcount)


def remove_left_files(session: Session, before: datetime, record: Record) -> int:
    """Remove the files last touched before an instant that no row names; how many it were.

    A file that cannot be removed is told to `record`.
    """
    # Files first, rows after: a row that is stored meanwhile is still seen, and keeps its file.
    kept = [(key, files.path_of(key)) for kind in files.kinds() for key in files.keys(kind)]
    old = [(key, path) for key, path in kept if _is_older(path, before)]
    drafts = [path for kind in files.kinds() for path in files.drafts(kind) if _is_older(path, before)]
    named = set(_named(session))
    return _remove([*drafts, *(path for key, path in old if key not in named)], record)


def _named(session: Session) -> Iterator[str]:
    """The keys in every column of every entity that names a file."""
    for entity in registry.entities():
        for column in entity.__table__.columns:
            if column.info.get("kind") == "file":
                yield from session.scalars(select(column).where(column.is_not(None)))


def _is_older(path: Path, before: datetime) -> bool:
    with suppress(FileNotFoundError):
        return files.touched_at(path) < before
    return False


def _remove(paths: Iterable[Path], record: Record) -> int:
    removed = 0
    for path in paths:
        try:
            path.unlink()
            removed += 1
        except FileNotFoundError:
            continue
        except OSError as error:
            record.problem(path.relative_to(files.root()).as_posix(), reason_of(error))
    return removed
