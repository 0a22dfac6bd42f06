"""Tasks: what somebody is to do with a record, until which day, and whether it is done."""

from datetime import date

from flask_babel import lazy_gettext as _, lazy_pgettext
from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.derived import Late
from app.core.entity import Entity, link
from app.core.org.remarks import About
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import Choice, CreatedAt, Instant, Line, Text, choice


class TaskState(Choice):
    """Whether a task is still to be done."""

    OPEN = "open", lazy_pgettext("task", "Open"), "blue"
    DONE = "done", lazy_pgettext("task", "Done"), "green"
    CANCELLED = "cancelled", lazy_pgettext("task", "Cancelled"), "secondary"


class Task(About, Entity):
    """What a user, a holder of a role or somebody of a team is to do with a record; seen by whoever sees the record."""

    __scope__ = Scope.follows(author="author_id")
    __table_args__ = (
        Index("ix_task_row", "entity", "row_id", "id"),
        Index("ix_task_open_of_user", "user_id", "open_due_on", postgresql_where=text("state = 'open'")),
        Index("ix_task_open_of_role", "role_id", "open_due_on", postgresql_where=text("state = 'open'")),
        Index("ix_task_open_of_team", "team_id", "open_due_on", postgresql_where=text("state = 'open'")),
    )

    author_id: Mapped[int] = link("user")
    title: Mapped[Line]
    text: Mapped[Text | None]
    user_id: Mapped[int | None] = link("user", index=False)
    role_id: Mapped[int | None] = link("role", index=False)
    team_id: Mapped[int | None] = link("team", index=False)
    due_on: Mapped[date | None]
    open_due_on: Mapped[date | None]
    """The day by which it must be done while it is open; a task that is over is never late. Kept by the rules."""
    state: Mapped[TaskState] = choice(TaskState, default=TaskState.OPEN)
    note: Mapped[Line | None]
    done_at: Mapped[Instant | None]
    done_by_id: Mapped[int | None] = link("user", index=False)
    created_at: Mapped[CreatedAt] = mapped_column(index=True)
    late = Late("open_due_on")

    __screen__ = Screen(
        help=_(
            "What is to be done with a record, by whom and until when. A task is given to one person, to any holder of a "
            "role or to anybody of a team; whoever sees the record sees it. Whoever ends it can leave a note, which stays "
            "with it."
        ),
        title=_("Tasks"), icon="list-check",
        list="title due_on late state user role team entity row_id author",
        form={_("Task"): "entity row_id title text due_on", _("Who does it"): "user role team"},
        show={_("Task"): "title text entity row_id due_on late state", _("Who does it"): "user role team author created_at",
              _("What came of it"): "note done_at done_by"},
        filters="title state due_on open_due_on user role team author entity row_id created_at", search="title text",
        order="-id",
        labels={"row": _("Record"), "due_on": _("Due on"), "late": _("Late"), "open_due_on": _("Still open, due on"), "user": _("Assigned to"),
                "role": _("Any holder of the role"), "team": _("Anybody of the team"), "done_at": _("Ended at"),
                "done_by": _("Ended by"), "author": _("Given by"), "title": _("What is to be done"), "text": _("Details")},
        hints={"user": _("One of these three; none of them: yourself")},
    )  # fmt: skip
