"""Jobs leave a record: which step ran for which day, how long it took, what went wrong.

A step's work and the word "done" are one transaction, so a process killed at any instruction leaves the
step either done or as if it had never begun. An advisory lock per job lets one process at a time work; the
lock dies with its process, so a row still marked running under a lock we hold is a dead one's and runs again.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core import clock, i18n
from app.core.db import ScopedSession, source, unscoped
from app.core.errors import Stopped
from app.core.faults import reason_of
from app.core.locks import Lock
from app.core.org.records import JobRun, JobState
from app.core.retry import is_lost, until_free

log = logging.getLogger("loandesk.jobs")
REQUEST = "request"
"""The step under which somebody's wish to have a job run waits."""
PATIENCE = timedelta(minutes=1)
"""After this long a request that is being met may be taken up by another process too: steps are done once."""
LISTED_ERRORS = 1000
"""A step lists so many errors; the rest is counted."""


@dataclass
class Record:
    """What a running step tells about itself: rows at fault, and whatever else is worth keeping."""

    job: str
    step: str
    business_on: date | None
    errors: list[dict[str, Any]] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)
    failed: int = 0

    def problem(self, row: Any, reason: Any, **more: Any) -> None:
        """One row that could not be worked on; the step goes on without it."""
        self.failed += 1
        if len(self.errors) < LISTED_ERRORS:
            self.errors.append({"row": row, **i18n.kept(reason), **more})

    def remark(self, reason: Any) -> None:
        """What whoever reads of the step should know although nothing went wrong; stands before its errors."""
        self.errors.insert(0, {"row": None, **i18n.kept(reason)})


@dataclass(frozen=True)
class Outcome:
    """How a step ended, or that it had been done before."""

    step: str
    business_on: date | None
    state: JobState
    rows: int
    errors: int
    seconds: Any
    is_new: bool
    remark: str = ""

    def __str__(self) -> str:
        day = f" {self.business_on}" if self.business_on else ""
        if self.state == JobState.MISSED:
            told = "missed: only the last day's is made"
        elif self.is_new:
            told = f"{self.rows:>9} rows {self.seconds:>8.2f} s"
        else:
            told = f"{self.rows:>9} rows, already done"
        if self.errors:
            told += f", {self.errors} errors"
        if self.remark:
            told += f": {self.remark}"
        return f"{self.step:<12}{day}  {told}"


Work = Callable[[ScopedSession, Record], int]


def run_step(
    job: str, step: str, business_on: date | None, work: Work, *, user_id: int | None = None
) -> Outcome:
    """Do a step of a job for a day unless it has been done; waits while another process works on the job.

    `work` writes through the session it is given and returns how many rows it touched. What it raises undoes
    the step, is kept in its row as the reason, and is raised again.
    """
    mark = source.set("job")
    try:
        return until_free(_attempt, job, step, business_on, work, user_id)
    finally:
        source.reset(mark)


def _attempt(job: str, step: str, business_on: date | None, work: Work, user_id: int | None) -> Outcome:
    """One try at a step: done, or as if it had never begun with the reason in its row."""
    record, attempt = Record(job, step, business_on), 0
    try:
        with unscoped("step of a job", user_id=user_id) as session:
            lock(session, job)
            done = find(session, job, step, business_on)
            if done is not None and done.state in (JobState.DONE, JobState.MISSED):
                return _outcome(done, is_new=False)
            attempt = _begin(record, user_id)
            started = time.perf_counter()
            rows = work(session, record)
            return _finish(session, record, rows, time.perf_counter() - started)
    except Exception as error:
        if attempt:
            _fail(record, attempt, error)
        raise


def miss(job: str, step: str, business_on: date) -> Outcome:
    """Record that a step of a missed day is not made up for; one that was done stays done."""
    with unscoped("record a missed step") as session:
        lock(session, job)
        found = find(session, job, step, business_on)
        if found is None or found.state not in (JobState.DONE, JobState.MISSED):
            found = _upsert(
                session, job, step, business_on, {"state": JobState.MISSED, "ended_at": clock.now()}
            )
        return _outcome(found, is_new=True)


def request(session: Session, job: str, business_on: date | None, user_id: int | None) -> JobRun:
    """Ask for a job to be run soon: a waiting row that the clockwork picks up. Twice is the same as once."""
    found = find(session, job, REQUEST, business_on)
    if found is not None and found.state in (JobState.WAITING, JobState.RUNNING):
        return found
    values: dict[str, Any] = {
        "state": JobState.WAITING,
        "user_id": user_id,
        "errors": [],
        "ended_at": None,
        "is_to_stop": False,
        "progress": 0,
    }
    return _upsert(session, job, REQUEST, business_on, values)


def requested(session: Session, job: str) -> list[JobRun]:
    """The requests that wait, and those that nobody seems to be at any more; the earliest day first."""
    left = and_(JobRun.state == JobState.RUNNING, JobRun.started_at < clock.now() - PATIENCE)
    waiting = or_(JobRun.state == JobState.WAITING, left)
    found = select(JobRun).where(JobRun.job == job, JobRun.step == REQUEST, waiting)
    return list(session.scalars(found.order_by(JobRun.business_on)))


