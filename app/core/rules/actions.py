"""What a rule does with a record, as the user whom it names: by the rules of forms, within his scope and his rights.

Everything happens in the transaction in which the firing is marked as done: both are stored, or neither.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import func, select

from app.core.db import ScopedSession
from app.core.errors import RuleError
from app.core.labels import subject
from app.core.org import Comment, Rule, Task
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


def do(session: ScopedSession, rule: Rule, firing_id: int, row: Any) -> list[str]:
    """Carry out what the rule says and return the codes of it, in the order in which it was done.

    Raises RuleError, OutOfScope and ReadOnlyScope where one of the actions cannot be done; none is to be stored then.
    """
    wanted = {
        "field": (rule.set_field, _set), "task": (rule.task_title, _task), "message": (rule.message, _send),
        "comment": (rule.comment, _comment), "webhook": (rule.webhook_id, _tell),
    }  # fmt: skip
    for is_wanted, act in wanted.values():
        if is_wanted:
            act(session, rule, firing_id, row)
    return [name for name, (is_wanted, _act) in wanted.items() if is_wanted]


def need(verb: str, entity: Any) -> None:
    """Raise RuleError where the user as whom the rule acts may not do this himself."""
    if not current().may(f"can_{verb}", subject(entity)):
        raise RuleError(_("%(user)s may not do this himself", user=current().full_name))


def _set(session: ScopedSession, rule: Rule, _firing_id: int, row: Any) -> None:
    entity, name = type(row), str(rule.set_field)
    need("edit", entity)
    if name not in settable(entity.slug()):
        raise RuleError(_("There is no field %(name)s here", name=name))
    put(
        session,
        entity,
        row,
        bodies.values(entity, row, {name: said_of(settable(entity.slug())[name], rule.set_value)}),
    )


def said_of(field: Any, raw: str | None) -> Any:
    """A value as a program would say it: a flag is true or false, everything else is text."""
    return raw in ("true", "yes", "1") if field.kind == "bool" else raw or None


def _about(row: Any) -> dict[str, Any]:
    return {"entity": row.slug(), "row_id": row.id}


def _task(session: ScopedSession, rule: Rule, _firing_id: int, row: Any) -> None:
    need("add", Task)
    who = {"user_id": rule.task_user_id, "role_id": rule.task_role_id}
    if rule.task_field:
        who = {"user_id": getattr(row, rule.task_field, None)}
        if who["user_id"] is None:
            raise RuleError(_("The record names nobody who could be given the task"))
    due = None if rule.task_days is None else business_date() + timedelta(days=rule.task_days)
    given = {
        "title": rule.task_title,
        "text": gettext("By the rule “%(name)s”", name=rule.name),
        "due_on": due,
    }
    put(session, Task, None, {**_about(row), **given, **who})


def _comment(session: ScopedSession, rule: Rule, _firing_id: int, row: Any) -> None:
    need("add", Comment)
    put(session, Comment, None, {**_about(row), "text": rule.comment})


def _send(session: ScopedSession, rule: Rule, _firing_id: int, row: Any) -> None:
    for send in _SENDERS:
        send(session, str(rule.message), row, rule.user_id)


def _tell(session: ScopedSession, _rule: Rule, firing_id: int, _row: Any) -> None:
    session.execute(select(func.rule_tell(firing_id)))
