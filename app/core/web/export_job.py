"""Files too large for one request, made in the background in the scope, rights and language of who asked.

A worker that dies leaves its job marked as running under a lock that died with it; the next one makes the
file again. Nothing is kept of a file that was not finished.
"""

import logging
from functools import partial
from typing import Any

from flask import current_app, g
from flask_babel import force_locale, gettext
from sqlalchemy import func, or_, select, update

from app.core import clock, files
from app.core.db import unscoped, web_session
from app.core.errors import RuleError, Stopped
from app.core.labels import subject
from app.core.locks import Lock
from app.core.org import FileJob, JobState
from app.core.web import principal, transfer
from app.core.web.listing import Listing

log = logging.getLogger("loandesk.jobs")
STEP = 2_000
"""Rows after which the progress is told."""


def run_waiting() -> int:
    """Make every file that waits, and those whose worker died; how many. Needs an application context."""
    with unscoped("which files wait") as session:
        open_jobs = or_(FileJob.state == JobState.WAITING, FileJob.state == JobState.RUNNING)
        ids = session.scalars(select(FileJob.id).where(open_jobs).order_by(FileJob.id)).all()
    return sum(run(job_id) for job_id in ids)


def run(job_id: int) -> bool:
    """Make the file of one job; False where it is done already or another process is at it.

    A failure is told to its owner in the job's row and raised to nobody.
    """
    with unscoped("be the only one at a file") as session:
        if not session.scalar(select(func.pg_try_advisory_xact_lock(Lock.EXPORT_JOB, job_id % 2**31))):
            return False
        job = session.scalar(select(FileJob).where(FileJob.id == job_id))
        if job is None or job.state not in (JobState.WAITING, JobState.RUNNING):
            return False
        wanted, user_id = dict(job.request), job.user_id
        try:
            _tell(job_id, state=JobState.RUNNING, progress=0, rows=0, message=None)
            made = _make(job_id, wanted, user_id)
            _tell(job_id, state=JobState.DONE, progress=100, **made)
        except Stopped:
            _tell(job_id, state=JobState.STOPPED, progress=0, rows=0)
            return False
        except Exception as error:
            log.exception("file %d could not be made", job_id)
            with force_locale(wanted.get("language", "en")):
                reason = str(error) if isinstance(error, RuleError) else gettext("The file could not be made")
            _tell(job_id, state=JobState.FAILED, message=reason)
            return False
    return True


def _tell(job_id: int, **values: Any) -> None:
    """Let the owner see at once how far it is. Raises Stopped where he wants it no more and it is not at its end."""
    told = update(FileJob).where(FileJob.id == job_id, FileJob.state != JobState.STOPPED).values(**values)
    with unscoped("progress of a file") as session:
        is_to_stop = session.scalar(told.returning(FileJob.is_to_stop))
    if is_to_stop is not False and values.get("state", JobState.RUNNING) == JobState.RUNNING:
        raise Stopped


def _make(job_id: int, wanted: dict[str, Any], user_id: int) -> dict[str, Any]:
    """The stored file's key and how many rows it has, made as its owner would see it now."""
    with current_app.app_context(), force_locale(wanted.get("language", "en")):
        asked = _owner(user_id)
        session = web_session()
        listing = transfer.listing_of(wanted, asked, clock.business_date(session))
        if not asked.may("can_export", subject(listing.entity)):
            raise RuleError(gettext("You may no longer take these rows away"))
        tell = partial(_tell_rows, job_id, max(_number_of_rows(listing), 1))
        with files.scratch("export.xlsx") as path:
            rows = transfer.write_list(listing, session, str(path), tell=tell, every=STEP)
            with path.open("rb") as file:
                key = files.store(file, "export")
        transfer.log_export(listing, rows)
        return {"file_key": key, "rows": rows}


def _owner(user_id: int) -> principal.Principal:
    """The owner as he is now; everything in this context is read in his scope."""
    found = principal.load(principal.stamp(user_id))
    if found is None:
        raise RuleError(gettext("The login is closed"))
    g.user, g.principal = found
    return found[1]


def _number_of_rows(listing: Listing) -> int:
    inner = select(listing.entity.id).where(*listing.where())
    return web_session().scalar(select(func.count()).select_from(inner.subquery())) or 0


def _tell_rows(job_id: int, total: int, rows: int) -> None:
    _tell(job_id, rows=rows, progress=min(99, rows * 100 // total))
