"""Changes of fields that need approval: which they are, and what of a row is about to change.

Whoever stores what was typed asks here before it is stored (`app.core.web.writing`, `bulk`). Verbs are asked for under
their own names, and what a job computes nobody approves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from sqlalchemy import inspect, select

from app.core import custom, registry
from app.core.custom_column import COLUMN, PREFIX
from app.core.db import ScopedSession
from app.core.errors import RuleError
from app.core.labels import column_label
from app.core.org import ApprovalRoute, Branch
from app.core.org.approvals import CHANGE
from app.core.web import ways
from app.core.web.bodies import as_said
from app.core.web.fields import FieldInfo, typed_fields
from app.core.web.steering import all_custom_fields

Changes = dict[str, list[Any]]
"""Each field as [before, after], written as a program would say the values."""
_UNASKED = ("file", "password")
_KEPT = "field_routes"


@dataclass(frozen=True)
class Watch:
    """A route for changes: the fields that it is about, from which amount, and for which part of the tree of branches."""

    route_id: int
    names: frozenset[str]
    amount_field: str | None
    currency: str | None
    least: Decimal | None
    span: tuple[int, int] | None


class NeedsApproval(RuleError):
    """A change that is not stored before somebody approves it.

    Where one row is changed on its page or by a program, it is asked for (`app.core.web.changing`); elsewhere the
    sentence refuses it.
    """

    def __init__(self, watch: Watch, entity: Any, changes: Changes) -> None:
        super().__init__(gettext("This change needs approval: edit it on its page"))
        self.route_id, self.changes = watch.route_id, changes
        self.asked = labels(entity, sorted(watch.names & changes.keys()))


def offered(entity: Any) -> dict[str, FieldInfo]:
    """The fields, by column, for whose change an approval can be asked."""
    return {
        one.column.key: one
        for one in typed_fields(entity)
        if not one.is_fixed and one.kind not in _UNASKED and not one.custom
    }


def watches(session: ScopedSession, entity: Any) -> list[Watch]:
    """The routes for changes of an entity's rows, read once in a transaction."""
    session.connection()
    running = session.get_transaction()
    of, kept = session.info.get(_KEPT, (None, {}))
    if of is not running:
        kept = {}
        session.info[_KEPT] = (running, kept)
    if entity not in kept:
        columns = (
            ApprovalRoute.id,
            ApprovalRoute.field_names,
            ApprovalRoute.amount_field,
            ApprovalRoute.currency,
            ApprovalRoute.least,
            Branch.lft,
            Branch.rgt,
        )
        asked = select(*columns).outerjoin(Branch, Branch.id == ApprovalRoute.branch_id)
        mine = ApprovalRoute.operation == f"{CHANGE}{entity.slug()}", ~ApprovalRoute.is_off
        with session.no_autoflush:
            found = session.execute(asked.where(*mine).order_by(ApprovalRoute.id)).all()
        kept[entity] = [
            Watch(
                number,
                frozenset((fields or "").split()),
                amount,
                currency,
                least,
                None if lft is None else (lft, rgt),
            )
            for number, fields, amount, currency, least, lft, rgt in found
        ]
    return kept[entity]


def is_watched(session: ScopedSession, entity: Any, names: Iterable[str]) -> bool:
    """Whether a change of one of these columns may need approval."""
    return any(not one.names.isdisjoint(names) for one in watches(session, entity))


def notice(session: ScopedSession, entity: Any) -> str | None:
    """What a form says before somebody changes such a field."""
    names = sorted(set().union(*(one.names for one in watches(session, entity))))
    if not names:
        return None
    told = gettext("A change of %(fields)s waits for approval, with all that is changed beside it", fields=labels(entity, names))  # fmt: skip
    return str(told)


