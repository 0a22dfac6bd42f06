"""Who asks: the user, his one role and what it permits. Loaded once a request, in its own session."""

from dataclasses import dataclass, field

from flask import g
from sqlalchemy import select

from app.core.db import session_for
from app.core.org.access import User


@dataclass(frozen=True)
class Principal:
    """The person behind a request. Permissions are (verb, subject) pairs such as ("can_list", "Loan")."""

    user_id: int
    username: str
    full_name: str
    role: str
    language: str
    is_partner: bool
    permissions: frozenset[tuple[str, str]] = field(repr=False, default=frozenset())

    def may(self, verb: str, subject: str) -> bool:
        return (verb, subject) in self.permissions

    @property
    def may_reveal(self) -> bool:
        """Whether personal numbers are shown in full."""
        return self.may("can_reveal", "PersonalData")


def load(user_id: int) -> tuple[User, Principal] | None:
    """The active user with that id and his principal, or None. Read as `s_login`, detached from any session."""
    with session_for(lambda: ("login", None)) as session:
        user = session.scalars(select(User).where(User.id == user_id)).one_or_none()
        if user is None or not user.active or user.role is None:
            return None
        role = user.role
        principal = Principal(
            user.id, user.username, str(user), role.name, user.language, str(user.kind) == "partner",
            frozenset(_permissions(session, role.id)),
        )  # fmt: skip
        session.expunge_all()
    return user, principal


def _permissions(session: object, role_id: int) -> list[tuple[str, str]]:
    from flask_appbuilder.security.sqla.models import Permission, PermissionView, ViewMenu, assoc_permissionview_role

    joined = assoc_permissionview_role.c
    query = (
        select(Permission.name, ViewMenu.name)
        .join(PermissionView, PermissionView.permission_id == Permission.id)
        .join(ViewMenu, PermissionView.view_menu_id == ViewMenu.id)
        .join(assoc_permissionview_role, joined.permission_view_id == PermissionView.id)
        .where(joined.role_id == role_id)
    )
    return [(verb, subject) for verb, subject in session.execute(query)]  # type: ignore[attr-defined]


def current() -> Principal:
    """The principal of this request. Raises AttributeError outside of a logged-in request."""
    return g.principal  # type: ignore[no-any-return]


