"""Roles that no installation comes with."""

from typing import Any

from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    ViewMenu,
    assoc_permissionview_role,
)
from sqlalchemy import insert, literal, select

from app.core import registry
from app.core.db import unscoped


def role_that_reveals_nothing(name: str) -> str:
    """A role with every right but that of seeing personal numbers in full; returns its name."""
    return _role_without(name, Permission.name == "can_reveal")


def role_that_opens_no(name: str, subject: str) -> str:
    """A role with every right but that of opening records of this subject; returns its name."""
    return _role_without(name, Permission.name == "can_show", ViewMenu.name == subject)


def _role_without(name: str, *which: Any) -> str:
    held = assoc_permissionview_role
    with unscoped("a role of a test") as session:
        role = registry.entity("role")(name=name)
        session.add(role)
        session.flush()
        left_out = select(PermissionView.id).join(Permission, Permission.id == PermissionView.permission_id)
        left_out = left_out.join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id).where(*which)
        others = select(literal(role.id), PermissionView.id).where(PermissionView.id.not_in(left_out))
        session.execute(insert(held).from_select(["role_id", "permission_view_id"], others))
    return name
