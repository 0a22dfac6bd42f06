"""Carrying out a change of many rows part by part, in the scope, rights and language of who asked for it.

A part and the word how far the job is are one transaction: a worker killed at any instruction leaves a part done or as
if it had never begun, and the next one goes on behind it. Nothing is done twice, which matters for operations.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import force_locale, gettext
from sqlalchemy import ARRAY, BigInteger, func, literal, select, update
from sqlalchemy.orm import undefer
from werkzeug.datastructures import MultiDict

from app.core import clock, registry
from app.core.db import ScopedSession, because, is_asked, source, unscoped, web_session
from app.core.errors import OutOfScope, ReadOnlyScope, RuleError
from app.core.labels import subject
from app.core.locks import Lock
from app.core.operation import Operation
from app.core.org import BulkJob, JobState, Selection, User
from app.core.retry import is_lost, until_free
from app.core.rules.runner import NobodyThere, acting
from app.core.web import approving, bulk, followed, forms, operations
from app.core.web.bulk_form import bulk_form, fields_of
from app.core.web.operations import Outcome
from app.core.web.principal import current

log = logging.getLogger("loandesk.jobs")
OPEN = (JobState.WAITING, JobState.RUNNING)
ROWS_CHANGED, ROWS_WORKED_ON = 1000, 100
"""Rows of a part: of a change of fields, and of an operation."""
MOST_LISTED, MOST_WARNED = 1000, 5
"""Sentences that a job keeps; the rest is counted, and the refused rows are kept as a list."""


class DoneAlready(Exception):
    """Another process did this part first; what this one did of it is taken back."""


@dataclass
class Came:
    """What came of a part: rows done, asked for, rows that said so already, and [id, sentence] of the others."""

    done: int = 0
    asked: int = 0
    same: int = 0
    refused: list[list[Any]] = field(default_factory=list)
    warned: list[list[Any]] = field(default_factory=list)

    def note(self, outcomes: Sequence[Outcome]) -> None:
        """Count what an operation came to."""
        self.done += sum(one.is_done for one in outcomes)
        self.asked += sum(one.is_asked for one in outcomes)
        self.refused += [[one.row_id, one.sentence] for one in outcomes if one.is_refused]


def run_waiting() -> int:
    """Go on with every job that waits, and those whose worker died; how many. Needs an application context."""
    with unscoped("which large changes wait") as house:
        ids = house.scalars(select(BulkJob.id).where(BulkJob.state.in_(OPEN)).order_by(BulkJob.id)).all()
    return sum(run(job_id) for job_id in ids)


def run(job_id: int) -> bool:
    """Carry out one job to its end; False where it is done already, failed, or another process is at it.

    A failure is told to its owner in the job's row and raised to nobody.
    """
    with unscoped("be the only one at a large change") as lock:
        if not lock.scalar(select(func.pg_try_advisory_xact_lock(Lock.BULK_JOB, job_id % 2**31))):
            return False
        asked = is_asked.set(True)
        try:
            while (job := _next(job_id)) is not None:
                until_free(_part, job)
        except DoneAlready:
            log.info("large change %d is left to another worker", job_id)
            return False
        except Exception as error:
            if is_lost(error):
                raise
            _fail(job_id, error)
            return False
        finally:
            is_asked.reset(asked)
    return True


def _next(job_id: int) -> BulkJob | None:
    """The job as it is before its next part; None where nothing is left, or nothing more is wanted."""
    with unscoped("how far a large change is") as house:
        mine = select(BulkJob).where(BulkJob.id == job_id, BulkJob.state.in_(OPEN))
        job = house.scalar(mine.options(undefer(BulkJob.outcome)).with_for_update(of=BulkJob))
        if job is None:
            return None
        if job.position >= job.total:
            job.state, job.progress, job.ended_at = JobState.DONE, 100, clock.now()
            # nobody needs them any more, and values of persons must not outlive these
            job.arguments, job.row_ids = {}, []
            return None
        if job.is_to_stop:
            job.state, job.ended_at = JobState.STOPPED, clock.now()
            return None
        job.state = JobState.RUNNING
        house.flush()
        house.expunge(job)
        return job


def _part(job: BulkJob) -> None:
    """Do the next part of a job and mark it, as whoever asked is now."""
    with acting(job):
        # the end of each such request forgets it
        source.set("job")
        entity, session = registry.entity(job.entity), web_session()
        _operate(session, job) if job.operation else _edit(session, entity, job)
        session.commit()


def _edit(session: ScopedSession, entity: Any, job: BulkJob) -> None:
    if not current().may("can_edit", subject(entity)):
        raise RuleError(gettext("You may no longer do this"))
    values = _values(session, entity, job)
    if job.reason:
        because(session, job.reason)
    came, asked, seen = _begun(session, entity, job, ROWS_CHANGED)
    done = bulk.change(session, entity, seen, values, job.user_id)
    came.done, came.same = done.changed, done.same
    came.refused += [[one.row_id, one.sentence] for one in done.refused]
    came.warned += [[one.row_id, one.sentence] for one in done.warnings]
    _mark(session, job, asked, came)


def _values(session: ScopedSession, entity: Any, job: BulkJob) -> dict[str, Any]:
    """The values of a change by column, read by the form that asked for them. Raises RuleError."""
    fields = [one for one in fields_of(entity, current()) if one.column.key in job.arguments]
    if len(fields) < len(job.arguments):
        raise RuleError(gettext("One of these fields can no longer be changed"))
    form = bulk_form(entity, fields, session, posted=MultiDict(job.arguments))
    _need_right(form)
    return forms.values(form, fields)


def _need_right(form: Any) -> None:
    if not form.validate():
        raise RuleError(
            "; ".join(f"{form[name].label.text}: {one}" for name, many in form.errors.items() for one in many)
        )


def _operate(session: ScopedSession, job: BulkJob) -> None:
    wanted = registry.operation(str(job.operation))
    if not current().may(wanted.permission, wanted.subject):
        raise RuleError(gettext("You may no longer do this"))
    form = operations.form_for(wanted, session, posted=MultiDict(job.arguments))
    _need_right(form)
    arguments = {p.name: form[p.name].data for p in wanted.arguments}
    came, asked, seen = _begun(session, wanted.entity, job, _rows_at_once(session, wanted))

    def then(within: Any, outcomes: list[Outcome]) -> None:
        came.note(outcomes)
        if wanted.house:
            # written outside of the user's scope, in a transaction of its own: the mark goes with it
            _mark(within, job, asked, came)

    if seen:
        operations.run(wanted, session, seen, current(), arguments, then=then)
    if not (seen and wanted.house):
        _mark(session, job, asked, came)


def _rows_at_once(session: ScopedSession, wanted: Operation) -> int:
    """Rows of a part: one where what is asked for and what is done at once are of two transactions."""
    return 1 if wanted.house and approving.routes_of(session, wanted) else ROWS_WORKED_ON


def _begun(session: ScopedSession, entity: Any, job: BulkJob, most: int) -> tuple[Came, int, list[int]]:
    """What came of the part before it is tried, how many rows it has, and those that are seen; the others are refused."""
    part = BulkJob.row_ids[job.position + 1 : job.position + most]
    ids = session.scalar(select(part).where(BulkJob.id == job.id)) or []
    there = select(entity.id).where(bulk.among(entity, ids), *followed.open_to(entity, current()))
    seen = set(session.scalars(there))
    why = gettext("It is gone, or you do not see it any more")
    gone = [[one, why] for one in ids if one not in seen]
    return Came(refused=gone), len(ids), [one for one in ids if one in seen]


def _mark(within: Any, job: BulkJob, asked: int, came: Came) -> None:
    """Say how far the job is, in the transaction that writes. Raises DoneAlready."""
    position = job.position + max(asked, 1)
    outcome = {
        "refused": [*job.outcome.get("refused", ()), *came.refused][:MOST_LISTED],
        "warned": [*job.outcome.get("warned", ()), *came.warned][:MOST_WARNED],
        "asked": job.outcome.get("asked", 0) + came.asked,
    }
    values = {
        "position": position, "progress": min(99, position * 100 // job.total), "outcome": outcome, "done": job.done + came.done,
        "unchanged": job.unchanged + came.same, "refused": job.refused + len(came.refused), "selection_id": _listed(within, job, came),
    }  # fmt: skip
    mine = BulkJob.id == job.id, BulkJob.position == job.position
    marked = update(BulkJob).where(*mine).values(values).returning(BulkJob.id)
    if within.scalar(marked, execution_options={"synchronize_session": False}) is None:
        raise DoneAlready


def _listed(within: Any, job: BulkJob, came: Came) -> int | None:
    """The selection of all refused rows; made with the first of them."""
    ids = [row_id for row_id, _sentence in came.refused]
    if not ids or job.selection_id is not None:
        more = func.array_cat(Selection.row_ids, literal(ids, ARRAY(BigInteger)))
        longer = update(Selection).where(Selection.id == job.selection_id).values(row_ids=more)
        if ids:
            within.execute(longer, execution_options={"synchronize_session": False})
        return job.selection_id
    chosen = Selection(user_id=job.user_id, entity=job.entity, row_ids=ids)
    within.add(chosen)
    within.flush()
    return int(chosen.id)


def _fail(job_id: int, error: Exception) -> None:
    """Tell the owner why, in his language; what was done before stays."""
    with unscoped("a large change could not be finished") as house:
        job = house.get_one(BulkJob, job_id, with_for_update=True)
        language = house.scalar(select(User.language).where(User.id == job.user_id)) or "en"
        with force_locale(language):
            job.message = _why(job_id, error)[:500]
        job.state, job.ended_at = JobState.FAILED, clock.now()


def _why(job_id: int, error: Exception) -> str:
    if isinstance(error, RuleError):
        return str(error)
    if isinstance(error, NobodyThere):
        return gettext("The login is closed")
    if isinstance(error, ReadOnlyScope):
        return gettext("You may look at these records, but not change them")
    if isinstance(error, OutOfScope):
        return gettext("Something that is named is gone, or you do not see it any more")
    log.error("large change %d failed", job_id, exc_info=error)
    return gettext("It could not be finished")
