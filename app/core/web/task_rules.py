"""Tasks: who can be given one, and ending one; and the list of one's own."""

from typing import Any

from flask import redirect
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_babel import gettext, lazy_gettext as _
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, form_rules, registry
from app.core.errors import RuleError
from app.core.operation import operation
from app.core.org import Task, TaskState, User
from app.core.types import Line
from app.core.web import followed, links, mentions
from app.core.web.principal import Principal, current
from app.core.web.register import MenuEntry, screen

DOERS = ("Manager", "Officer", "Clerk", "Agent")
WHO = ("user_id", "role_id", "team_id")


@form_rules.check(Task, about=" ".join(WHO))
def somebody_can_do_it(session: Session, task: Task) -> None:
    """It names one of a user, a role and a team, and whoever it names finds the record himself; else it is its author's."""
    if not any(getattr(task, name) for name in WHO):
        task.user_id = task.author_id
    named = [name for name in WHO if getattr(task, name)]
    if len(named) != 1:
        raise RuleError(_("Choose one of them: a user, a role or a team"), named[1] if named else "user_id")
    entity = registry.entity(task.entity)
    if task.role_id:
        if not followed.may_role_open(task.role_id, entity):
            raise RuleError(_("This role does not open such records"), "role_id")
        return
    people = User.id == task.user_id if task.user_id else User.team_id == task.team_id
    found = session.scalars(select(User).where(people, User.active).order_by(User.id).limit(mentions.MOST))
    if next(mentions.who_see(found, entity, task.row_id), None) is None:
        sentence = _("He does not see this record") if task.user_id else _("Nobody of this team sees this record")  # fmt: skip
        raise RuleError(sentence, named[0])


@form_rules.check(Task, about="due_on")
def is_late_only_while_open(_session: Session, task: Task) -> None:
    """The day counts while the task is to be done."""
    task.open_due_on = task.due_on if task.state in (None, TaskState.OPEN) else None


def _is_open(task: Task) -> bool:
    return task.state == TaskState.OPEN


def _is_to_take(task: Task) -> bool:
    """Whether it is open to several, of whom the reader is one."""
    return _is_open(task) and _is_of_his(task, current().role_id, current_user.team_id)


def _is_of_his(task: Task, role_id: int | None, team_id: int | None) -> bool:
    """Whether it was given to the role or to the team."""
    return bool((task.role_id and task.role_id == role_id) or (task.team_id and task.team_id == team_id))


@operation(
    Task, _("Take"), roles=DOERS, icon="user-check", house="who is one of those whom a task is for takes it",
    is_offered=_is_to_take,
)  # fmt: skip
def take_task(house: Session, task: Task, *, user_id: int) -> str:
    """A task of a role or team becomes one's own, so that nobody else begins with it. Raises RuleError the second time."""
    task = _held(house, task)
    if task.user_id:
        raise RuleError(_("%(user)s has this task already", user=task.user))
    user = house.get_one(User, user_id)
    if not _is_of_his(task, user.role_id, user.team_id):
        raise RuleError(_("This task was given to somebody else"))
    task.user_id, task.role_id, task.team_id = user_id, None, None
    return gettext("The task is yours now")


def _held(house: Session, task: Task) -> Task:
    """The task as it is stored now, locked. Raises RuleError for one that is over."""
    mine = select(Task).where(Task.id == task.id).with_for_update(of=Task)
    found = house.scalars(mine.execution_options(populate_existing=True)).unique().one()
    if found.state != TaskState.OPEN:
        raise RuleError(_("This task is over already: %(state)s", state=found.state.label))
    return found


@operation(
    Task, _("Done"), roles=DOERS, icon="check", is_primary=True, house="who has a task ends it, whoever gave it",
    is_offered=_is_open,
)  # fmt: skip
def finish_task(house: Session, task: Task, *, note: Line | None = None, user_id: int) -> str:
    """It is done, and what came of it."""
    _end(house, task, TaskState.DONE, note, user_id)
    return gettext("The task is done")


@operation(
    Task, _("Cancel task"), roles=DOERS, icon="ban", house="who has a task ends it, whoever gave it",
    is_offered=_is_open,
)  # fmt: skip
def cancel_task(house: Session, task: Task, *, note: Line, user_id: int) -> str:
    """It need not be done any more, and why."""
    _end(house, task, TaskState.CANCELLED, note, user_id)
    return gettext("The task is cancelled")


def _end(house: Session, task: Task, state: TaskState, note: str | None, user_id: int) -> None:
    """End an open task for its author, or for whom it was given to. Raises RuleError for anybody else, and the second time."""
    task, user = _held(house, task), house.get_one(User, user_id)
    is_his = user_id in (task.author_id, task.user_id)
    if not (is_his or _is_of_his(task, user.role_id, user.team_id)):
        raise RuleError(_("This task was given to somebody else"))
    task.state, task.note, task.done_at, task.done_by_id = state, note, clock.now(), user_id
    task.open_due_on = None


def mine(principal: Principal, team_id: int | None) -> dict[str, Any]:
    """The open tasks of a user, of his role and of his team, as filters of a list."""
    given = {"any1.user": principal.user_id, "any1.role": principal.role_id, "any1.team": team_id}
    return {"state": TaskState.OPEN, **{name: number for name, number in given.items() if number}}


@screen(MenuEntry(_("Work"), _("My tasks"), "/tasks/", "checkbox", ("can_list", "Task"), 10))
class MyTasks(BaseView):
    """The way to the reader's own tasks: the list of tasks with his filters, the most urgent first."""

    route_base = "/tasks"
    class_permission_name = "Task"
    default_view = "mine"

    @expose("/")
    @has_access
    @permission_name("list")
    def mine(self) -> Any:
        """His open tasks."""
        return redirect(links.list_url("task", **mine(current(), current_user.team_id), sort="open_due_on"))
