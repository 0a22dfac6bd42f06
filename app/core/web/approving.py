"""Asking for approval instead of doing: operations that have a route are stored as a request, and done after its last step.

What is done in the end is done as whoever asked, with the values that he gave, once, and only if the record is as it was.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock, form_rules, registry
from app.core.db import ScopedSession
from app.core.errors import RuleError
from app.core.labels import singular
from app.core.locks import Lock
from app.core.operation import Operation, operation
from app.core.org import ApprovalRequest, ApprovalRoute, RequestState, Task, TaskState, User
from app.core.types import Line
from app.core.web.fields import describe
from app.core.web.meanwhile import stored_version
from app.core.web.steering import business_date
from app.core.web.task_rules import DOERS
from app.core.web.writing import put


def route_of(session: ScopedSession, asked: Operation) -> ApprovalRoute | None:
    """The route that an operation has to take; None where it may be done at once."""
    found = select(ApprovalRoute).where(ApprovalRoute.operation == asked.name, ~ApprovalRoute.is_off)
    return session.scalars(found.order_by(ApprovalRoute.id).limit(1)).unique().first()


def is_needed(route: ApprovalRoute, row: Any, arguments: Mapping[str, Any]) -> bool:
    """Whether the amount is one that must be approved; of an amount that nobody knows it is."""
    amount = _amount(route, row, arguments)
    return route.least is None or amount is None or amount >= route.least


def _amount(route: ApprovalRoute, row: Any, arguments: Mapping[str, Any]) -> Decimal | None:
    name = route.amount_field or ""
    found = arguments[name] if name in arguments else getattr(row, name, None)
    return found if isinstance(found, Decimal) else None


def ask(
    session: ScopedSession, route: ApprovalRoute, asked: Operation, row: Any, arguments: Mapping[str, Any]
) -> str:
    """Store what was asked for, and give the first role a task. Returns the sentence that says so; raises RuleError."""
    _refuse_twice(session, asked, row, texts(arguments))
    amount = _amount(route, row, arguments)
    is_two = route.second_role_id is not None and (
        route.second_least is None or amount is None or amount >= route.second_least
    )
    about = {"entity": row.slug(), "row_id": row.id}
    title = f"{asked.label}: {_called(row)}"[:500]
    due = None if route.days is None else business_date() + timedelta(days=route.days)
    said = {
        "title": gettext("Approve: %(what)s", what=title)[:500],
        "role_id": route.first_role_id,
        "due_on": due,
    }
    task = put(session, Task, None, {**about, **said})
    values = {
        "title": title, "route_id": route.id, "operation": asked.name, "arguments": texts(arguments), "told": _told(asked, arguments),
        "version": stored_version(session, row), "role_id": route.first_role_id, "is_last": not is_two, "task_id": task.id,
    }  # fmt: skip
    put(session, ApprovalRequest, None, {**about, **values})
    return gettext("Sent for approval")


def _called(row: Any) -> str:
    """What the request calls the record for good: a person by his number, so that no name outlives his erasure."""
    return f"{singular(type(row))} {row.id}" if getattr(row, "__is_person__", False) else str(row)


def _refuse_twice(session: ScopedSession, asked: Operation, row: Any, said: dict[str, str]) -> None:
    """The same operation with the same values is not asked for again while it waits: it would be done twice."""
    what = f"{asked.name} {row.slug()} {row.id}"
    session.execute(select(func.pg_advisory_xact_lock(Lock.APPROVAL, func.hashtext(what))))
    same = select(ApprovalRequest).where(
        ApprovalRequest.entity == row.slug(),
        ApprovalRequest.row_id == row.id,
        ApprovalRequest.operation == asked.name,
        ApprovalRequest.arguments == said,
        ApprovalRequest.state.in_((RequestState.WAITING, RequestState.APPROVED)),
    )
    known = session.scalars(same.limit(1)).unique().first()
    if known is not None:
        raise RuleError(_("This waits for approval already; %(who)s asked for it", who=str(known.user)))


def texts(arguments: Mapping[str, Any]) -> dict[str, str]:
    """The arguments as a form would send them."""
    return {name: _text(value) for name, value in arguments.items() if value not in (None, False, "")}


def _text(value: Any) -> str:
    if value is True:
        return "y"
    return value.isoformat() if isinstance(value, date) else str(value)


def _told(asked: Operation, arguments: Mapping[str, Any]) -> str | None:
    """The values in words, for who decides."""
    from app.core.labels import words

    named = {
        str(asked.labels.get(name) or gettext(words(name))): value for name, value in texts(arguments).items()
    }
    return " · ".join(f"{label}: {value}" for label, value in named.items())[:500] or None


def _is_waiting(request: ApprovalRequest) -> bool:
    return request.state == RequestState.WAITING


@operation(
    ApprovalRequest, _("Approve"), roles=DOERS, icon="check", is_primary=True, is_offered=_is_waiting,
    house="who approves changes a request of somebody else",
)  # fmt: skip
def approve_request(
    house: Session, request: ApprovalRequest, *, note: Line | None = None, user_id: int
) -> str:
    """Say yes for the step whose turn it is; after the last one the operation is done within seconds."""
    request = _decided(house, request, user_id, note)
    if request.step == 1:
        request.first_by_id = user_id
    else:
        request.second_by_id = user_id
    if request.is_last:
        request.state, request.decided_at = RequestState.APPROVED, clock.now()
        return gettext("Approved; it is done within some seconds")
    route = house.get_one(ApprovalRoute, request.route_id)
    if route.second_role_id is None:
        raise RuleError(_("The route has no second step any more; refuse the request and ask again"))
    request.step, request.is_last, request.role_id = 2, True, route.second_role_id
    due = None if route.days is None else clock.business_date(house) + timedelta(days=route.days)
    task = Task(
        entity=request.entity, row_id=request.row_id, author_id=request.user_id, role_id=request.role_id, due_on=due,
        open_due_on=due, title=gettext("Approve: %(what)s", what=request.title)[:500],
    )  # fmt: skip
    house.add(task)
    house.flush()
    request.task_id = task.id
    return gettext("Approved; the second step is to follow")


@operation(
    ApprovalRequest, _("Refuse"), roles=DOERS, icon="ban", is_danger=True, is_offered=_is_waiting,
    house="who refuses changes a request of somebody else",
)  # fmt: skip
def refuse_request(house: Session, request: ApprovalRequest, *, note: Line, user_id: int) -> str:
    """Say no, and why; nothing is done."""
    request = _decided(house, request, user_id, note)
    request.state, request.decided_at = RequestState.REFUSED, clock.now()
    return gettext("The request is refused")


def _decided(house: Session, request: ApprovalRequest, user_id: int, note: str | None) -> ApprovalRequest:
    """The request, locked, for who may decide on it now: of the role whose turn it is, and nobody who had his say in it."""
    mine = select(ApprovalRequest).where(ApprovalRequest.id == request.id).with_for_update(of=ApprovalRequest)
    request = house.scalars(mine.execution_options(populate_existing=True)).unique().one()
    if request.state != RequestState.WAITING:
        raise RuleError(_("This request is decided already: %(state)s", state=request.state.label))
    if user_id in (request.user_id, request.first_by_id):
        raise RuleError(_("Another person has to decide: you had your say in it"))
    if house.get_one(User, user_id).role_id != request.role_id:
        raise RuleError(_("It is the turn of another role"))
    request.note = note
    task = house.get(Task, request.task_id) if request.task_id else None
    if task is not None and task.state == TaskState.OPEN:
        task.state, task.note, task.done_at, task.done_by_id = TaskState.DONE, note, clock.now(), user_id
        task.open_due_on = None
    return request


@form_rules.check(ApprovalRoute)
def route_can_be_taken(_session: Session, route: ApprovalRoute) -> None:
    """A limit needs the amount that it is about, which the operation asks for or the record has."""
    if not route.amount_field:
        if route.least is not None or route.second_least is not None:
            raise RuleError(_("Say which amount the limit is about"), "amount_field")
        return
    asked = registry.operation(route.operation)
    if any(one.name == route.amount_field for one in asked.arguments):
        return
    try:
        kind = describe(asked.entity, route.amount_field).kind
    except KeyError:
        kind = ""
    if kind != "money":
        raise RuleError(
            _("There is no amount of this name in the operation's form or in the record"), "amount_field"
        )
