"""Rules of an administrator: when something happens with a record, and the record meets conditions, something is done."""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _, lazy_pgettext
from sqlalchemy import ARRAY, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core import codes, registry
from app.core.entity import Entity, link
from app.core.labels import column_label, entity_label
from app.core.org.remarks import About, Comment
from app.core.scope import Scope
from app.core.screen import Screen, When
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
    Name,
    OpenedJson,
    Text,
    choice,
)


class RuleEvent(Choice):
    """What makes a rule look at a record."""

    CREATED = "created", _("New record"), "green"
    CHANGED = "changed", _("Changed record"), "blue"
    DELETED = "deleted", _("Deleted record"), "red"
    NIGHTLY = "nightly", _("Every night"), "purple"


_THERE = "created changed nightly"
"""Events after which the record is there, so that a field of it can be set."""


def _watched(rule: Any) -> dict[str, Any]:
    """Fields whose change a rule can wait for."""
    from app.core.web.rule_fields import watched

    return watched(rule.entity)


def _settable(rule: Any) -> dict[str, Any]:
    """Fields that a rule can write."""
    from app.core.web.rule_fields import settable

    return {name: field.label for name, field in settable(rule.entity).items()}


def _set_like(rule: Any) -> Any:
    """The field that is set, by which its value is asked for."""
    from app.core.web.rule_fields import settable

    return settable(rule.entity).get(rule.set_field)


def _templates(_rule: Any) -> dict[str, Any]:
    """Templates of messages that can be sent one by one."""
    return codes.words("rule_message")


def _people(rule: Any) -> dict[str, Any]:
    """Links of the record to a user."""
    if not registry.has_entity(rule.entity):
        return {}
    entity = registry.entity(rule.entity)
    linked = (c.name for c in entity.__table__.columns if c.info.get("link") == "user")
    return {name: column_label(entity, name) for name in linked}


class Rule(Entity):
    """What is done by itself with records of one kind: when, under which conditions, as which user."""

    __scope__ = Scope.house("acts by itself on the records of the house")
    __custom__ = False

    name: Mapped[Name]
    number: Mapped[Count] = mapped_column(default=0, server_default="0", info={"is_trace": True})
    """Of its latest version; every change of what it does makes one more."""
    entity: Mapped[Code] = mapped_column(info={"words": "ruled_entity"}, index=True)
    event: Mapped[RuleEvent] = choice(RuleEvent)
    field: Mapped[Code | None] = mapped_column(info={"offers": _watched, "follows": "entity"})
    conditions: Mapped[Line | None] = mapped_column(info={"filters_of": "entity", "follows": "entity"})
    user_id: Mapped[int] = link("user")
    """Whose scope and role it acts in: what he could not do himself it does not do."""
    is_off: Mapped[Flag]
    task_title: Mapped[Line | None]
    task_user_id: Mapped[int | None] = link("user", index=False)
    task_role_id: Mapped[int | None] = link("role", index=False)
    task_team_id: Mapped[int | None] = link("team", index=False)
    task_field: Mapped[Code | None] = mapped_column(info={"offers": _people, "follows": "entity"})
    task_days: Mapped[Days | None]
    message: Mapped[Name | None] = mapped_column(info={"offers": _templates, "follows": "entity"})
    set_field: Mapped[Code | None] = mapped_column(info={"offers": _settable, "follows": "entity"})
    set_value: Mapped[Line | None] = mapped_column(info={"like": _set_like, "follows": "entity set_field"})
    comment: Mapped[Text | None]
    webhook_id: Mapped[int | None] = link("webhook")
    night_on: Mapped[date | None] = mapped_column(info={"is_trace": True})
    """The business date whose night waits to be worked on."""
    stopped_at: Mapped[Instant | None]
    stopped_because: Mapped[Code | None] = mapped_column(info={"words": "rule_stop"})
    stopped_detail: Mapped[Line | None]
    stopped_firings: Mapped[Count] = mapped_column(default=0, server_default="0", info={"is_trace": True})
    """How many waited when it was found to be off; they can be taken up again."""

    __screen__ = Screen(
        help=_(
            "What is done by itself when a record is new, has changed, is deleted, or every night: a task, a field, a message, a "
            "comment, a call of a webhook. A rule acts as one user and can do nothing that he may not. Try it on its page "
            "before you switch it on; one that sets itself off again and again is switched off and says why. What waited for it then "
            "is kept: mend it, switch it on and take it up again."
        ),
        guide="approvals-rules-tasks write-a-rule",
        menu=_("Administration"), title=_("Rules"), icon="route", position=81, is_for_people=True,
        list="name entity event user is_off number stopped_because",
        form={_("When"): "name entity event field conditions user is_off",
              _("Create a task"): "task_title task_user task_role task_team task_field task_days",
              _("Set a field"): "set_field set_value", _("Tell"): "message comment webhook"},
        show={_("When"): "name number entity event field conditions user is_off stopped_because stopped_detail stopped_at stopped_firings",
              _("Create a task"): "task_title task_user task_role task_team task_field task_days",
              _("Set a field"): "set_field set_value", _("Tell"): "message comment webhook"},
        only_if={"field": When("event", "changed"), "set_field": When("event", _THERE), "set_value": When("event", _THERE)},
        filters="name entity event user is_off stopped_because", search="name", order="name", tabs="rule_firing rule_version",
        labels={"number": _("Version"), "entity": _("Kind of record"), "field": _("Only if this field changed"), "conditions": _("Only if"),
                "user": _("Acts as"), "is_off": _("Switched off"), "task_title": _("What is to be done"), "task_user": _("Assigned to"),
                "task_role": _("Any holder of the role"), "task_team": _("Anybody of the team"),
                "task_field": _("The user named by the record's field"), "task_days": _("Days until it is due"),
                "message": _("Message by template"), "set_field": _("Field"), "set_value": _("Value"), "webhook": _("Call webhook"),
                "stopped_because": _("Switched off because"), "stopped_detail": _("What was wrong"), "stopped_at": _("Switched off at"),
                "stopped_firings": _("Left undone")},
        hints={"conditions": _("Written as the filters in the address of the list; empty: always"),
               "user": _("What this user may not see or do the rule does not do either"),
               "task_user": _("One of these four"),
               "set_value": _("Written so: true, 2026-01-31, 100.00, a code or the number of a record")},
    )  # fmt: skip


