"""Approval: which operations and changes of fields need the word of somebody else, and what was asked and said."""

from typing import Any

from flask_babel import lazy_gettext as _, lazy_pgettext
from sqlalchemy import ARRAY, BigInteger, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import codes, registry
from app.core.entity import Entity, link
from app.core.labels import singular
from app.core.org.remarks import About, Comment
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import (
    Choice,
    Code,
    Count,
    CreatedAt,
    Currency,
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

CHANGE = "edit."
"""Before an entity's slug: the change of chosen fields of its records, said where an operation is."""
_CHANGED = _("Change of fields")
_INSIDE = {"kind": "mark"}
"""Of columns that nobody reads."""


class ApprovalRoute(Entity):
    """Who must approve an operation or a change before it is done: one role or two, from which amount, within which time."""

    __scope__ = Scope.shared("whoever asks for something learns who has to approve it")
    __custom__ = False

    name: Mapped[Name]
    operation: Mapped[Code] = mapped_column(info={"words": "approvable"}, index=True)
    field_names: Mapped[Line | None]
    """Of a change: the columns for which it is asked, a space between."""
    amount_field: Mapped[Code | None]
    currency: Mapped[Currency | None]
    """Of the limits: an amount in another one does not reach them."""
    least: Mapped[Money | None]
    branch_id: Mapped[int | None] = link("branch", index=False)
    first_role_id: Mapped[int] = link("role", index=False)
    first_hours: Mapped[Count | None]
    first_escalation_id: Mapped[int | None] = link("role", index=False)
    second_role_id: Mapped[int | None] = link("role", index=False)
    second_least: Mapped[Money | None]
    second_hours: Mapped[Count | None]
    second_escalation_id: Mapped[int | None] = link("role", index=False)
    days: Mapped[Days | None]
    is_off: Mapped[Flag]

    __screen__ = Screen(
        help=_(
            "Which operations and which changes of fields need the word of somebody else: one role or two, from which amount, "
            "within how many hours. Whoever starts such a thing then only asks for it. Who asked does not decide, and nobody "
            "decides twice. What waits longer than its hours goes to a further role, too, or to superiors. An amount counts in "
            "the route's currency alone: what no route names a limit for in its currency needs approval, whatever its amount."
        ),
        guide="approvals-rules-tasks write-a-rule",
        menu=_("Administration"), title=_("Approval routes"), icon="git-merge", position=82, is_for_people=True,
        list="name operation field_names branch first_role first_hours second_role currency least second_least is_off",
        form={_("What"): "name operation field_names amount_field currency least branch is_off",
              _("First step"): "first_role first_hours first_escalation",
              _("Second step"): "second_role second_least second_hours second_escalation", _("Tasks"): "days"},
        filters="name operation branch currency first_role second_role is_off", search="name", order="name",
        labels={"operation": _("Operation"), "field_names": _("Fields"), "amount_field": _("Amount"), "currency": _("Currency of the amounts"),
                "branch": _("For this branch and below"), "least": _("Needed from this amount on"),
                "first_role": _("First step"), "first_hours": _("Hours for the first step"), "first_escalation": _("First step, if late"),
                "second_role": _("Second step"), "second_least": _("Second step from this amount on"),
                "second_hours": _("Hours for the second step"), "second_escalation": _("Second step, if late"),
                "days": _("Days for a task"), "is_off": _("Switched off")},
        hints={"field_names": _("Of a change of fields: their names, a comma between. A change of any of them waits as a whole"),
               "amount_field": _("A question of the operation's form, or a field of the record"), "least": _("Empty: always"),
               "branch": _("Empty: for all. The route of the nearest branch goes before the others"),
               "currency": _("A record in a currency that no route names needs approval by the route without a limit, else by the highest"),
               "second_least": _("Empty: always"), "first_hours": _("Empty: it may wait"), "second_hours": _("Empty: it may wait"),
               "first_escalation": _("Who may approve, too, when the hours are over. Empty: who leads the teams of the first step"),
               "second_escalation": _("Who may approve, too, when the hours are over. Empty: who leads the teams of the second step")},
    )  # fmt: skip

    @property
    def span(self) -> tuple[int, int] | None:
        """The numbers of its branch and all below; None: it is for all."""
        return None if self.branch is None else (self.branch.lft, self.branch.rgt)


class RequestState(Choice):
    """How far a request has come."""

    WAITING = "waiting", _("To be approved"), "orange"
    APPROVED = "approved", lazy_pgettext("approval", "Approved"), "blue"
    DONE = "done", lazy_pgettext("approval", "Done"), "green"
    REFUSED = "refused", lazy_pgettext("approval", "Refused"), "red"
    FAILED = "failed", _("Failed"), "red"


class ApprovalRequest(About, Entity):
    """An operation or a change that somebody asked for, with its values; done once, after the last step of its route."""

    __scope__ = Scope.follows(author="user_id")
    __called__ = "title"
    __table_args__ = (
        Index("ix_approval_request_row", "entity", "row_id", "id"),
        Index("ix_approval_request_open", "role_id", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_approval_request_late", "escalates_at", postgresql_where=text("state = 'waiting' AND escalated_at IS NULL")),
        Index("ix_approval_request_approved", "id", postgresql_where=text("state = 'approved'")),
    )  # fmt: skip

    title: Mapped[Line]
    route_id: Mapped[int] = link("approval_route", index=False)
    operation: Mapped[Code] = mapped_column(info={"words": "approvable"})
    arguments: Mapped[Json]
    told: Mapped[Line | None]
    changes: Mapped[Json] = mapped_column(info={"of": "entity", "has_fields": True, "is_trace": True})
    """Of a change: each field as [before, after]. It never changes, and the history would not mask personal values in it."""
    version: Mapped[str | None] = mapped_column(String(40), info={"kind": "mark"})
    """Of the record when it was asked for; another one means that it was changed meanwhile."""
    user_id: Mapped[int] = link("user")
    state: Mapped[RequestState] = choice(RequestState, default=RequestState.WAITING)
    step: Mapped[Count] = mapped_column(default=1, server_default="1")
    is_last: Mapped[Flag]
    """Whether the step is the last one."""
    role_id: Mapped[int] = link("role", index=False)
    waits_since: Mapped[CreatedAt]
    """When the step began."""
    escalates_at: Mapped[Instant | None]
    escalated_at: Mapped[Instant | None]
    """When the step went to others, too, because its hours were over."""
    escalated_role_id: Mapped[int | None] = link("role", index=False)
    escalated_to: Mapped[Line | None]
    """The superiors by name, where no role is to be asked; `escalated_ids` are their ids."""
    escalated_ids: Mapped[list[int] | None] = mapped_column(ARRAY(Integer), info={**_INSIDE, "links": "user"})
    escalation_task_ids: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger), info=dict(_INSIDE))
    task_id: Mapped[int | None] = link("task", ondelete="SET NULL", index=False)
    first_by_id: Mapped[int | None] = link("user", index=False)
    first_for_id: Mapped[int | None] = link("user", index=False)
    """In whose place the first step was decided, as the substitute of somebody away."""
    second_by_id: Mapped[int | None] = link("user", index=False)
    second_for_id: Mapped[int | None] = link("user", index=False)
    note: Mapped[Line | None]
    outcome: Mapped[Line | None]
    created_at: Mapped[CreatedAt]
    decided_at: Mapped[Instant | None]

    __screen__ = Screen(
        help=_(
            "Operations and changes that wait for approval or were decided. You see requests about records in your sight; "
            "My approvals lists those that are your turn, also in place of somebody away. After the last yes it is done once; "
            "if the record changed meanwhile it is not done and says so."
        ),
        guide="approvals-rules-tasks write-a-rule",
        menu=_("Work"), title=_("Approval requests"), icon="checks", position=12, operations="", order="-id",
        list="created_at row_id title state changes told user role waits_since escalated_at outcome entity",
        show={_("What was asked"): "title told changes operation entity row_id user created_at",
              _("Whose turn it is"): "state role step waits_since escalates_at escalated_at escalated_role escalated_to task",
              _("What was said"): "first_by first_for second_by second_for note outcome decided_at route"},
        filters="state operation changes role escalated_role user entity row_id created_at waits_since", search="title told",
        labels={"row": _("Record"), "operation": _("Operation"), "told": _("Values"), "changes": _("Before and after"), "user": _("Asked by"),
                "role": _("Turn of the role"), "waits_since": _("Waits since"), "escalates_at": _("To be answered by"),
                "escalated_at": _("Passed on at"), "escalated_role": _("Passed on to the role"), "escalated_to": _("Passed on to"),
                "escalated_ids": _("Passed on to"),
                "first_by": _("First step by"), "first_for": _("First step in place of"), "second_by": _("Second step by"),
                "second_for": _("Second step in place of"), "outcome": _("What came of it"), "decided_at": _("Decided at")},
    )  # fmt: skip


def _approvable() -> codes.Words:
    """What can wait: operations but those that tell a secret or ask for a password, and changes of what people edit."""
    known = (
        one for one in registry.operations() if one.entity is not ApprovalRequest and not one.is_for_people
    )
    done = {one.name: f"{one.label} ({singular(one.entity)})" for one in known if not _asks_secretly(one)}
    edited = (cls for cls in registry.followed(Comment) if "edit" in cls.__screen__.operations.split())
    return done | {f"{CHANGE}{cls.slug()}": f"{_CHANGED} ({singular(cls)})" for cls in edited}


def _asks_secretly(operation: Any) -> bool:
    return any(argument.annotation is Password for argument in operation.arguments)


codes.add("approvable", _approvable)
