"""A record as the page that the show template draws."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from flask_babel import gettext, lazy_gettext as _

from app.core import labels, persons, registry, sections as extra_sections
from app.core.db import web_session
from app.core.org import History, Task
from app.core.types import Choice
from app.core.web import followed, following_words, links
from app.core.web.cells import cell, zone
from app.core.web.fields import FieldInfo, customs, describe, describe_all
from app.core.web.pages import Action, Badge, Cell, Field, Section, ShowPage, Tab
from app.core.web.principal import Principal

MOST_BESIDE_A_TEXT = 7
"""Columns of a tab's list among which a long text has room."""


def show_page(entity: Any, row: Any, principal: Principal, on: date, may: Callable[[str], bool]) -> ShowPage:
    """The generated page of one record."""
    slug = entity.slug()
    return ShowPage(
        title=str(row), subtitle=labels.singular(entity), badges=badges(entity, row), actions=actions(entity, row, principal, may),
        sections=sections(entity, row, principal, on), tabs=tabs(entity, row, principal),
        crumbs=[(labels.entity_label(entity), links.list_url(slug))],
        history_url=None,
    )  # fmt: skip


def badges(entity: Any, row: Any) -> list[Badge]:
    """The record's choices that are states: shown beside its title."""
    found = []
    for name in ("status", "state"):
        value = getattr(row, name, None)
        if isinstance(value, Choice):
            found.append(Badge(value.label, value.colour))
    return found if hasattr(entity, "__table__") else []


def sections(entity: Any, row: Any, principal: Principal, on: date) -> list[Section]:
    """The declared sections with the row's values."""
    link = links.linker(principal)
    followed = [
        Section(label, [Field(name, Cell(text)) for name, text in shown(row)])
        for label, shown in extra_sections.of(entity)
    ]
    declared = [
        Section(
            label,
            [
                Field(
                    f.label,
                    _by_its_clock(
                        f, row, following_words.told(f, row, cell(f, row, principal, on, linked=link))
                    ),
                )
                for f in describe_all(entity, names.split())
            ],
        )
        for label, names in (entity.__screen__.show_sections or {_("Record"): entity.__screen__.list}).items()
    ]
    further = [Field(f.label, cell(f, row, principal, on, linked=link)) for f in customs(entity)]
    return [*declared, *([Section(_("Further fields"), further)] if further else []), *followed]


def _by_its_clock(field: FieldInfo, row: Any, shown: Cell) -> Cell:
    """A time with the zone in which it is told, on a record that has times by another clock than the installation's."""
    is_local = field.column is not None and field.column.info.get("is_local")
    if not shown.text or not (is_local or field.kind == "datetime"):
        return shown
    here, theirs = zone(), _zone_of(row)
    if theirs in (None, here):
        return shown
    return replace(shown, text=f"{shown.text} ({theirs if is_local else here})")


def _zone_of(row: Any) -> str | None:
    """The zone of the row's times without a day; None where it has none or it cannot be seen."""
    # users and roles are Flask-AppBuilder's and have none
    found = row
    for part in getattr(type(row), "__zone__", "").split("."):
        found = getattr(found, part, None) if part else None
    return found


def actions(entity: Any, row: Any, principal: Principal, may: Callable[[str], bool]) -> list[Action]:
    """Operations offered for this row, then edit and delete, as far as the role allows."""
    slug = entity.slug()
    offered = [
        (op, Action(op.name, op.label, f"/{slug}/do/{op.name}?ids={row.id}", op.icon, op.is_primary))
        for op in registry.operations(entity)
        if principal.may(op.permission, op.subject) and (op.is_offered is None or op.is_offered(row))
    ]
    found = [action for op, action in offered if not op.is_seldom]
    is_changeable = links.is_changeable(row, principal)
    if may("edit") and is_changeable:
        found.append(
            Action(
                "edit",
                gettext("Edit"),
                f"/{slug}/edit/{row.id}",
                "edit",
                primary=not any(a.primary for a in found),
            )
        )
    if may("add") and not entity.__scope__.is_own_to_write and entity.__screen__.form:
        found.append(Action("duplicate", gettext("Duplicate"), f"/{slug}/add?copy={row.id}", "copy"))
    found += _task_action(slug, row, principal)
    found += [action for op, action in offered if op.is_seldom]
    if may("delete") and is_changeable:
        found.append(
            Action(
                "delete",
                gettext("Delete"),
                f"/{slug}/delete/{row.id}",
                "trash",
                method="POST",
                asks_why=bool(entity.__history__),
            )
        )
    return found


