"""Asking for approval instead of doing: operations and changes that have a route are stored as a request.

Who decides it is said in `deciding`; what is done in the end in `approved`: once, with the values that were given, and
only if the record is as it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import func, select

from app.core import clock
from app.core.db import ScopedSession
from app.core.errors import RuleError
from app.core.labels import by_number, subject
from app.core.locks import Lock
from app.core.operation import Operation
from app.core.org import ApprovalRequest, ApprovalRoute, RequestState, Task
from app.core.web import field_changes, ways
from app.core.web.meanwhile import whole_version
from app.core.web.steering import business_date
from app.core.web.writing import put

RIGHT = ("can_approve_request", subject(ApprovalRequest))


@dataclass(frozen=True)
class Wanted:
    """What is asked for: an operation with its arguments, or a change of fields."""

    operation: str
    title: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    changes: field_changes.Changes = field(default_factory=dict)
    told: str | None = None
    version: str | None = None


def routes_of(session: ScopedSession, asked: Operation) -> Sequence[ApprovalRoute]:
    """The routes of an operation; none where it may be done at once."""
    found = select(ApprovalRoute).where(ApprovalRoute.operation == asked.name, ~ApprovalRoute.is_off)
    return session.scalars(found.order_by(ApprovalRoute.id)).unique().all()


def route_for(
    routes: Iterable[ApprovalRoute], row: Any, arguments: Mapping[str, Any]
) -> ApprovalRoute | None:
    """The route that the operation has to take for this row; None where none is needed."""
    at = ways.along(row, ways.branch_path(type(row)))
    return ways.taken(routes, at, lambda route: [amount_of(route, row, arguments)])


def amount_of(route: ApprovalRoute, row: Any, said: Mapping[str, Any]) -> ways.Amount:
    """The amount that the route's limits are about: as it was said, else the record's; in the record's currency."""
    name = route.amount_field or ""
    found = said[name] if name in said else getattr(row, name, None)
    currency = ways.along(row, ways.currency_path(type(row)))
    return ways.Amount(found if isinstance(found, Decimal) else None, currency)


def ask(
    session: ScopedSession, route: ApprovalRoute, asked: Operation, row: Any, arguments: Mapping[str, Any]
) -> str:
    """Store the operation that was asked for. Returns the sentence that says so; raises RuleError."""
    wanted = Wanted(
        asked.name, f"{asked.label}: {by_number(row)}"[:500], texts(arguments), told=_told(asked, arguments),
        version=whole_version(session, row),
    )  # fmt: skip
    store(session, route, row, wanted, [amount_of(route, row, arguments)])
    return gettext("Sent for approval")


def store(
    session: ScopedSession, route: ApprovalRoute, row: Any, wanted: Wanted, amounts: Sequence[ways.Amount]
) -> None:
    """Store a request and give the first role a task. Raises RuleError where the same is asked for already."""
    _refuse_twice(session, row, wanted)
    is_two = route.second_role_id is not None and _is_for_two(route, amounts)
    about = {"entity": row.slug(), "row_id": row.id}
    due = None if route.days is None else business_date() + timedelta(days=route.days)
    said = {"title": task_title(wanted.title), "role_id": route.first_role_id, "due_on": due}
    task = put(session, Task, None, {**about, **said})
    values = {
        "title": wanted.title, "route_id": route.id, "operation": wanted.operation, "arguments": wanted.arguments,
        "changes": wanted.changes, "told": wanted.told, "version": wanted.version, "role_id": route.first_role_id,
        "is_last": not is_two, "task_id": task.id, "escalates_at": deadline(route.first_hours, clock.now()),
    }  # fmt: skip
    put(session, ApprovalRequest, None, {**about, **values})


def _is_for_two(route: ApprovalRoute, amounts: Sequence[ways.Amount]) -> bool:
    """Whether one of the amounts reaches the limit of the second step; one in another currency, or unknown, does."""
    most = route.second_least
    return most is None or any(
        one.value is None or one.currency != route.currency or one.value >= most for one in amounts
    )


def task_title(what: str) -> str:
    """What the task of a step is called."""
    return gettext("Approve: %(what)s", what=what)[:500]


def deadline(hours: int | None, now: datetime) -> datetime | None:
    """When a step that begins now has waited for its hours; None where it may wait."""
    return None if hours is None else now + timedelta(hours=hours)


def _refuse_twice(session: ScopedSession, row: Any, wanted: Wanted) -> None:
    """The same with the same values is not asked for again while it waits: it would be done twice."""
    what = f"{wanted.operation} {row.slug()} {row.id}"
    session.execute(select(func.pg_advisory_xact_lock(Lock.APPROVAL, func.hashtext(what))))
    same = select(ApprovalRequest).where(
        ApprovalRequest.entity == row.slug(),
        ApprovalRequest.row_id == row.id,
        ApprovalRequest.operation == wanted.operation,
        ApprovalRequest.arguments == wanted.arguments,
        ApprovalRequest.changes == wanted.changes,
        ApprovalRequest.state.in_((RequestState.WAITING, RequestState.APPROVED)),
    )
    known = session.scalars(same.limit(1)).unique().first()
    if known is not None:
        raise RuleError(_("This waits for approval already; %(who)s asked for it", who=str(known.user)))


def texts(arguments: Mapping[str, Any]) -> dict[str, str]:
    """The arguments as a form would send them."""
    # a zero is an answer, though it equals False
    said = {
        name: one for name, one in arguments.items() if one is not None and one is not False and one != ""
    }
    return {name: _text(value) for name, value in said.items()}


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
