"""Doing what was approved, once, and only if the record is as it was then.

An operation is done as whoever asked for it, with his values. A change of fields must be one that he may still make, and
is stored as the act of who approved it last, with his name in the history's reason.
"""

import logging
from typing import Any

from flask_babel import force_locale, gettext, lazy_gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import MultiDict

from app.core import i18n, registry
from app.core.db import because, source, unscoped, web_session
from app.core.errors import RuleError
from app.core.faults import reason_of
from app.core.labels import subject
from app.core.locks import Lock
from app.core.notices import approvals as notices
from app.core.org import ApprovalRequest, RequestState
from app.core.rules.runner import NobodyThere, acting, said
from app.core.web import bodies, field_changes, operations
from app.core.web.meanwhile import AsAsked, OtherVersion
from app.core.web.operations import Outcome
from app.core.web.principal import current
from app.core.web.writing import put

log = logging.getLogger("loandesk.approvals")


class DoneAlready(Exception):
    """Another process did it first; what this one did is taken back."""


def run() -> int:
    """Do what was approved; how many requests. Needs an application context."""
    with unscoped("one process at a time does what was approved") as house:
        if not house.scalar(select(func.pg_try_advisory_xact_lock(Lock.RULES, 1))):
            return 0
        approved = select(ApprovalRequest.id).where(ApprovalRequest.state == RequestState.APPROVED)
        return sum(_done(one) for one in house.scalars(approved.order_by(ApprovalRequest.id)).all())


def _done(request_id: int) -> bool:
    with unscoped("what was approved") as house:
        request = house.get_one(ApprovalRequest, request_id)
        house.expunge(request)
    mark = source.set("approval")
    try:
        with acting(request):
            _carry_out(request) if field_changes.entity_of(request.operation) is None else _store(request)
        return True
    except (OperationalError, DoneAlready):
        log.info("request %d is left to another try", request_id)
    except (NobodyThere, OtherVersion) as error:
        _fail(request_id, error)
    except Exception as error:
        log.exception("what was approved could not be done")
        _fail(request_id, error)
    finally:
        source.reset(mark)
    return False


def _why(error: Exception) -> Any:
    """The sentence of a rule; of values that cannot stand where they should what is wrong with each."""
    if isinstance(error, NobodyThere):
        return _("The login of whoever asked is closed")
    if isinstance(error, OtherVersion):
        return _("The record was changed after this was asked for; ask again")
    if isinstance(error, RuleError) and not isinstance(error, bodies.Wrong):
        return error.message
    return said(error) or reason_of(error)


def _carry_out(request: ApprovalRequest) -> None:
    """Run the operation and mark the request, in the transaction in which the operation writes."""
    wanted, session = registry.operation(request.operation), web_session()
    if not current().may(wanted.permission, wanted.subject):
        raise RuleError(_("Whoever asked may not do this any more"))
    form = operations.form_for(wanted, session, posted=MultiDict(request.arguments))
    if not form.validate():
        raise RuleError("; ".join(str(one) for many in form.errors.values() for one in many))
    arguments = {p.name: form[p.name].data for p in wanted.arguments}
    because(session, request.title)

    def then(within: Any, outcomes: list[Outcome]) -> None:
        _mark(within, request, outcomes[0].sentence, is_done=outcomes[0].is_done)

    seen = AsAsked(request.version or "")
    operations.run(
        wanted, session, [request.row_id], current(), arguments, opened=seen, then=then, is_approved=True
    )
    session.commit()


def _mark(within: Any, request: ApprovalRequest, outcome: str, *, is_done: bool) -> None:
    """Say what came of it, in the transaction that writes it, and let whoever asked be told. Raises DoneAlready."""
    state = RequestState.DONE if is_done else RequestState.FAILED
    mine = ApprovalRequest.id == request.id, ApprovalRequest.state == RequestState.APPROVED
    marked = update(ApprovalRequest).where(*mine).values(state=state, outcome=outcome[:500])
    if not within.scalars(marked.returning(ApprovalRequest.id)).all():
        raise DoneAlready
    notices.tell(within, request, [request.user_id], notices.DONE if is_done else notices.FAILED)


def _store(request: ApprovalRequest) -> None:
    """Store a change as the act of who approved it last, once it was tried as whoever asked: by his rights and scope."""
    values = _tried(request)
    decider = request.second_by_id or request.first_by_id
    entity = registry.entity(request.entity)
    with unscoped("store a change that was approved", user_id=decider) as house:
        who = house.get_one(ApprovalRequest, request.id, with_for_update=True).user
        asked = gettext("%(what)s; asked for by %(who)s", what=request.title, who=str(who))
        because(house, (f"{asked}. {request.told}" if request.told else asked)[:500])
        mine = select(entity).where(entity.id == request.row_id).with_for_update(of=entity, key_share=True)
        row = house.scalars(mine).unique().one()
        field_changes.refuse_stale(row, request.changes)
        written = put(house, entity, row, values, is_approved=True)
        sentence = " ".join([gettext("The change is stored"), *written.warnings])
        _mark(house, request, sentence, is_done=True)


def _tried(request: ApprovalRequest) -> dict[str, Any]:
    """The values of a change, which whoever asked for it could store himself. Raises RuleError where he could not."""
    entity, session = registry.entity(request.entity), web_session()
    if not current().may("can_edit", subject(entity)):
        raise RuleError(_("Whoever asked may not do this any more"))
    row = session.scalars(select(entity).where(entity.id == request.row_id)).unique().one_or_none()
    if row is None:
        raise RuleError(_("The record is gone, or whoever asked does not see it any more"))
    values = bodies.values(entity, row, {name: after for name, (_before, after) in request.changes.items()})
    put(session, entity, row, values, is_approved=True)
    session.rollback()
    return values


def _fail(request_id: int, error: Exception) -> None:
    """Tell whoever asked why it was not done, in his language."""
    with unscoped("what was approved cannot be done") as house:
        request = house.get_one(ApprovalRequest, request_id, with_for_update=True)
        if request.state == RequestState.APPROVED:
            with force_locale(request.user.language):
                request.state, request.outcome = RequestState.FAILED, i18n.spoken(_why(error))[:500]
            notices.tell(house, request, [request.user_id], notices.FAILED)
