"""The standard roles as data. A bank changes them on the role screen; these are what a new installation has."""

import secrets
from collections.abc import Iterable
from typing import Any

from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    ViewMenu,
    assoc_permissionview_role,
)
from flask_babel import lazy_pgettext
from sqlalchemy import insert, select

import app.models  # noqa: F401  all declarations
from app.core import codes, registry
from app.core.db import unscoped
from app.core.labels import subject
from app.core.org import Role

READ = ("can_list", "can_show", "can_export", "can_chart")
WRITE = (*READ, "can_add", "can_edit", "can_delete")
_SHOWN_WORDS = ("comment", "attachment")
_WORDS = (*_SHOWN_WORDS, "task", "absence")
"""What people add to records, and of themselves; who may do so is not asked for the right to change the record."""
_BOOK = ("customer", "loan", "instalment", "repayment", "allocation", "write_off", "phone", "address", "customer_link",
         "joint_liability_group", "contact_note", "message", "history", "rule_firing", "approval_request", "approval_route", "stated_difference")  # fmt: skip
_REFERENCE = ("region", "branch", "product", "bucket", "holiday", "team", "department", "position", "client")

ROLES: dict[str, dict[tuple[str, ...], Iterable[str]]] = {
    "Manager": {
        (
            *_BOOK,
            *_REFERENCE,
            "message_template",
            "import_run",
            "import_problem",
            "job_run",
            "user",
            "mention",
        ): READ,
        _WORDS: WRITE,
    },
    "Officer": {
        (*_BOOK, *_REFERENCE, "message_template", "mention"): READ,
        _WORDS: WRITE,
        ("customer", "phone", "address", "customer_link", "contact_note"): WRITE,
    },
    "Clerk": {
        (
            *_BOOK,
            *_REFERENCE,
            "message_template",
            "import_run",
            "import_problem",
            "import_layout",
            "mention",
        ): READ,
        _WORDS: WRITE,
        ("phone", "address", "customer_link", "contact_note"): WRITE,
    },
    "Agent": {
        (*_BOOK, "product", "bucket", "message_template", "mention"): ("can_list", "can_show", "can_chart"),
        _WORDS: ("can_list", "can_show", "can_add", "can_edit", "can_delete"),
        ("phone", "contact_note"): ("can_list", "can_show", "can_add", "can_edit"),
    },
    "Partner": {
        ("customer", "loan", "instalment", "repayment", "region"): ("can_list", "can_show", "can_export"),
        _SHOWN_WORDS: ("can_list", "can_show"),
    },
    "Auditor": {(): READ},
}
"""role → {entities: verbs}; the empty tuple means every entity. Operations and reports name their roles."""

ADMINISTRATOR = "Administrator"
_SAID = {
    ADMINISTRATOR: lazy_pgettext("role", "Administrator"),
    "Manager": lazy_pgettext("role", "Manager"),
    "Officer": lazy_pgettext("role", "Officer"),
    "Clerk": lazy_pgettext("role", "Clerk"),
    "Agent": lazy_pgettext("role", "Agent"),
    "Partner": lazy_pgettext("role", "Partner"),
    "Auditor": lazy_pgettext("role", "Auditor"),
}
codes.add("standard_role", _SAID)
_INSIDE = ("Manager", "Officer", "Clerk", "Agent", "Auditor")
_CHANGING = ("Manager", "Officer", "Clerk", "Agent")
"""Who may change records at all, and so many at once."""
_FILLING = ("Manager", "Officer", "Clerk")
"""Who fills records from files; which ones, the rights to these records say."""
SCREENS: dict[tuple[str, str], tuple[str, ...] | None] = {
    ("can_show", "Home"): None,
    ("can_find", "Search"): None,
    ("can_rows", "Lookups"): None,
    ("can_show", "Files"): None,
    ("can_show", "Notifications"): None,
    ("can_show", "Jobs"): None,
    ("can_get", "OpenApi"): None,
    ("can_show", "ApiReference"): _INSIDE,
    ("can_index", "Reports"): None,
    **{
        (f"can_{verb}", "SavedView"): None
        for verb in ["menu", "save", "start", "list", "show", "edit", "delete"]
    },
    ("can_share", "SavedView"): ("Manager",),
    **{(f"can_{verb}", "UserReport"): None for verb in ["build", "save", "list", "show", "edit", "delete"]},
    ("can_share", "UserReport"): ("Manager",),
    **{(f"can_{verb}", "ApiToken"): _INSIDE for verb in ["list", "show", "export", "add", "edit"]},
    **{(f"can_{verb}", "Upload"): _FILLING for verb in ["list", "show", "add"]},
    **{(f"can_{verb}", "UploadLayout"): _FILLING for verb in ["list", "show", "edit", "delete"]},
    ("can_share", "UploadLayout"): ("Manager",),
    ("can_undo", "Upload"): ("Manager",),
    ("can_pick", "Selection"): None,
    **{
        (f"can_{verb}", mark): None
        for verb in ("list", "show", "add", "delete")
        for mark in ("Favourite", "Following")
    },
    ("can_list", "FileJob"): None,
    ("can_show", "FileJob"): None,
    ("can_list", "BulkJob"): _CHANGING,
    ("can_show", "BulkJob"): _CHANGING,
    ("can_this_form_get", "ResetMyPasswordView"): None,
    ("can_this_form_post", "ResetMyPasswordView"): None,
    ("can_show", "Imports"): ("Manager", "Clerk", "Auditor"),
    ("can_add", "Imports"): ("Clerk",),
    ("can_reveal", "PersonalData"): _INSIDE,
}
"""Rights to hand-written screens: which standard roles have them, None for all."""


