"""Which of several routes something takes: of those whose amount it reaches the one that begins highest.

So an operation may go by one role from ten thousand on and by another one from a million on. Two routes for the same
from the same amount on would leave it open who decides, so the second one is refused.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol, TypeVar

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import form_rules
from app.core.errors import RuleError
from app.core.org import ApprovalRoute


class Limited(Protocol):
    """A route, or what is known of one."""

    @property
    def least(self) -> Decimal | None: ...


_Way = TypeVar("_Way", bound=Limited)


def highest(routes: Iterable[_Way]) -> _Way | None:
    """The route that begins at the highest amount; one that has none begins below all. None of none."""
    known = list(routes)
    # the first of equals, as they come by their ids
    return max(known, key=lambda one: (one.least is not None, one.least or 0)) if known else None


@form_rules.check(ApprovalRoute)
def route_is_the_only_one(session: Session, route: ApprovalRoute) -> None:
    """No other route is for the same operation, or for one of the same fields, from the same amount on."""
    if route.is_off:
        return
    same = (
        ApprovalRoute.operation == route.operation, ~ApprovalRoute.is_off, ApprovalRoute.id != (route.id or 0),
        ApprovalRoute.least.is_not_distinct_from(route.least),
    )  # fmt: skip
    for other in session.scalars(select(ApprovalRoute).where(*same).order_by(ApprovalRoute.id)).unique():
        if _fields(other) == _fields(route) == set() or not _fields(other).isdisjoint(_fields(route)):
            told = _("Route %(name)s is for this from the same amount on: who decides would be open", name=other.name)  # fmt: skip
            raise RuleError(told, "operation")


def _fields(route: ApprovalRoute) -> set[str]:
    return set((route.field_names or "").split())
