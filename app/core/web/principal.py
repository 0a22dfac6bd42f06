"""Who asks: the user, his one role and what it permits. Loaded once a request, in its own session."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from flask import g
from sqlalchemy import bindparam, func, select
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
        found = session.execute(_user_and_permissions(), {"user_id": int(user_id)}).one_or_none()
        session.expunge_all()
    if found is None:
        return None
    user, permitted = found
    if not user.active or user.role is None or user.get_id() != proof:
        return None
    return user, Principal(
        user.id, user.username, str(user), user.role.name, user.language, str(user.kind) == "partner", _pairs(permitted or "")
    )  # fmt: skip


def stamp(user_id: int) -> str:
    """The proof that a new token of this user carries. Raises NoResultFound for an unknown user."""
    with session_for(lambda: ("login", None)) as session:
        return session.get_one(User, user_id, options=[undefer(User.session_stamp)]).get_id()


@lru_cache(maxsize=1)
def _user_and_permissions() -> Any:
    """A user, his role and what it permits as one text, a line each: hundreds of rows would cost more than a page."""
    from flask_appbuilder.security.sqla.models import (
        Permission,
        PermissionView,
        ViewMenu,
        assoc_permissionview_role,
    )

    joined = assoc_permissionview_role.c
    permitted = (
        select(func.string_agg(Permission.name + "\t" + ViewMenu.name, "\n"))
        .join(PermissionView, PermissionView.permission_id == Permission.id)
        .join(ViewMenu, PermissionView.view_menu_id == ViewMenu.id)
        .join(assoc_permissionview_role, joined.permission_view_id == PermissionView.id)
        .where(joined.role_id == User.role_id)
        .scalar_subquery()
    )
    return (
        select(User, permitted)
        .where(User.id == bindparam("user_id"))
        .options(undefer(User.session_stamp), joinedload(User.role))
    )


@lru_cache(maxsize=100)
def _pairs(lines: str) -> frozenset[tuple[str, str]]:
    """The pairs that such a text holds; it is another one as soon as a permission of the role changes."""
    pairs = (line.split("\t") for line in lines.split("\n") if line)
    return frozenset((verb, subject) for verb, subject in pairs)


def current() -> Principal:
    """The principal of this request. Raises AttributeError outside of a logged-in request."""
    return g.principal
