"""What the panel tells of an entity besides its text: made of the declaration, so that nothing is written twice."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    ViewMenu,
    assoc_permissionview_role,
)
from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import select

from app.core import codes, registry
from app.core.alphabet import in_order
from app.core.db import session_for
from app.core.labels import column_label, subject
from app.core.org import Role
from app.core.scope import Scope
from app.core.screen import When
from app.core.web.fields import FieldInfo, customs, describe
from app.core.web.forms import is_required
from app.core.web.principal import Principal

_KEYS = {
    "branch": _("Branch and below"), "region": _("Region"), "officer": _("Own records"), "client": _("Client"),
    "product_kind": _("Kind of product"),
}  # fmt: skip
_VERBS = {
    "list": _("See the list"), "add": _("Add"), "edit": _("Edit"), "delete": _("Delete"), "export": _("Take away as Excel file"),
}  # fmt: skip


@dataclass(frozen=True)
class Explained:
    """A field: what it is called, and what has to be known of it."""

    label: str
    facts: list[str]


@dataclass(frozen=True)
class Verb:
    """Something that can be done: what is to be known of it, which roles may, and whether the reader may."""

    label: str
    told: str
    roles: str
    is_mine: bool


def fields(entity: Any) -> tuple[list[Explained], list[Explained]]:
    """The fields that people fill in, and those that are kept by rules."""
    screen = entity.__screen__
    has_form = {"add", "edit"} & set(screen.operations.split())
    typed = [describe(entity, name) for name in screen.form_columns] if has_form else []
    typed += customs(entity)
    names = {one.name for one in typed}
    shown = [name for part in screen.show_sections.values() for name in part.split()]
    others = [describe(entity, name) for name in dict.fromkeys([*shown, *screen.columns("list")])]
    kept = [one for one in others if one.name not in names and not one.path]
    return [_explained(one, is_typed=True) for one in typed], [
        _explained(one, is_typed=False) for one in kept
    ]


def _explained(field: FieldInfo, *, is_typed: bool) -> Explained:
    return Explained(field.label, [fact for fact in _facts(field, is_typed=is_typed) if fact])


def _facts(field: FieldInfo, *, is_typed: bool) -> Iterator[str]:
    yield str(field.hint)
    if field.kind == "choice" and field.choices:
        yield gettext("One of: %(names)s", names=", ".join(str(one.label) for one in field.choices))
    condition = field.entity.__screen__.only_if.get(field.name) if is_typed else None
    if condition is not None:
        yield _only_if(field.entity, condition)
    if is_typed and field.column is not None and field.kind != "bool" and is_required(field.column):
        yield gettext("Must be filled in")
    if is_typed and field.is_fixed:
        yield gettext("Stays as it was entered")
    if field.may_be_personal:
        yield gettext("Masked for roles that may not see personal data")


def _only_if(entity: Any, condition: When) -> str:
    """Under which value of another field it is asked for, in words."""
    other = describe(entity, condition.field)
    said = {one.value: str(one.label) for one in other.choices} if other.kind == "choice" else {}
    said |= {"yes": gettext("Yes"), "no": gettext("No")}
    values = ", ".join(said.get(value, value) for value in condition.values.split())
    return gettext("Only if %(field)s: %(values)s", field=other.label, values=values)


def verbs(entity: Any, principal: Principal) -> list[Verb]:
    """What can be done with these records, each with the roles that may."""
    roles, everyone = _roles(entity)
    known = {"list", "export", *(entity.__screen__.operations.split() if entity.__screen__.form else ())}
    found = [(f"can_{name}", label, "") for name, label in _VERBS.items() if name in known]
    found += [(one.permission, one.label, one.intro) for one in registry.operations(entity)]
    return [
        Verb(str(label), str(told), _named(roles[verb], everyone), principal.may(verb, subject(entity)))
        for verb, label, told in found
    ]


def _named(holders: set[str], everyone: set[str]) -> str:
    if holders == everyone:
        return gettext("All roles")
    return ", ".join(in_order(holders, lambda name: name)) or gettext("No role")


def _roles(entity: Any) -> tuple[dict[str, set[str]], set[str]]:
    """Verb → the roles that have the right, by their names; and all roles."""
    joined = assoc_permissionview_role.c
    asked = (
        select(Role.name, Permission.name)
        .join(assoc_permissionview_role, joined.role_id == Role.id)
        .join(PermissionView, PermissionView.id == joined.permission_view_id)
        .join(Permission, Permission.id == PermissionView.permission_id)
        .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
        .where(ViewMenu.name == subject(entity))
    )
    found: dict[str, set[str]] = defaultdict(set)
    with session_for(lambda: ("login", None)) as session:
        for role, verb in session.execute(asked):
            found[verb].add(codes.say("standard_role", role))
        everyone = {codes.say("standard_role", name) for name in session.scalars(select(Role.name))}
    return found, everyone


def seen_by(entity: Any) -> str:
    """Who sees which rows, as the entity's scope says it."""
    scope: Scope = entity.__scope__
    if scope.mode == "through":
        names = ", ".join(column_label(entity, parent) for parent in scope.parents)
        return gettext("A row is seen by whoever sees the record that it belongs to: %(names)s", names=names)
    if scope.mode == "keyed":
        names = ", ".join(str(label) for key, label in _KEYS.items() if getattr(scope, key))
        return gettext("Which rows you see is decided by your data grants: %(names)s", names=names)
    if scope.mode == "owned" and scope.shown_to:
        return gettext(
            "You see your own rows, those that are shared with your role and those that are sent to you"
        )
    if scope.mode == "owned" and scope.lent_to:
        return gettext("You see your own rows and those that are shared with your role")
    return {
        "shared": gettext("Whoever may open the list sees all rows"),
        "house": gettext("Seen only with a data grant that opens everything"),
        "owned": gettext("You see your own rows"),
        "follows": gettext("A row is seen by whoever sees the record that it is about"),
    }[scope.mode]