def _wanted(role: str) -> set[tuple[str, str]]:
    """The permissions a standard role starts with."""
    pairs = {pair for pair, roles in SCREENS.items() if roles is None or role in roles}
    for slugs, verbs in ROLES.get(role, {}).items():
        for cls in registry.entities():
            if (not slugs or cls.slug() in slugs) and cls.__screen__.list:
                pairs.update((verb, subject(cls)) for verb in verbs)
    for declared in [*registry.operations(), *registry.reports()]:
        if role in declared.roles:
            pairs.add((declared.permission, declared.subject))
    return pairs


def every_permission(builder: Any) -> set[tuple[str, str]]:
    """(verb, subject) of every registered view, API, operation and report."""
    pairs = {("can_reveal", "PersonalData"), ("can_see_sql", "UserReport")}
    pairs |= {("can_share", name) for name in ("SavedView", "UserReport", "UploadLayout")}
    for view in builder.baseviews:
        pairs |= {(verb, view.class_permission_name) for verb in view.base_permissions or ()}
    pairs |= {(d.permission, d.subject) for d in [*registry.operations(), *registry.reports()]}
    return pairs


def create_roles() -> None:
    """Create every permission, the standard roles that do not exist yet, and give the administrator all.

    A standard role that exists keeps what a bank made of it. Set-based: Flask-AppBuilder's own way took
    10 299 statements on an empty database.
    """
    from app import create_app

    builder = create_app(SECRET_KEY=secrets.token_urlsafe()).extensions["appbuilder"]
    with unscoped("create permissions and standard roles") as session:
        ids = _permission_ids(session, every_permission(builder))
        for name in (ADMINISTRATOR, *ROLES):
            _fill_role(session, name, ids)


def _permission_ids(session: Any, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Insert what is missing; (verb, subject) → id of the pair."""
    for model, names in (
        (Permission, {pair[0] for pair in wanted}),
        (ViewMenu, {pair[1] for pair in wanted}),
    ):
        known = set(session.scalars(select(model.name)))
        session.add_all(model(name=name) for name in sorted(names - known))
    session.flush()
    verbs = dict(map(tuple, session.execute(select(Permission.name, Permission.id))))
    subjects = dict(map(tuple, session.execute(select(ViewMenu.name, ViewMenu.id))))
    pair = select(PermissionView.permission_id, PermissionView.view_menu_id, PermissionView.id)
    before = {(v, s) for v, s, _i in session.execute(pair)}
    missing = [(verbs[v], subjects[s]) for v, s in sorted(wanted) if (verbs[v], subjects[s]) not in before]
    session.add_all(PermissionView(permission_id=v, view_menu_id=s) for v, s in missing)
    session.flush()
    after = {(v, s): i for v, s, i in session.execute(pair)}
    return {(v, s): after[verbs[v], subjects[s]] for v, s in wanted}


def _fill_role(session: Any, name: str, ids: dict[tuple[str, str], int]) -> None:
    role = session.scalars(select(Role).where(Role.name == name)).one_or_none()
    if role is not None and name != ADMINISTRATOR:
        return
    if role is None:
        role = Role(name=name)
        session.add(role)
        session.flush()
    table = assoc_permissionview_role
    wanted = set(ids.values()) if name == ADMINISTRATOR else {ids[pair] for pair in _wanted(name) & set(ids)}
    held = set(session.scalars(select(table.c.permission_view_id).where(table.c.role_id == role.id)))
    rows = [{"permission_view_id": pair, "role_id": role.id} for pair in sorted(wanted - held)]
    if rows:
        session.execute(insert(table), rows)