def meet(job: str, business_on: date, work: Callable[[], int]) -> bool:
    """Do what a request asks for and record how it ended; whether it went well."""
    values: dict[str, Any] = {"state": JobState.RUNNING, "started_at": clock.now()}
    with unscoped("take up a request") as session:
        _upsert(session, job, REQUEST, business_on, values)
    try:
        values = {"state": JobState.DONE, "rows": work(), "errors": [], "progress": 100}
    except Stopped:
        values = {"state": JobState.STOPPED}
    except Exception as error:
        log.exception("%s: what was asked for failed", job)
        values = {"state": JobState.FAILED, "errors": [{"row": None, **i18n.kept(reason_of(error))}]}
    with unscoped("record how a request ended") as session:
        _upsert(session, job, REQUEST, business_on, {**values, "ended_at": clock.now()})
    return values["state"] == JobState.DONE


def pulse(job: str, business_on: date, percent: int) -> None:
    """Record how far the request is that is being met. Raises Stopped where somebody wants it to end."""
    mine = JobRun.job == job, JobRun.step == REQUEST, JobRun.business_on == business_on
    with unscoped("how far a job is") as session:
        told = update(JobRun).where(*mine).values(progress=percent)
        is_to_stop = session.scalar(told.returning(JobRun.is_to_stop))
    if is_to_stop:
        raise Stopped


def note(session: Session, job: str, step: str, business_on: date, rows: int) -> None:
    """Record work that was done outside of a step, in the transaction that did it; again adds its rows.

    It starts when it is first noted. No seconds are kept: work of several times of the day took none of its own.
    """
    found = find(session, job, step, business_on)
    now, before = clock.now(), found.rows if found is not None else 0
    started = (found.started_at if found is not None else None) or now
    values = {"state": JobState.DONE, "rows": before + rows, "started_at": started, "ended_at": now}
    _upsert(session, job, step, business_on, values)


def lock(session: Session, job: str) -> None:
    """Be the only one that works on this job until the transaction ends; waits for whoever is."""
    session.execute(select(func.pg_advisory_xact_lock(Lock.JOB, func.hashtext(job))))


def find(session: Session, job: str, step: str, business_on: date | None) -> JobRun | None:
    """The row of a step for a day, as it is now."""
    same_day = JobRun.business_on.is_not_distinct_from(business_on)
    found = select(JobRun).where(JobRun.job == job, JobRun.step == step, same_day)
    return session.scalars(found.execution_options(populate_existing=True)).one_or_none()


def done(session: Session, job: str, business_on: date | None) -> dict[str, Outcome]:
    """How the steps of a job ended that need not run again for a day, by name; one statement."""
    same_day = JobRun.business_on.is_not_distinct_from(business_on)
    is_over = JobRun.state.in_((JobState.DONE, JobState.MISSED))
    found = session.scalars(select(JobRun).where(JobRun.job == job, same_day, is_over))
    return {row.step: _outcome(row, is_new=False) for row in found}


def _upsert(
    session: Session, job: str, step: str, business_on: date | None, values: dict[str, Any]
) -> JobRun:
    row = insert(JobRun).values(job=job, step=step, business_on=business_on, **values)
    made = row.on_conflict_do_update(
        index_elements=[JobRun.job, JobRun.step, JobRun.business_on], set_=values
    ).returning(JobRun)
    return session.scalars(made, execution_options={"populate_existing": True}).one()


def _begin(record: Record, user_id: int | None) -> int:
    """Mark the step as running where everyone sees it; which attempt it is."""
    with unscoped("mark a step as running") as session:
        values = {"state": JobState.RUNNING, "started_at": clock.now(), "ended_at": None, "user_id": user_id}
        row = _upsert(session, record.job, record.step, record.business_on, values)
        row.attempts += 1
        return int(row.attempts)


def _finish(session: Session, record: Record, rows: int, seconds: Any) -> Outcome:
    values = {
        "state": JobState.DONE, "rows": rows, "errors": record.errors, "ended_at": clock.now(),
        "result": record.result | {"errors": record.failed}, "seconds": round(seconds, 3),
    }  # fmt: skip
    return _outcome(_upsert(session, record.job, record.step, record.business_on, values), is_new=True)


def _fail(record: Record, attempt: int, error: Exception) -> None:
    """Keep why a step failed. Where the database is gone it cannot be kept: the next run finds a step of the dead."""
    log.error("%s: step %s failed", record.job, record.step, exc_info=None if is_lost(error) else error)
    try:
        _keep_reason(record, attempt, error)
    except OperationalError as away:
        if not is_lost(away):
            raise


def _keep_reason(record: Record, attempt: int, error: Exception) -> None:
    with unscoped("record a failed step") as session:
        row = find(session, record.job, record.step, record.business_on)
        if row is not None and row.state == JobState.RUNNING and row.attempts == attempt:
            row.state, row.ended_at = JobState.FAILED, clock.now()
            row.errors = [*record.errors, {"row": None, **i18n.kept(reason_of(error))}]


def _outcome(row: JobRun, *, is_new: bool) -> Outcome:
    errors = int(row.result.get("errors", 0)) if row.result else 0
    remark = next((str(each["reason"]) for each in row.errors or () if each["row"] is None), "")
    return Outcome(row.step, row.business_on, row.state, row.rows, errors, row.seconds or 0, is_new, remark)
