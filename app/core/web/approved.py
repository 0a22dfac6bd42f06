"""Doing what was approved: as whoever asked for it, with his values, once, and only if the record is as it was then."""

import logging
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import ETags, MultiDict

from app.core import i18n, registry
from app.core.db import because, source, unscoped, web_session
from app.core.errors import RuleError
from app.core.faults import reason_of
from app.core.locks import Lock
from app.core.org import ApprovalRequest, RequestState
from app.core.rules.runner import NobodyThere, acting, said
from app.core.web import operations
from app.core.web.meanwhile import Expected, OtherVersion
from app.core.web.operations import Outcome
from app.core.web.principal import current

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
            _carry_out(request)
        return True
    except (OperationalError, DoneAlready):
        log.info("request %d is left to another try", request_id)
    except NobodyThere:
        _fail(request_id, _("The login of whoever asked is closed"))
    except OtherVersion:
        _fail(request_id, _("The record was changed after this was asked for; ask again"))
    except Exception as error:
        log.exception("what was approved could not be done")
        _fail(request_id, error.message if isinstance(error, RuleError) else said(error) or reason_of(error))
    finally:
        source.reset(mark)
    return False


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
        state = RequestState.DONE if outcomes[0].is_done else RequestState.FAILED
        mine = ApprovalRequest.id == request.id, ApprovalRequest.state == RequestState.APPROVED
        marked = update(ApprovalRequest).where(*mine).values(state=state, outcome=outcomes[0].sentence[:500])
        if not within.scalars(marked.returning(ApprovalRequest.id)).all():
            raise DoneAlready

    seen = Expected(ETags([request.version or ""]))
    operations.run(
        wanted, session, [request.row_id], current(), arguments, opened=seen, then=then, is_approved=True
    )
    session.commit()


def _fail(request_id: int, sentence: Any) -> None:
    with unscoped("what was approved cannot be done") as house:
        request = house.get_one(ApprovalRequest, request_id, with_for_update=True)
        if request.state == RequestState.APPROVED:
            request.state, request.outcome = RequestState.FAILED, i18n.spoken(sentence)[:500]
