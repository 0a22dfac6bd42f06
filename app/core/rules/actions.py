"""What a rule does with a record, as the user whom it names: by the rules of forms, within his scope and his rights.

Everything happens in the transaction in which the firing is marked as done: both are stored, or neither.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import func, select

from app.core.db import ScopedSession
from app.core.errors import RuleError
from app.core.labels import by_number, subject
from app.core.org import Comment, Rule, Task
from app.core.rules import gone
from app.core.web import bodies
from app.core.web.principal import current
from app.core.web.rule_fields import settable
from app.core.web.steering import business_date
from app.core.web.writing import put

Sender = Callable[[ScopedSession, str, Any, int], None]
"""(session, name of the template, record, user) → nothing; raises RuleError where nothing can be sent."""
_SENDERS: list[Sender] = []


def sender(function: Sender) -> Sender:
    """Register what sends a message to the person to whom a record leads."""
    _SENDERS.append(function)
    return function


@dataclass(frozen=True)
class Deed:
    """What is done for one firing: with which record, or in place of a deleted one with that on whose page it stood."""

    session: ScopedSession
    rule: Rule
    firing_id: int
    row: Any
    is_gone: bool = False

    @cached_property
    def about(self) -> Any:
        """The record to which it is put. Raises RuleError where a deleted one left none that the user sees."""
        found = gone.home(self.session, self.row) if self.is_gone else self.row
        if found is None:
            raise RuleError(_("The deleted record belonged to none that the rule's user sees"))
        return found


def do(session: ScopedSession, rule: Rule, firing_id: int, row: Any, *, is_gone: bool = False) -> list[str]:
    """Carry out what the rule says and return the codes of it, in the order in which it was done.

    Raises RuleError, OutOfScope and ReadOnlyScope where one of the actions cannot be done; none is to be stored then.
    """
    deed = Deed(session, rule, firing_id, row, is_gone)
    wanted = {
        "field": (rule.set_field, _set), "task": (rule.task_title, _task), "message": (rule.message, _send),
        "comment": (rule.comment, _comment), "webhook": (rule.webhook_id, _tell),
    }  # fmt: skip
    for is_wanted, act in wanted.values():
        if is_wanted:
            act(deed)
    return [name for name, (is_wanted, _act) in wanted.items() if is_wanted]


def need(verb: str, entity: Any) -> None:
    """Raise RuleError where the user as whom the rule acts may not do this himself."""
    if not current().may(f"can_{verb}", subject(entity)):
        raise RuleError(_("%(user)s may not do this himself", user=current().full_name))


def _set(deed: Deed) -> None:
    entity, name = type(deed.row), str(deed.rule.set_field)
    need("edit", entity)
    if name not in settable(entity.slug()):
        raise RuleError(_("There is no field %(name)s here", name=name))
    said = {name: said_of(settable(entity.slug())[name], deed.rule.set_value)}
    put(deed.session, entity, deed.row, bodies.values(entity, deed.row, said))


def said_of(field: Any, raw: str | None) -> Any:
    """A value as a program would say it: a flag is true or false, everything else is text."""
    return raw in ("true", "yes", "1") if field.kind == "bool" else raw or None


def _about(row: Any) -> dict[str, Any]:
    return {"entity": row.slug(), "row_id": row.id}


def _task(deed: Deed) -> None:
    need("add", Task)
    rule, who = (
        deed.rule,
        {f"{name}_id": getattr(deed.rule, f"task_{name}_id") for name in ("user", "role", "team")},
    )
    if rule.task_field:
        who = {"user_id": getattr(deed.row, rule.task_field, None)}
        if who["user_id"] is None:
            raise RuleError(_("The record names nobody who could be given the task"))
    due = None if rule.task_days is None else business_date() + timedelta(days=rule.task_days)
    given = {"title": rule.task_title, "text": _why(deed), "due_on": due}
    put(deed.session, Task, None, {**_about(deed.about), **given, **who})


def _why(deed: Deed) -> str:
    """Which rule it was and, since nobody can look it up any more, what was deleted."""
    said = [gettext("By the rule “%(name)s”", name=deed.rule.name)]
    if deed.is_gone:
        said.append(gettext("Deleted: %(record)s", record=by_number(deed.row)))
    return "\n".join(said)


def _comment(deed: Deed) -> None:
    need("add", Comment)
    put(deed.session, Comment, None, {**_about(deed.about), "text": deed.rule.comment})


def _send(deed: Deed) -> None:
    for send in _SENDERS:
        send(deed.session, str(deed.rule.message), deed.about, deed.rule.user_id)


def _tell(deed: Deed) -> None:
    deed.session.execute(select(func.rule_tell(deed.firing_id)))
