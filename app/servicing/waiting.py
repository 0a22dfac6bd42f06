"""Files that were uploaded and wait to be imported."""

from __future__ import annotations

import logging

from sqlalchemy import func, select

from app.core.db import unscoped
from app.core.errors import RuleError
from app.core.locks import Lock
from app.models.intake import ImportRun, ImportState
from app.servicing.intake.importing import run_waiting
from app.servicing.intake.runs import end_interrupted

log = logging.getLogger("loandesk.jobs")


def run_all() -> int:
    """Import every file that waits, or whose process died, and that no other process is at; how many it were."""
    with unscoped("which imports wait") as session:
        end_interrupted(session)
        waiting = select(ImportRun.id).where(
            ImportRun.state == ImportState.WAITING, ImportRun.file_key.is_not(None)
        )
        ids = session.scalars(waiting.order_by(ImportRun.id)).all()
    return sum(_run(run_id) for run_id in ids)


def _run(run_id: int) -> bool:
    with unscoped("be the only one at an import") as session:
        if not session.scalar(select(func.pg_try_advisory_xact_lock(Lock.WAITING_IMPORT, run_id % 2**31))):
            return False
        state = session.scalar(select(ImportRun.state).where(ImportRun.id == run_id))
        if state != ImportState.WAITING:
            return False
        try:
            run_waiting(run_id)
        except RuleError as error:
            log.warning("import %d: %s", run_id, error)  # its record tells the person who started it
            return False
    return True
