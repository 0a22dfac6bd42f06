"""Passing on what waited too long for approval: to the role that the route names, or to the approvers' superiors.

Requests about records that were deleted meanwhile end first: nobody sees them any more.

A step of a request is passed on once. Who it goes to may then decide as well as those whose turn it was before.
"""

from collections.abc import Iterable
from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core import clock, registry, requests
from app.core.db import unscoped
from app.core.notices import approvals as notices
from app.core.org import (
    Absence,
    ApprovalRequest,
    ApprovalRoute,
    DataGrant,
    GrantKind,
    RequestState,
    Task,
    Team,
    User,
)
from app.core.web import mentions
from app.core.web.deciding import give_task, had_say

BATCH = 200


def run(now: datetime) -> int:
    """Pass on the steps whose hours are over at this instant; how many.

    Each is marked, given tasks and told of in one transaction under the lock of its row: however often this runs, and
    wherever it is killed, nobody is asked twice.
    """
    with unscoped("requests for approval that waited too long") as house:
        requests.end_of_deleted(house, _("The record was deleted"))
        late = select(ApprovalRequest).where(
            ApprovalRequest.state == RequestState.WAITING,
            ApprovalRequest.escalated_at.is_(None),
            ApprovalRequest.escalates_at <= now,
        )
        some = late.order_by(ApprovalRequest.id).limit(BATCH)
        found = list(house.scalars(some.with_for_update(skip_locked=True, of=ApprovalRequest)).unique())
        for request in found:
            _pass_on(house, request, now)
        return len(found)


def _pass_on(house: Session, request: ApprovalRequest, now: datetime) -> None:
    route = house.get_one(ApprovalRoute, request.route_id)
    role_id = route.first_escalation_id if request.step == 1 else route.second_escalation_id
    today, title = clock.business_date(house), _title(house, request)
    request.escalated_at, request.escalated_role_id = now, role_id
    if role_id is not None:
        holders = house.scalars(select(User.id).where(User.role_id == role_id, User.active))
        asked = set(holders) - had_say(request)
        request.escalation_task_ids = [give_task(house, request, title, today, role_id=role_id)]
    else:
        above = [one for one in superiors(house, request.role_id) if one.id not in had_say(request)]
        seeing = list(mentions.who_see(above, registry.entity(request.entity), request.row_id))
        asked = {one.id for one in seeing}
        request.escalated_ids = sorted(asked)
        request.escalated_to = ", ".join(map(str, seeing))[:500] or None
        request.escalation_task_ids = [
            give_task(house, request, title, today, user_id=one) for one in sorted(asked)
        ]
    away = Absence.user_id.in_(asked), Absence.starts_on <= today, Absence.ends_on >= today
    substitutes = set(house.scalars(select(Absence.substitute_id).where(*away))) - had_say(request)
    notices.tell(house, request, asked | substitutes, notices.LATE)


def _title(house: Session, request: ApprovalRequest) -> str:
    """What the step's own task is called, in the language of whoever asked."""
    task = house.get(Task, request.task_id) if request.task_id else None
    return request.title if task is None else task.title


def superiors(house: Session, role_id: int) -> Iterable[User]:
    """Who leads the teams of a role's holders: the organisation knows it by a data grant on the team or its department."""
    teams = select(User.team_id).where(User.role_id == role_id, User.active, User.team_id.is_not(None))
    departments = select(Team.department_id).where(Team.id.in_(teams), Team.department_id.is_not(None))
    leads = or_(DataGrant.team_id.in_(teams), DataGrant.department_id.in_(departments))
    leaders = select(DataGrant.user_id).where(DataGrant.kind == GrantKind.TEAM, leads)
    found = select(User).where(User.id.in_(leaders), User.active, User.role_id != role_id)
    return house.scalars(found.order_by(User.id)).unique()
