"""Who asks: the user, his one role and what it permits. Loaded once a request, in its own session."""

from dataclasses import dataclass, field

from flask import g
from sqlalchemy import select
from sqlalchemy.orm import joinedload, undefer

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
    role_id: int = 0

    def may(self, verb: str, subject: str) -> bool:
        return (verb, subject) in self.permissions

    @property
    def may_reveal(self) -> bool:
        """Whether personal numbers are shown in full."""
        return self.may("can_reveal", "PersonalData")


def load(proof: str) -> tuple[User, Principal] | None:
    """The active user whom a cookie or token means ("7.<stamp>") and his principal, or None.

    A stamp from before his last logout or change of password is worth nothing. Read as `s_login`, detached
    from any session.
    """
    user_id = proof.partition(".")[0]
    if not user_id.isdigit():
        return None
    with session_for(lambda: ("login", None)) as session:
        found = (
            select(User)
            .where(User.id == int(user_id))
            .options(undefer(User.session_stamp), joinedload(User.role))
        )
        user = session.scalars(found).one_or_none()
        if user is None or not user.active or user.role is None or user.get_id() != proof:
            return None
        role = user.role
        principal = Principal(
            user.id, user.username, str(user), role.name, user.language, str(user.kind) == "partner",
            frozenset(_permissions(session, role.id)), role.id,
        )  # fmt: skip
        session.expunge_all()
    return user, principal


def stamp(user_id: int) -> str:
    """The proof that a new token of this user carries. Raises NoResultFound for an unknown user."""
    with session_for(lambda: ("login", None)) as session:
        return session.get_one(User, user_id, options=[undefer(User.session_stamp)]).get_id()


def _permissions(session: object, role_id: int) -> list[tuple[str, str]]:
    from flask_appbuilder.security.sqla.models import (
        Permission,
        PermissionView,
        ViewMenu,
        assoc_permissionview_role,
    )

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
    return g.principal
