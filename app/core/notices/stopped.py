"""Who is told of a rule or webhook that was switched off by itself: those who can mend it."""

from typing import Any

from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    ViewMenu,
    assoc_permissionview_role,
)
from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from app.core.labels import subject
from app.core.org import Notification, NotificationKind, User


def tell(house: Session, row: Any) -> None:
    """Note it for everybody who may edit such records, within the transaction that switches it off."""
    columns = Notification.__table__.c
    said = {
        "kind": NotificationKind.STOPPED, "entity": row.slug(), "row_id": row.id, "about": row.stopped_because,
        "times": 1,
    }  # fmt: skip
    values = [literal(value, columns[name].type).label(name) for name, value in said.items()]
    joined = assoc_permissionview_role.c
    roles = (
        select(joined.role_id)
        .join(PermissionView, PermissionView.id == joined.permission_view_id)
        .join(Permission, Permission.id == PermissionView.permission_id)
        .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
        .where(Permission.name == "can_edit", ViewMenu.name == subject(type(row)))
    )
    holders = select(User.id, *values).where(User.active, User.role_id.in_(roles))
    house.execute(insert(Notification).from_select(["user_id", *said], holders, include_defaults=False))