def _task_action(slug: str, row: Any, principal: Principal) -> list[Action]:
    """The way to give somebody a task with this record."""
    if slug not in followed.slugs(principal) or not principal.may("can_add", labels.subject(Task)):
        return []
    address = f"/task/add?entity={slug}&row_id={row.id}"
    return [Action("task", gettext("Add task"), address, Task.__screen__.icon)]


def tabs(entity: Any, row: Any, principal: Principal) -> list[Tab]:
    """What happened with the record, the lists of rows that point to it, its history, and who looked at it."""
    found = []
    if not entity.__scope__.is_own_to_write:
        found.append(Tab("activity", gettext("Activity"), f"/{entity.slug()}/activity/{row.id}"))
    about = {"entity": entity.slug(), "row_id": row.id, "partial": "tab"}
    if entity.slug() in followed.slugs(principal) and principal.may("can_list", labels.subject(Task)):
        url = links.list_url("task", **about, cols="title.due_on.late.state.user.role.team.note")
        found.append(Tab("task", labels.entity_label(Task), url))
    found += _tabs_of_rows(entity, row, principal)
    found += [
        Tab(key, label, address.format(id=row.id))
        for key, label, address, permission in extra_sections.tabs_of(entity)
        if principal.may(permission, labels.subject(entity))
    ]
    if entity.__history__ and principal.may("can_list", "History") and _has_history_in_sight(entity):
        url = links.list_url("history", **about, cols="at.action.user.source.reason.changes")
        found.append(Tab("history", gettext("History"), url))
    if is_personal(entity) and principal.may("can_list", "AuditEvent"):
        url = links.list_url("audit_event", **about, cols="at.user.kind.about.source.network_address")
        found.append(Tab("looks", gettext("Who has looked"), url))
    if found:
        found[0].active = True
    return found


def _has_history_in_sight(entity: Any) -> bool:
    """Changes of what is itself about another record, such as a task, are seen by those alone who see everything."""
    return entity in registry.followed(History) or web_session().reach.is_all


def _tabs_of_rows(entity: Any, row: Any, principal: Principal) -> list[Tab]:
    """The lists of rows that point to it."""
    found = []
    for slug in entity.__screen__.columns("tabs"):
        child = registry.entity(slug)
        if principal.may("can_list", labels.subject(child)):
            parent = parent_link(child, entity)
            told = {"partial": "tab", "cols": ".".join(told_apart(child, entity, parent))}
            url = links.list_url(slug, **{parent: row.id, **told})
            found.append(Tab(slug, labels.entity_label(child), url))
    return found


def is_personal(entity: Any) -> bool:
    """Whether its rows hold what identifies a person, or belong to one, so that the log keeps who looked at them."""
    return persons.is_about_person(entity) or any(
        {"personal", "personal_by"} & column.info.keys() for column in entity.__table__.columns
    )


def told_apart(child: Any, entity: Any, parent: str) -> list[str]:
    """The columns of the child's list that differ in the rows of one parent.

    Left out are the parent and what it belongs to itself, such as the customer in the payments of a loan; beside
    many others also a long text, which would stand there a word a line.
    """
    owners = {
        c.name.removesuffix("_id") for c in entity.__table__.columns if c.info.get("link") and not c.nullable
    }
    names = [
        one for one in child.__screen__.columns("list") if one.partition(".")[0] not in {parent, *owners}
    ]
    if len(names) > MOST_BESIDE_A_TEXT:
        names = [one for one in names if describe(child, one).kind != "longtext"]
    return [name.replace(".", "-") for name in names]


def parent_link(child: Any, entity: Any) -> str:
    """The name of the child's link to this entity. Raises TypeError when the screen names a stranger."""
    for column in child.__table__.columns:
        if column.info.get("link") == entity.slug():
            return str(describe(child, column.name.removesuffix("_id")).name)
    raise TypeError(f"{child.slug()} has no link to {entity.slug()}, but is named in its tabs")