class RuleVersion(Entity):
    """A rule as it was from one change to the next; what it did then points here."""

    __scope__ = Scope.house("acts by itself on the records of the house")
    __history__ = False
    __called__ = "number"
    __table_args__ = (UniqueConstraint("rule_id", "number"),)

    rule_id: Mapped[int] = link("rule", ondelete="CASCADE", index=False)
    number: Mapped[Count]
    of: Mapped[Code] = mapped_column(default="rule", server_default="rule", info={"words": "entity"})
    definition: Mapped[Json] = mapped_column(info={"of": "of", "most_shown": 1000})
    user_id: Mapped[int | None] = link("user", index=False)
    created_at: Mapped[CreatedAt]

    __screen__ = Screen(
        title=_("Versions of rules"), icon="versions", list="number created_at user definition", operations="", order="-id",
        show={_("Version"): "rule number created_at user definition"}, filters="rule number user created_at",
        labels={"number": _("Version"), "definition": _("What it says"), "of": _("Kind of record")},
    )  # fmt: skip


class FiringState(Choice):
    """How far a rule has come with a record."""

    WAITING = "waiting", _("Waiting"), "secondary"
    DONE = "done", lazy_pgettext("rule", "Done"), "green"
    FAILED = "failed", _("Failed"), "red"
    STOPPED = "stopped", _("Stopped"), "orange"


class RuleFiring(About, Entity):
    """What a rule was to do with a record, stored with the event, done once afterwards, with what came of it."""

    __scope__ = Scope.follows(author="user_id")
    __history__ = False
    __called__ = "name"
    __table_args__ = (
        Index("ix_rule_firing_row", "entity", "row_id", "id"),
        Index("ix_rule_firing_open", "rule_id", "id", postgresql_where=text("state = 'waiting'")),
        UniqueConstraint("rule_id", "row_id", "night_on"),
    )

    rule_id: Mapped[int] = link("rule", ondelete="CASCADE")
    version_id: Mapped[int] = link("rule_version", ondelete="CASCADE", index=False)
    user_id: Mapped[int] = link("user", index=False)
    name: Mapped[Name]
    """The rule's, for those who see the record and not the rule."""
    was: Mapped[dict[str, Any]] = mapped_column(
        OpenedJson, default=dict, server_default="{}", info={"kind": "json", "of": "entity", "is_row": True}
    )
    """Of a deleted record: its fields as they were, for those who see everything, as its history is."""
    kept: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), info={"kind": "mark"})
    """The same as a row, by which the rule's conditions and the scope of its user are judged; gone once that is done."""
    event: Mapped[RuleEvent] = choice(RuleEvent)
    night_on: Mapped[date | None]
    depth: Mapped[Count] = mapped_column(default=0, server_default="0")
    """How many rules, one after the other, led to it."""
    state: Mapped[FiringState] = choice(FiringState, default=FiringState.WAITING)
    actions: Mapped[list[str] | None] = mapped_column(
        ARRAY(String(30)), info={"kind": "codes", "said": "rule_action"}
    )
    problem: Mapped[Line | None]
    created_at: Mapped[CreatedAt] = mapped_column(index=True)
    done_at: Mapped[Instant | None]

    __screen__ = Screen(
        title=_("Firings of rules"), icon="bolt", list="created_at name version entity row_id event state actions problem",
        show={_("Firing"): "name rule version entity row_id event was depth night_on created_at",
              _("What came of it"): "state actions problem done_at user"},
        operations="", order="-id", search="name", filters="rule version name entity row_id event state user created_at",
        labels={"name": _("Rule"), "row": _("Record"), "actions": _("What was done"), "depth": _("Rules before it"), "created_at": _("At"),
                "was": _("What the record was"), "night_on": _("Night of"), "user": _("Acts as"), "problem": _("What was wrong")},
    )  # fmt: skip


def _ruled() -> codes.Words:
    """What a rule can be about: records whose changes are kept or told, and about which something can be said."""
    told = (cls for cls in registry.followed(Comment) if cls.__history__ or cls.__told__ is not None)
    return {cls.slug(): entity_label(cls) for cls in told}


codes.add("ruled_entity", _ruled)
codes.add(
    "rule_action",
    {
        "task": _("Task created"),
        "field": _("Field set"),
        "message": _("Message queued"),
        "comment": _("Comment written"),
        "webhook": _("Webhook called"),
    },
)
codes.add(
    "rule_stop",
    {
        "loop": _("It set itself off again and again, alone or with other rules"),
        "owner": _("The login of the user as whom it acts is closed"),
        "conditions": _("Its conditions name something that is not there for its user"),
        "fault": _("The program failed at it"),
    },
)
