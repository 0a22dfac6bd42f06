"""Deciding what was asked for: whose turn it is, who stands in for somebody away, and what is said of it."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from flask import redirect
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, registry
from app.core.db import because, web_session
from app.core.errors import RuleError
from app.core.notices import approvals as notices
from app.core.operation import operation
from app.core.org import Absence, ApprovalRequest, ApprovalRoute, RequestState, Task, TaskState, User
from app.core.types import Line
from app.core.web import approving, field_changes, followed, links, mentions
from app.core.web.meanwhile import whole_version
from app.core.web.principal import current
from app.core.web.register import MenuEntry, screen
from app.core.web.steering import business_date
from app.core.web.task_rules import DOERS

MOST_ROLES = 8
"""Of those whom somebody stands in for; a list takes so many filters."""


def stood_in_for(session: Session, user_id: int, on: date) -> list[User]:
    """Those who are away on a business date and whose substitute the user is; whom they stand in for does not count."""
    away = (Absence.substitute_id == user_id, Absence.starts_on <= on, Absence.ends_on >= on)
    found = select(User).join(Absence, Absence.user_id == User.id).where(*away, User.active).order_by(User.id)
    return list(session.scalars(found).unique())


def is_turn_of(request: ApprovalRequest, user: User) -> bool:
    """Whether the user may decide on the step: by his role, or as one to whom it was passed on."""
    roles = {request.role_id, request.escalated_role_id} - {None}
    return user.role_id in roles or user.id in (request.escalated_ids or ())


def had_say(request: ApprovalRequest) -> set[int]:
    """Who asked, and by whom and in whose place the first step was decided: they do not decide again."""
    known = (request.user_id, request.first_by_id, request.first_for_id)
    return {one for one in known if one is not None}


def in_whose_place(house: Session, request: ApprovalRequest, user_id: int) -> User | None:
    """The person away in whose place the user decides; None where he does so in his own right.

    Raises RuleError where neither he may nor anybody whom he stands in for.
    """
    silent = had_say(request)
    if user_id in silent:
        raise RuleError(_("Another person has to decide: you had your say in it"))
    if is_turn_of(request, house.get_one(User, user_id)):
        return None
    away = [
        one
        for one in stood_in_for(house, user_id, clock.business_date(house))
        if is_turn_of(request, one) and _could_himself(one, request)
    ]
    if not away:
        raise RuleError(_("It is the turn of another role"))
    able = [one for one in away if one.id not in silent]
    if not able:
        raise RuleError(_("Another person has to decide: %(who)s, for whom you stand in, had his say in it", who=str(away[0])))  # fmt: skip
    return able[0]


def _could_himself(user: User, request: ApprovalRequest) -> bool:
    """Whether the person away sees the record and has the right to approve: more than he may his substitute may not."""
    entity = registry.entity(request.entity)
    return may_approve(user) and next(mentions.who_see([user], entity, request.row_id), None) is not None


def may_approve(user: User) -> bool:
    """Whether a user's role has the right to approve requests."""
    return user.role_id is not None and followed.may_role(user.role_id, approving.RIGHT)


def _is_waiting(request: ApprovalRequest) -> bool:
    return request.state == RequestState.WAITING


@operation(
    ApprovalRequest, _("Approve"), roles=DOERS, icon="check", is_primary=True, is_offered=_is_waiting,
    house="who approves changes a request of somebody else",
)  # fmt: skip
def approve_request(
    house: Session, request: ApprovalRequest, *, note: Line | None = None, user_id: int
) -> str:
    """Say yes for the step whose turn it is; after the last one it is done within seconds."""
    request, whom = _decided(house, request, user_id, note)
    _refuse_stale(house, request)
    if request.step == 1:
        request.first_by_id, request.first_for_id = user_id, whom
    else:
        request.second_by_id, request.second_for_id = user_id, whom
    if request.is_last:
        request.state, request.decided_at = RequestState.APPROVED, clock.now()
        return gettext("Approved; it is done within some seconds")
    _begin_second(house, request)
    return gettext("Approved; the second step is to follow")


def _begin_second(house: Session, request: ApprovalRequest) -> None:
    """The turn of the second role, with a task and hours of its own. Raises RuleError where the route has none any more."""
    route = house.get_one(ApprovalRoute, request.route_id)
    if route.second_role_id is None:
        raise RuleError(_("The route has no second step any more; refuse the request and ask again"))
    request.step, request.is_last, request.role_id = 2, True, route.second_role_id
    request.waits_since = clock.now()
    request.escalates_at = approving.deadline(route.second_hours, request.waits_since)
    request.escalated_at = request.escalated_role_id = request.escalated_to = None
    request.escalated_ids = request.escalation_task_ids = None
    due = None if route.days is None else clock.business_date(house) + timedelta(days=route.days)
    title = approving.task_title(request.title)
    request.task_id = give_task(house, request, title, due, role_id=request.role_id)


