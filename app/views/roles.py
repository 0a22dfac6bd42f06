"""What a role may do, as a table of subjects and verbs that an administrator ticks."""

from operator import itemgetter
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    ViewMenu,
    assoc_permissionview_role,
)
from flask_babel import gettext
from sqlalchemy import delete, func, insert, select

from app.access.roles import ADMINISTRATOR
from app.core import labels, registry
from app.core.alphabet import in_order
from app.core.db import unscoped, web_session
from app.core.org import AuditEvent, Role, User
from app.core.web import links
from app.core.web.principal import current
from app.core.web.register import screen
from app.views.rights import named, subject_names, verb_names

links.record_page("role", "/roles/{id}")
PLAIN = ("can_list", "can_show", "can_add", "can_edit", "can_delete", "can_export", "can_chart")


def _names(session: Any, pairs: set[int]) -> list[str]:
    """Rights by the names under which `app.views.rights` has words for them."""
    named = (
        select(Permission.name, ViewMenu.name).join(PermissionView.permission).join(PermissionView.view_menu)
    )
    found = session.execute(named.where(PermissionView.id.in_(pairs)))
    return sorted(f"{verb} {subject}" for verb, subject in found)


def _in_short(session: Any, role: Any, rights: list[Any]) -> str:
    """How many hold the role, and how much it opens and lets them change."""
    users = select(func.count()).select_from(User).where(User.role_id == role.id, User.active)
    known = {labels.subject(cls) for cls in registry.entities()}
    opened, changed = (
        len({subject for verb, subject in rights if verb in verbs and subject in known})
        for verbs in (("can_list", "can_show"), ("can_add", "can_edit", "can_delete"))
    )
    return gettext(
        "Active users: %(users)s. Kinds of records that it opens: %(opened)s, that it adds, changes or deletes: %(changed)s.",
        users=session.scalar(users), opened=opened, changed=changed,
    )  # fmt: skip


@screen()
class Roles(BaseView):
    """Permissions of one role."""

    route_base = "/roles"
    class_permission_name = "Role"
    default_view = "show"

    @expose("/<id(role):role_id>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def show(self, role_id: int) -> Any:
        role = web_session().scalars(select(Role).where(Role.id == role_id)).one_or_none()
        if role is None:
            abort(404)
        if request.method == "POST":
            return self._save(role)
        return render_template("roles/show.html", page=self._page(role))

    def _save(self, role: Any) -> Any:
        """Store the ticked permissions; the administrator's role always holds all."""
        if role.name == ADMINISTRATOR:
            flash(gettext("The administrator's role always holds every right"), "warning")
            return redirect(f"/roles/{role.id}")
        wanted = {int(one) for one in request.form.getlist("permission") if one.isdigit()}
        table = assoc_permissionview_role
        with unscoped("change of a role's rights", user_id=current().user_id) as session:
            known = set(session.scalars(select(PermissionView.id)))
            held = set(session.scalars(select(table.c.permission_view_id).where(table.c.role_id == role.id)))
            gone, new = held - wanted, (wanted & known) - held
            session.execute(
                delete(table).where(table.c.role_id == role.id, table.c.permission_view_id.in_(gone))
            )
            if new:
                session.execute(
                    insert(table), [{"role_id": role.id, "permission_view_id": one} for one in sorted(new)]
                )
            details = {"given": _names(session, new), "taken": _names(session, gone)}
            session.add(
                AuditEvent(
                    kind="role",
                    user_id=current().user_id,
                    entity="role",
                    row_id=role.id,
                    about=role.name,
                    details=details,
                )
            )
        flash(gettext("Saved"), "success")
        return redirect(f"/roles/{role.id}")

    def _page(self, role: Any) -> dict[str, Any]:
        session = web_session()
        table = assoc_permissionview_role
        held = set(session.scalars(select(table.c.permission_view_id).where(table.c.role_id == role.id)))
        query = select(PermissionView.id, Permission.name, ViewMenu.name).join(
            Permission, PermissionView.permission_id == Permission.id
        )
        pairs = session.execute(query.join(ViewMenu, PermissionView.view_menu_id == ViewMenu.id)).all()
        entities = {labels.subject(cls) for cls in registry.entities()}
        names, verbs = subject_names(), verb_names()
        subjects: dict[str, dict[str, Any]] = {}
        for pair_id, verb, subject in pairs:
            line = subjects.setdefault(subject, {"label": named(subject, names), "plain": {}, "others": []})
            tick = {"id": pair_id, "held": pair_id in held, "label": named(verb, verbs)}
            if verb in PLAIN and subject in entities:
                line["plain"][verb] = tick
            else:
                line["others"].append(tick)
        return {
            "title": str(role), "subtitle": _in_short(session, role, [pair[1:] for pair in pairs if pair[0] in held]),
            "crumbs": [(gettext("Roles"), "/role/list/")], "action": f"/roles/{role.id}", "verbs": PLAIN,
            "verb_labels": [named(verb, verbs) for verb in PLAIN],
            "subjects": in_order(subjects.values(), itemgetter("label")), "is_fixed": role.name == ADMINISTRATOR,
        }  # fmt: skip