def needed(session: ScopedSession, row: Any, names: Iterable[str]) -> NeedsApproval | None:
    """What refuses the row's unsaved changes, if one of them needs approval; `names` are the columns that were typed.

    Asked before they are flushed. A new row changes nothing. Raises RuleError where the fields that changed take
    different routes: each of them has people of its own who decide.
    """
    known = watches(session, type(row)) if inspect(row).persistent else []
    if not known:
        return None
    changes = _changes(session, row, {*names, *set().union(*(one.names for one in known))})
    with session.no_autoflush:
        taken = _taken(known, row, changes)
    found = set(taken.values())
    if len(found) > 1:
        fields = labels(type(row), sorted(taken))
        raise RuleError(gettext("Change these one after the other, different people approve them: %(fields)s", fields=fields))  # fmt: skip
    return NeedsApproval(found.pop(), type(row), changes) if found else None


def _changes(session: ScopedSession, row: Any, names: Iterable[str]) -> Changes:
    """Which of these differ from what is stored."""
    found = {}
    for name in names:
        if name.startswith(PREFIX):
            continue
        history = inspect(row).attrs[name].history
        if not history.has_changes():
            continue
        before = history.deleted[0] if history.deleted else _stored(session, row, name)
        if before != getattr(row, name):
            found[name] = [as_said(before), as_said(getattr(row, name))]
    own = {one.name: (one, after) for one, after in custom.changes(row)}
    before = (inspect(row).attrs[COLUMN].history.deleted or [None])[0] or {} if own else {}
    return found | {name: [as_said(one.read(before)), as_said(after)] for name, (one, after) in own.items()}


def _stored(session: ScopedSession, row: Any, name: str) -> Any:
    """The value of a column that the row had not read before it was set."""
    entity = type(row)
    with session.no_autoflush:
        return session.scalar(select(getattr(entity, name)).where(entity.id == row.id))


def _taken(known: list[Watch], row: Any, changes: Changes) -> dict[str, Watch]:
    """Each field whose change needs approval with the route that it takes, at the branch where the row still is."""
    at = ways.along(row, ways.branch_path(type(row)))
    touched = sorted({name for one in known for name in one.names & changes.keys()})
    found = {}
    for name in touched:
        mine = [one for one in known if name in one.names]
        way = ways.taken(mine, at, lambda watch: amounts(watch.amount_field, row, changes))
        if way is not None:
            found[name] = way
    return found


def amounts(amount_field: str | None, row: Any, changes: Mapping[str, list[Any]]) -> list[ways.Amount]:
    """The amount before and after the change, each in its currency, as far as they are known; else one that nobody knows."""
    path = ways.currency_path(type(row))
    now = as_said(getattr(row, amount_field or "", None))
    said = changes.get(amount_field or "") or [now, now]
    currencies = (changes.get("currency") if path == ("currency",) else None) or [ways.along(row, path)] * 2
    both = zip(said, currencies, strict=True)
    known = [ways.Amount(Decimal(one), currency) for one, currency in both if one is not None]
    return known or [ways.Amount(None, currencies[-1])]


def refuse_stale(row: Any, changes: Mapping[str, list[Any]]) -> None:
    """Raise RuleError where one of the fields is no longer what it was when its change was asked for."""
    entity = type(row)
    # asked for first: only then does the class know its custom fields
    known = {*(one.name for one in all_custom_fields(entity)), *entity.__table__.c.keys()}
    other = [
        name
        for name, (before, _after) in changes.items()
        if name not in known or as_said(getattr(row, name)) != before
    ]
    if other:
        fields = labels(entity, other)
        raise RuleError(
            gettext(
                "Changed after this was asked for: %(fields)s. Refuse the request; it has to be asked for again",
                fields=fields,
            )
        )


def labels(entity: Any, names: Iterable[str]) -> str:
    """The fields as people call them."""
    customs = {one.name: one.label for one in typed_fields(entity) if one.custom}
    return ", ".join(str(customs.get(name) or column_label(entity, name)) for name in names)


def entity_of(operation: str) -> Any:
    """The entity whose change a route or request is about; None where it is about an operation."""
    slug = operation.removeprefix(CHANGE)
    return registry.entity(slug) if slug != operation and registry.has_entity(slug) else None
