"""The record of imports: begun, how far, how ended; and runs that died are told as such.

The record is written in transactions of its own, so that everyone sees how far an import has come while the
rows themselves wait for the one commit at the end. A run holds an advisory lock for as long as it lives.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, func, not_, select, update
from sqlalchemy.orm import Session

from app.core import clock, i18n
from app.core.db import unscoped
from app.core.errors import Stopped
from app.core.locks import Lock
from app.models.intake import ImportRun, ImportState, StatedDifference
from app.servicing.intake.problems import Problem
from app.servicing.intake.staging import fill
from app.servicing.intake.summary import Step, Summary

SECONDS_BETWEEN_TELLING = 1.0
SHOWN = 1000
"""Characters of a refused value that are kept."""
INTERRUPTED = _("The import was interrupted and nothing of it was stored. Import the file again.")
AGAIN = _("The import was interrupted and nothing of it was stored. It begins again by itself.")


@dataclass
class Record:
    """The record of one import; `run_id` is None until it has begun, unless the run was waiting."""

    layout_id: int
    file_name: str
    user_id: int | None
    file_key: str | None
    run_id: int | None = None

    def begin(self, session: Session) -> int:
        """Record that the run is alive for as long as the session's transaction is, and give its id."""
        is_new = self.run_id is None
        sequence = func.pg_get_serial_sequence(ImportRun.__tablename__, "id")
        run_id = self.run_id or int(session.scalars(select(func.nextval(sequence))).one())
        session.execute(select(func.pg_advisory_xact_lock(Lock.IMPORT_RUN, _key(run_id))))
        with unscoped("record that an import begins", user_id=self.user_id) as own:
            end_interrupted(own)
            if is_new:
                own.add(
                    ImportRun(
                        id=run_id, layout_id=self.layout_id, file_name=self.file_name, file_key=self.file_key,
                        state=ImportState.RUNNING, started_by_id=self.user_id,
                    )
                )  # fmt: skip
            else:
                started = {"state": ImportState.RUNNING, "progress": 0, "rows": 0, "ended_at": None}
                begun = update(ImportRun).where(
                    ImportRun.id == run_id, ImportRun.state != ImportState.STOPPED
                )
                if own.scalar(begun.values(started).returning(ImportRun.id)) is None:
                    raise Stopped
        self.run_id = run_id
        return run_id

    def fail(self, sentence: Any) -> None:
        """Record why the whole file was refused."""
        if self.run_id is not None:
            _record(self.run_id, state=ImportState.FAILED, ended_at=clock.now(), **_message(sentence))

    def stop(self) -> None:
        """Record that it was stopped: nothing of it is stored."""
        if self.run_id is not None:
            _record(self.run_id, state=ImportState.STOPPED, ended_at=clock.now(), message=None, said={})


def _message(sentence: Any) -> dict[str, Any]:
    """A sentence as a run keeps it."""
    said = i18n.kept(sentence)
    return {"message": said.pop("reason"), "said": said}


def end_interrupted(session: Session) -> int:
    """Find the runs whose process died; returns how many there were.

    One whose file is kept waits to begin again, once: a file that ends its process twice would do so for ever.
    The others have failed.
    """
    running = session.scalars(select(ImportRun.id).where(ImportRun.state == ImportState.RUNNING)).all()
    free = func.pg_try_advisory_xact_lock
    dead = [number for number in running if session.scalar(select(free(Lock.IMPORT_RUN, _key(number))))]
    if dead:
        is_first = and_(ImportRun.file_key.is_not(None), ImportRun.message.is_(None))
        mine = update(ImportRun).where(ImportRun.id.in_(dead))
        waits = {"state": ImportState.WAITING, **_message(AGAIN)}
        ended = {"state": ImportState.FAILED, "ended_at": clock.now(), **_message(INTERRUPTED)}
        session.execute(mine.where(not_(is_first)).values(ended))
        session.execute(mine.where(is_first).values(waits))
    return len(dead)


def finish(session: Session, summary: Summary, client_id: int | None, problems: list[Problem]) -> None:
    """Record the end and the refused rows, in the transaction that stores the rows themselves."""
    if problems:
        _keep(session, summary.run_id, problems)
    counts = {
        name: getattr(summary, name) for name in ("rows", "created", "updated", "unchanged", "rejected")
    }
    ended = {"state": ImportState.DONE, "progress": 100, "message": None, "said": {}, "ended_at": clock.now()}
    values = {**counts, **ended, "client_id": client_id, "error_file_key": summary.error_file}
    session.execute(update(ImportRun).where(ImportRun.id == summary.run_id).values(values))


def _keep(session: Session, run_id: int, problems: list[Problem]) -> None:
    """Store what is wrong, by one statement: one for each row took four minutes for a hundred thousand."""
    columns = zip(*map(_told, problems), strict=True)
    into = 'import_problem (run_id, row, "column", value, reason, said, personal)'
    kinds = "bigint[], int[], text[], text[], text[], jsonb[], text[]"
    fill(session, into, kinds, repeat(run_id, len(problems)), *columns)


def _told(problem: Problem) -> tuple[int, str, str | None, str, str, str | None]:
    said = {name: part for name, part in problem.said.items() if name != "reason"}
    return (
        problem.row, problem.column[:200], _shown(problem.value), problem.said["reason"],
        json.dumps(said, ensure_ascii=False), problem.personal,
    )  # fmt: skip


def _shown(value: str | None) -> str | None:
    return value and value.replace("\0", "\u2400")[:SHOWN]


def told(session: Session, run: ImportRun) -> Summary:
    """The end of a run that is done."""
    different = select(func.count()).select_from(StatedDifference).where(StatedDifference.run_id == run.id)
    return Summary(
        run.id, run.rows, run.created, run.updated, run.unchanged, run.rejected, session.scalar(different) or 0,
        run.error_file_key,
    )  # fmt: skip


class Teller:
    """Tells how far a run is: to whoever waits for it, and to its record at each of its steps and now and then.

    There it can be stopped: what it has written is not committed yet. Raises Stopped.
    """

    def __init__(self, run_id: int, progress: Callable[[int, str], None] | None) -> None:
        self._run_id, self._progress = run_id, progress
        self._told_at, self._step, self._rows = time.monotonic(), Step.READING, 0

    def __call__(self, percent: int, stage: Any, rows: int | None = None) -> None:
        self._rows = self._rows if rows is None else rows
        step = Step.at(percent)
        if step != self._step or time.monotonic() - self._told_at >= SECONDS_BETWEEN_TELLING:
            known = {"rows": self._rows} if self._rows else {}
            if _record(self._run_id, progress=percent, **known):
                raise Stopped
            self._told_at, self._step = time.monotonic(), step
        if self._progress is not None:
            self._progress(percent, str(stage))


def _record(run_id: int, **values: Any) -> bool:
    """Whether somebody wants it to stop; what is stored cannot be stopped any more."""
    with unscoped("record how far an import is") as session:
        told = update(ImportRun).where(ImportRun.id == run_id).values(values)
        found = session.execute(told.returning(ImportRun.is_to_stop, ImportRun.state)).one()
        return bool(found.is_to_stop and found.state == ImportState.RUNNING)


def _key(run_id: int) -> int:
    return run_id % 2**31
