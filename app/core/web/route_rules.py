"""What must hold of an approval route: its fields, amounts, hours and roles, and that it leaves nothing open."""

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core import form_rules, registry
from app.core.errors import RuleError
from app.core.org import ApprovalRoute
from app.core.types import Money
from app.core.web import field_changes, followed, ways
from app.core.web.approving import RIGHT
from app.core.web.fields import describe

MOST_HOURS = 24 * 366
MOST_DAYS = 3660
_AMOUNTS = (Money, Money | None)


@form_rules.check(ApprovalRoute)
def route_has_its_fields(_session: Session, route: ApprovalRoute) -> None:
    """A change names fields that people may type, an operation none; they are kept by the names of their columns."""
    entity = field_changes.entity_of(route.operation)
    said = (route.field_names or "").replace(",", " ").split()
    if entity is None:
        if said:
            raise RuleError(
                _("Fields are for a change of fields; an operation is asked for as a whole"), "field_names"
            )
        return
    offered = field_changes.offered(entity)
    names = [name if name in offered else f"{name}_id" for name in dict.fromkeys(said)]
    wrong = [one for one, name in zip(dict.fromkeys(said), names, strict=True) if name not in offered]
    if wrong or not names:
        known = ", ".join(name.removesuffix("_id") for name in offered)
        raise RuleError(_("Choose among these fields: %(names)s", names=known), "field_names")
    route.field_names = " ".join(names)
    if len(route.field_names) > ApprovalRoute.__table__.c.field_names.type.length:
        raise RuleError(_("These are too many fields for one route"), "field_names")


@form_rules.check(ApprovalRoute, about="first_hours second_hours days")
def route_has_its_time(_session: Session, route: ApprovalRoute) -> None:
    """The time for a step is at least an hour and at most a year."""
    form_rules.at_least(route, first_hours=1, second_hours=1, days=0)
    for name, most in (("first_hours", MOST_HOURS), ("second_hours", MOST_HOURS), ("days", MOST_DAYS)):
        if (getattr(route, name) or 0) > most:
            raise RuleError(_("At most %(most)s", most=most), name)


@form_rules.check(ApprovalRoute)
def route_leads_to_who_sees_it(_session: Session, route: ApprovalRoute) -> None:
    """Roles that decide open such records: nobody could be given the task otherwise, and all of it would be refused."""
    entity = _entity_of(route)
    for name in ("first_role_id", "second_role_id", "first_escalation_id", "second_escalation_id"):
        number = getattr(route, name)
        if number is None:
            continue
        if not followed.may_role_open(number, entity):
            raise RuleError(_("This role does not open such records"), name)
        if not followed.may_role(number, RIGHT):
            raise RuleError(_("This role may not approve requests"), name)


@form_rules.check(ApprovalRoute)
def route_can_be_taken(_session: Session, route: ApprovalRoute) -> None:
    """A limit needs the amount that it is about, which the operation asks for or the record has."""
    form_rules.at_least(route, least=0, second_least=0)
    entity = _entity_of(route)
    if not route.amount_field:
        if route.least is not None or route.second_least is not None:
            raise RuleError(_("Say which amount the limit is about"), "amount_field")
        return
    if field_changes.entity_of(route.operation) is None:
        asked = registry.operation(route.operation)
        if any(one.name == route.amount_field and one.annotation in _AMOUNTS for one in asked.arguments):
            return
    try:
        kind = describe(entity, route.amount_field).kind
    except KeyError:
        kind = ""
    if kind != "money":
        raise RuleError(
            _("There is no amount of this name in the operation's form or in the record"), "amount_field"
        )


def _entity_of(route: ApprovalRoute) -> Any:
    return field_changes.entity_of(route.operation) or registry.operation(route.operation).entity


@form_rules.check(ApprovalRoute)
def route_has_its_currency(_session: Session, route: ApprovalRoute) -> None:
    """A limit is in a currency, if the records say of which one their amounts are."""
    is_limited = route.least is not None or route.second_least is not None
    if not ways.currency_path(_entity_of(route)):
        if route.currency:
            raise RuleError(_("Such records say no currency"), "currency")
    elif is_limited and not route.currency:
        raise RuleError(_("Say in which currency the limits are"), "currency")


@form_rules.check(ApprovalRoute, about="operation branch_id")
def route_is_for_a_branch_that_records_have(_session: Session, route: ApprovalRoute) -> None:
    """A route for a branch counts for records that belong to one."""
    if route.branch_id is not None and not ways.branch_path(_entity_of(route)):
        raise RuleError(_("Such records belong to no branch: a route for one would never count"), "branch_id")


@form_rules.check(ApprovalRoute)
def route_is_the_only_one(session: Session, route: ApprovalRoute) -> None:
    """No other route is for the same operation, or for one of the same fields, from the same amount on in a branch."""
    if route.is_off:
        return
    same = (
        ApprovalRoute.operation == route.operation, ~ApprovalRoute.is_off, ApprovalRoute.id != (route.id or 0),
        ApprovalRoute.least.is_not_distinct_from(route.least), ApprovalRoute.branch_id.is_not_distinct_from(route.branch_id),
        or_(ApprovalRoute.least.is_(None), ApprovalRoute.currency.is_not_distinct_from(route.currency)),
    )  # fmt: skip
    for other in session.scalars(select(ApprovalRoute).where(*same).order_by(ApprovalRoute.id)).unique():
        if _fields(other) == _fields(route) == set() or not _fields(other).isdisjoint(_fields(route)):
            told = _("Route %(name)s is for this from the same amount on: who decides would be open", name=other.name)  # fmt: skip
            raise RuleError(told, "operation")


def _fields(route: ApprovalRoute) -> set[str]:
    return set((route.field_names or "").split())
