"""What administrators do with users: set a password, take the login away and give it back."""

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import passwords
from app.core.errors import RuleError
from app.core.operation import operation
from app.core.org import AuditEvent, User
from app.core.types import Password
from app.core.web.login import end_sessions


@operation(
    User, _("Set password"), icon="key", is_bulk=False, is_for_people=True, house="an administrator sets a password",
    intro=_("Whoever is logged in as this user is logged out. Tell him the password in person; he changes it."),
)  # fmt: skip
def set_password(house: Session, user: User, *, password: Password, user_id: int) -> str:
    """Give a user a password and end whatever was begun with the old one."""
    passwords.check(password, user.username, user.email)
    user.password = passwords.hashed(password)
    user.fail_login_count = 0
    house.flush()
    end_sessions(house, user.id)
    _record(house, "password_set", user, user_id)
    return gettext("%(name)s can log in with the new password", name=user)


@operation(
    User, _("Deactivate"), icon="user-off", is_danger=True, is_for_people=True, house="an administrator takes a login away",
    is_offered=lambda user: bool(user.active),
)  # fmt: skip
def deactivate(house: Session, user: User, *, user_id: int) -> str:
    """Take the login away; what the user did stays his."""
    if user.id == user_id:
        raise RuleError(_("Nobody takes his own login away"))
    if not user.active:
        raise RuleError(_("The user is not active"))
    user.active = False
    house.flush()
    end_sessions(house, user.id)
    _record(house, "deactivated", user, user_id)
    return gettext("%(name)s can no longer log in", name=user)


@operation(
    User, _("Activate"), icon="user-check", is_for_people=True, house="an administrator gives a login back",
    is_offered=lambda user: not user.active,
)  # fmt: skip
def activate(house: Session, user: User, *, user_id: int) -> str:
    """Give the login back."""
    if user.active:
        raise RuleError(_("The user is active already"))
    user.active, user.fail_login_count = True, 0
    _record(house, "activated", user, user_id)
    return gettext("%(name)s can log in again", name=user)


def _record(house: Session, kind: str, user: User, user_id: int) -> None:
    house.add(AuditEvent(kind=kind, user_id=user_id, entity="user", row_id=user.id, about=user.username))
