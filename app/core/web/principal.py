"""Who asks: the user, his one role and what it permits. Loaded once a request, in its own session."""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from flask import g
from flask_babel import lazy_gettext as _
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, joinedload, undefer

from app.core import registry, settings
from app.core.db import session_for
from app.core.errors import RuleError
from app.core.labels import subject
from app.core.org.access import User
from app.core.tokens import Pass


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
    steering: tuple[dict[str, str], str] | None = field(repr=False, compare=False, default=None)
    """Settings and the version of the custom fields, read with him: every page needs them."""

    def may(self, verb: str, subject: str) -> bool:
        return (verb, subject) in self.permissions

    @property
    def may_reveal(self) -> bool:
        """Whether personal numbers are shown in full."""
        return self.may("can_reveal", "PersonalData")


READING = ("can_list", "can_show", "can_get", "can_reveal")
"""What a token that only reads leaves of a user's rights."""
_OF_PROGRAMS = {("can_reveal", "PersonalData"), ("can_get", "OpenApi"), ("can_show", "Files")}
"""Rights to other things than records that a program has a use for; of files, to those in fields of what it may open."""


def load(proof: str) -> tuple[User, Principal] | None:
    """The active user whom a cookie or token means ("7.<stamp>") and his principal, or None.

    A stamp from before his last logout or change of password is worth nothing. Read as `s_login`, detached
    from any session.
    """
    user_id = proof.partition(".")[0]
    return _load(int(user_id), proof) if user_id.isdigit() else None


def of_token(shown: Pass) -> tuple[User, Principal] | None:
    """The active user whose token was shown, and what is left of his rights through it; None for a closed login."""
    found = _load(shown.user_id)
    return (found[0], narrowed(found[1], shown)) if found is not None else None


def narrowed(whole: Principal, shown: Pass) -> Principal:
    """The principal with those of his rights that the token gives: never one more than he has himself."""
    entities = {subject(cls): cls for cls in registry.entities()}
    for_people = {(one.permission, one.subject) for one in registry.operations() if one.is_for_people}

    def is_left(verb: str, about: str) -> bool:
        entity = entities.get(about)
        if entity is None:
            return (verb, about) in _OF_PROGRAMS
        if shown.entities and entity.slug() not in shown.entities:
            return False
        is_look = shown.is_read_only or entity.__screen__.is_for_people
        return verb in READING if is_look else (verb, about) not in for_people

    return replace(whole, permissions=frozenset(pair for pair in whole.permissions if is_left(*pair)))


def of_user(user_id: int) -> tuple[User, Principal] | None:
    """The active user and his principal as they are now, for work done for him; None for a closed login."""
    return _load(user_id)


def _load(user_id: int, proof: str | None = None) -> tuple[User, Principal] | None:
    with session_for(lambda: ("login", None)) as session:
        found = session.execute(_user_and_permissions(), {"user_id": user_id}).one_or_none()
        session.expunge_all()
    if found is None:
        return None
    user, permitted, stored, version = found
    is_other = proof is not None and user.get_id() != proof
    if is_other or not user.active or user.role is None:
        return None
    return user, Principal(
        user.id, user.username, str(user), user.role.name, user.language, str(user.kind) == "partner", _pairs(permitted or ""), user.role.id,
        (settings.complete(stored), version),
    )  # fmt: skip


def stamp(user_id: int) -> str:
    """The proof that a new token of this user carries. Raises NoResultFound for an unknown user."""
    with session_for(lambda: ("login", None)) as session:
        return session.get_one(User, user_id, options=[undefer(User.session_stamp)]).get_id()


@lru_cache(maxsize=1)
def _user_and_permissions() -> Any:
    """A user, his role and what it permits, and what steers the installation."""
    return (
        select(User, _permitted(User.role_id), *settings.asked())
        .where(User.id == bindparam("user_id"))
        .options(undefer(User.session_stamp), joinedload(User.role))
    )


def need_rights_of(user_id: int) -> None:
    """Whoever says as which user something acts or sees may do all that this user may.

    Raises RuleError beside `user_id`.
    """
    found = of_user(user_id)
    if found is None:
        raise RuleError(_("This user cannot log in"), "user_id")
    if found[1].permissions - current().permissions:
        raise RuleError(_("This user may do more than you"), "user_id")


def permissions(session: Session, role_id: int) -> frozenset[tuple[str, str]]:
    """What a role may do, as (verb, subject)."""
    return _pairs(session.scalar(select(_permitted(role_id))) or "")


def _permitted(role_id: Any) -> Any:
    """What a role permits as one text, a line each: hundreds of rows would cost a request more than its page."""
    from flask_appbuilder.security.sqla.models import (
        Permission,
        PermissionView,
        ViewMenu,
        assoc_permissionview_role,
    )

    joined = assoc_permissionview_role.c
    return (
        select(func.string_agg(Permission.name + "\t" + ViewMenu.name, "\n"))
        .join(PermissionView, PermissionView.permission_id == Permission.id)
        .join(ViewMenu, PermissionView.view_menu_id == ViewMenu.id)
        .join(assoc_permissionview_role, joined.permission_view_id == PermissionView.id)
        .where(joined.role_id == role_id)
        .scalar_subquery()
    )


@lru_cache(maxsize=100)
def _pairs(lines: str) -> frozenset[tuple[str, str]]:
    """The pairs that such a text holds; it is another one as soon as a permission of the role changes."""
    pairs = (line.split("\t") for line in lines.split("\n") if line)
    return frozenset((verb, subject) for verb, subject in pairs)


def current() -> Principal:
    """The principal of this request. Raises AttributeError outside of a logged-in request."""
    return g.principal
