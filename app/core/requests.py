"""Requests for approval that end without a word of anybody: what they are about is gone, or what was to be stored."""

from typing import Any

from flask_babel import force_locale
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.core import clock, i18n, registry
from app.core.org import ApprovalRequest, RequestState, Task, TaskState

BATCH = 200


def end(session: Session, request: ApprovalRequest, outcome: Any) -> None:
    """End a request that nobody decides any more, and the tasks to do so; the caller holds its row locked.

    The outcome, a sentence that is still to be put into a language, is told in that of whoever asked.
    """
    request.state, request.decided_at = RequestState.FAILED, clock.now()
    with force_locale(request.user.language):
        request.outcome = i18n.spoken(outcome)[:500]
    ids = [one for one in (request.task_id, *(request.escalation_task_ids or ())) if one is not None]
    still = select(Task).where(Task.id.in_(ids), Task.state == TaskState.OPEN).order_by(Task.id)
    for task in session.scalars(still.with_for_update(of=Task)).unique():
        task.state, task.done_at, task.open_due_on = TaskState.DONE, request.decided_at, None


def waiting(*which: Any) -> Any:
    """The query of requests that wait, locked unless somebody else has them."""
    found = select(ApprovalRequest).where(ApprovalRequest.state == RequestState.WAITING, *which)
    return found.order_by(ApprovalRequest.id).with_for_update(skip_locked=True, of=ApprovalRequest)


def end_of_deleted(session: Session, outcome: Any) -> int:
    """End the waiting requests about records that are deleted, which nobody sees any more; how many."""
    done = 0
    slugs = select(ApprovalRequest.entity).where(ApprovalRequest.state == RequestState.WAITING).distinct()
    for slug in filter(registry.has_entity, session.scalars(slugs).all()):
        cls = registry.entity(slug)
        is_gone = ~exists().where(cls.id == ApprovalRequest.row_id)
        for request in session.scalars(
            waiting(ApprovalRequest.entity == slug, is_gone).limit(BATCH)
        ).unique():
            end(session, request, outcome)
            done += 1
    return done