def give_task(house: Session, request: ApprovalRequest, title: str, due: date | None, **who: int) -> int:
    """A task to decide on the request, for a role or a user; its id."""
    task = Task(
        entity=request.entity, row_id=request.row_id, author_id=request.user_id, title=title, due_on=due,
        open_due_on=due, **who,
    )  # fmt: skip
    house.add(task)
    house.flush()
    return int(task.id)


def _refuse_stale(house: Session, request: ApprovalRequest) -> None:
    """Raise RuleError where a field of the change, or of an operation's record, is no longer what it was."""
    row = house.get(registry.entity(request.entity), request.row_id)
    if row is None:
        raise RuleError(_("The record is gone; refuse the request"))
    if field_changes.entity_of(request.operation) is not None:
        field_changes.refuse_stale(row, request.changes)
    elif request.version not in (None, whole_version(house, row)):
        raise RuleError(_("The record was changed after this was asked for. Refuse the request; it has to be asked for again"))  # fmt: skip


@operation(
    ApprovalRequest, _("Refuse"), roles=DOERS, icon="ban", is_danger=True, is_offered=_is_waiting,
    house="who refuses changes a request of somebody else",
)  # fmt: skip
def refuse_request(house: Session, request: ApprovalRequest, *, note: Line, user_id: int) -> str:
    """Say no, and why; nothing is done, and whoever asked is told."""
    request, whom = _decided(house, request, user_id, note)
    if request.step == 1:
        request.first_by_id, request.first_for_id = user_id, whom
    else:
        request.second_by_id, request.second_for_id = user_id, whom
    request.state, request.decided_at = RequestState.REFUSED, clock.now()
    notices.tell(house, request, [request.user_id], notices.REFUSED, user_id)
    return gettext("The request is refused")


def _decided(
    house: Session, request: ApprovalRequest, user_id: int, note: str | None
) -> tuple[ApprovalRequest, int | None]:
    """The request, locked, for who may decide on it now, and the id of the person in whose place he does."""
    mine = select(ApprovalRequest).where(ApprovalRequest.id == request.id).with_for_update(of=ApprovalRequest)
    request = house.scalars(mine.execution_options(populate_existing=True)).unique().one()
    if request.state != RequestState.WAITING:
        raise RuleError(_("This request is decided already: %(state)s", state=request.state.label))
    whom = in_whose_place(house, request, user_id)
    if whom is not None:
        because(house, gettext("%(who)s for %(whom)s", who=str(house.get_one(User, user_id)), whom=str(whom)))
    request.note = note
    _end_tasks(house, [request.task_id, *(request.escalation_task_ids or ())], note, user_id)
    return request, None if whom is None else whom.id


def _end_tasks(house: Session, ids: Iterable[int | None], note: str | None, user_id: int) -> None:
    """The tasks of the step are done, whoever of those who had one decided."""
    known = [one for one in ids if one is not None]
    still = select(Task).where(Task.id.in_(known), Task.state == TaskState.OPEN).order_by(Task.id)
    for task in house.scalars(still.with_for_update(of=Task)).unique():
        task.state, task.note, task.done_at, task.done_by_id = TaskState.DONE, note, clock.now(), user_id
        task.open_due_on = None


@screen(
    MenuEntry(_("Work"), _("My approvals"), "/approvals/", "checks", ("can_list", approving.RIGHT[1]), 11)
)
class MyApprovals(BaseView):
    """The way to what waits for the reader: requests that are his turn, by his role or by name, or of somebody he stands in for."""

    route_base = "/approvals"
    class_permission_name = approving.RIGHT[1]
    default_view = "mine"

    @expose("/")
    @has_access
    @permission_name("list")
    def mine(self) -> Any:
        """What waits for him, the oldest first."""
        away = stood_in_for(web_session(), current().user_id, business_date())
        roles = sorted({current().role_id, *(one.role_id for one in away if one.role_id)})
        people = ",".join(str(one) for one in (current().user_id, *(user.id for user in away[:MOST_ROLES])))
        turns: list[tuple[str, Any]] = [("any1.escalated_ids__in", people)]
        turns += [
            (f"any1.{name}", role) for name in ("role", "escalated_role") for role in roles[:MOST_ROLES]
        ]
        waiting = {"state": RequestState.WAITING.value, "sort": "waits_since"}
        return redirect(links.list_url("approval_request", *turns, **waiting))
