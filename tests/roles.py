"""Roles that no installation comes with."""

from flask_appbuilder.security.sqla.models import Permission, PermissionView, assoc_permissionview_role
from sqlalchemy import insert, literal, select

from app.core import registry
from app.core.db import unscoped


def role_that_reveals_nothing(name: str) -> str:
    """A role with every right but that of seeing personal numbers in full; returns its name."""
    held = assoc_permissionview_role
    with unscoped("a role of a test") as session:
        role = registry.entity("role")(name=name)
        session.add(role)
        session.flush()
        reveal = select(Permission.id).where(Permission.name == "can_reveal").scalar_subquery()
        others = select(literal(role.id), PermissionView.id).where(PermissionView.permission_id != reveal)
        session.execute(insert(held).from_select(["role_id", "permission_view_id"], others))
    return name
