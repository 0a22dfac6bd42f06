"""Approval: which operations need the word of somebody else before they are done, and what was asked and said."""

from typing import Any

from flask_babel import lazy_gettext as _, lazy_pgettext
from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import codes, registry
from app.core.entity import Entity, link
from app.core.labels import singular
from app.core.org.remarks import About
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import (
    Choice,
    Code,
    Count,
    CreatedAt,
    Days,
    Flag,
    Instant,
    Json,
    Line,
    Money,
    Name,
    Password,
    choice,
)


class ApprovalRoute(Entity):
    """Who must approve an operation before it is done: one role or two, from which amount, within how many days."""

    __scope__ = Scope.shared("whoever asks for something learns who has to approve it")
    __custom__ = False

    name: Mapped[Name]
    operation: Mapped[Code] = mapped_column(info={"words": "approvable"}, index=True)
    amount_field: Mapped[Code | None]
    least: Mapped[Money | None]
    first_role_id: Mapped[int] = link("role", index=False)
    second_role_id: Mapped[int | None] = link("role", index=False)
    second_least: Mapped[Money | None]
    days: Mapped[Days | None]
    is_off: Mapped[Flag]

    __screen__ = Screen(
        help=_(
            "Which operations need the word of somebody else: one role or two, from which amount, within how many days. "
            "Whoever starts such an operation then only asks for it. Who asked does not decide, and nobody decides twice."
        ),
        guide="write-a-rule",
        menu=_("Administration"), title=_("Approval routes"), icon="git-merge", position=82, is_for_people=True,
        list="name operation first_role second_role least second_least days is_off",
        form={_("What"): "name operation amount_field least is_off", _("Who approves"): "first_role second_role second_least days"},
        filters="name operation first_role second_role is_off", search="name", order="name",
        labels={"operation": _("Operation"), "amount_field": _("Amount"), "least": _("Needed from this amount on"), "first_role": _("First step"),
                "second_role": _("Second step"), "second_least": _("Second step from this amount on"), "days": _("Days for a step"),
                "is_off": _("Switched off")},
        hints={"amount_field": _("A question of the operation's form, or a field of the record"), "least": _("Empty: always"),
               "second_least": _("Empty: always")},
    )  # fmt: skip


class RequestState(Choice):
    """How far a request has come."""

    WAITING = "waiting", _("To be approved"), "orange"
    APPROVED = "approved", lazy_pgettext("approval", "Approved"), "blue"
    DONE = "done", lazy_pgettext("approval", "Done"), "green"
    REFUSED = "refused", lazy_pgettext("approval", "Refused"), "red"
    FAILED = "failed", _("Failed"), "red"


class ApprovalRequest(About, Entity):
    """An operation that somebody asked for, with the values as he gave them; done once, after the last step of its route."""

    __scope__ = Scope.follows(author="user_id")
    __called__ = "title"
    __table_args__ = (
        Index("ix_approval_request_row", "entity", "row_id", "id"),
        Index("ix_approval_request_open", "role_id", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_approval_request_approved", "id", postgresql_where=text("state = 'approved'")),
    )

    title: Mapped[Line]
    route_id: Mapped[int] = link("approval_route", index=False)
    operation: Mapped[Code] = mapped_column(info={"words": "approvable"})
    arguments: Mapped[Json]
    told: Mapped[Line | None]
    version: Mapped[str | None] = mapped_column(String(40), info={"kind": "mark"})
    """Of the record when it was asked for; another one means that it was changed meanwhile."""
    user_id: Mapped[int] = link("user")
    state: Mapped[RequestState] = choice(RequestState, default=RequestState.WAITING)
    step: Mapped[Count] = mapped_column(default=1, server_default="1")
    is_last: Mapped[Flag]
    """Whether the step is the last one."""
    role_id: Mapped[int] = link("role", index=False)
    task_id: Mapped[int | None] = link("task", ondelete="SET NULL", index=False)
    first_by_id: Mapped[int | None] = link("user", index=False)
    second_by_id: Mapped[int | None] = link("user", index=False)
    note: Mapped[Line | None]
    outcome: Mapped[Line | None]
    created_at: Mapped[CreatedAt]
    decided_at: Mapped[Instant | None]

    __screen__ = Screen(
        help=_(
            "Operations that wait for approval or were decided. You see requests about records in your sight; those that "
            "are your role's turn stand among your tasks, too. After the last yes the operation is done once, as whoever "
            "asked; if the record changed meanwhile it is not done and says so."
        ),
        menu=_("Work"), title=_("Approval requests"), icon="checks", position=12, operations="", order="-id",
        list="created_at title told user state role entity row_id outcome",
        show={_("What was asked"): "title told operation entity row_id user created_at",
              _("What was said"): "state role step first_by second_by note outcome decided_at route task"},
        filters="state operation role user entity row_id created_at", search="title told",
        labels={"row": _("Record"), "operation": _("Operation"), "told": _("Values"), "user": _("Asked by"), "role": _("Turn of the role"),
                "first_by": _("First step by"), "second_by": _("Second step by"), "outcome": _("What came of it"), "decided_at": _("Decided at")},
    )  # fmt: skip


def _approvable() -> codes.Words:
    """Operations that can wait: not those that tell a secret, nor those that ask for a password."""
    known = (
        one for one in registry.operations() if one.entity is not ApprovalRequest and not one.is_for_people
    )
    return {one.name: f"{one.label} ({singular(one.entity)})" for one in known if not _asks_secretly(one)}


def _asks_secretly(operation: Any) -> bool:
    return any(argument.annotation is Password for argument in operation.arguments)


codes.add("approvable", _approvable)
