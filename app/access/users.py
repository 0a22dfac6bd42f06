"""Making users: from the command line and from the screen, by the same rule."""

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select

import app.models  # noqa: F401  all declarations
from app.core import passwords
from app.core.db import unscoped
from app.core.errors import RuleError
from app.core.org import DataGrant, Role, User


def placeholder_email(username: str) -> str:
    """What stands for the address of a user who has none: unique, and never delivered anywhere.

    >>> placeholder_email("olena"), placeholder_email("olena@bank.example")
    ('olena@example.invalid', 'olena@bank.example')
    """
    return username if "@" in username else f"{username}@example.invalid"


def create_user(
    username: str, password: str, role: str, *, first_name: str = "", last_name: str = "", email: str = "",
    grants: Iterable[dict[str, Any]] = (), **columns: Any,
) -> int:  # fmt: skip
    """Create a user with one role and his data grants; returns his id.

    `grants` are columns of DataGrant ({"kind": GrantKind.OWN}). Raises RuleError for a taken name, an
    unknown role or an empty password.
    """
    if not password:
        raise RuleError(_("A password is needed"), "password")
    with unscoped(f"create user {username}") as session:
        if session.scalar(select(User.id).where(User.username == username)) is not None:
            raise RuleError(_("There is a user %(name)s already", name=username), "username")
        held = session.scalars(select(Role).where(Role.name == role)).one_or_none()
        if held is None:
            known = ", ".join(session.scalars(select(Role.name).order_by(Role.name)))
            raise RuleError(
                _("There is no role %(name)s; there are: %(known)s", name=role, known=known), "role"
            )
        user = User(
            username=username, first_name=first_name or username, last_name=last_name, active=True,
            email=email or placeholder_email(username), password=passwords.hashed(password), role_id=held.id, **columns,
        )  # fmt: skip
        session.add(user)
        session.flush()
        session.add_all(DataGrant(user_id=user.id, **grant) for grant in grants)
        return int(user.id)
