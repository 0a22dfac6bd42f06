"""Flask-AppBuilder's security, with one role a user, permissions read once a request, and no open doors."""

from typing import Any

from flask import Flask, abort, g, request, session
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_babel import gettext, lazy_gettext as _
from flask_jwt_extended import JWTManager
from flask_login import current_user
from sqlalchemy import event, func, or_, select
from sqlalchemy.orm import undefer

from app.core import clock, passwords, tokens
from app.core.db import change_reason, session_for, unscoped, web_session
from app.core.errors import RuleError
from app.core.org.access import User
from app.core.web import call_limits, principal, reasons
from app.core.web.error_pages import Refusal
from app.core.web.login import Login, end_sessions, record
from app.core.web.own_password import ResetMyPasswordView

_BEARER = {"WWW-Authenticate": "Bearer"}


class OneRoleSecurity(SecurityManager):
    """What Flask-AppBuilder asks about users and rights, answered from the request's principal."""

    user_model = User
    authdbview = Login
    resetmypasswordview = ResetMyPasswordView

    def load_user(self, pk: Any) -> User | None:
        """Load the user and put the request's one session under his scope."""
        found = principal.load(str(pk))
        if found is None:
            return None
        user, g.principal = found
        g.user = user
        # whatever was read as s_login must not survive into the user's scope
        web_session.remove()
        return user

    def load_user_jwt(self, _header: Any, data: Any) -> User | None:
        user = self.load_user(data.get("proof", ""))
        if user is not None:
            call_limits.count(f"login {user.id}", f"user {user.id}")
        return user

    def validate_api_key(self, shown: str) -> User:
        """The user for whom a program shows a token. Raises Refusal for one that is not good, or not for this call."""
        token = tokens.find(shown, request.remote_addr)
        found = principal.of_token(token) if token is not None else None
        if token is None or found is None:
            raise Refusal(401, gettext("This token is not good here: it is unknown, withdrawn, expired or from elsewhere"), _BEARER)  # fmt: skip
        # known first, so that what follows is refused in his language
        user, g.principal = found
        g.user = user
        call_limits.count(f"token {token.id}", f"user {token.user_id}", token.calls_per_minute)
        if token.is_read_only and request.method not in ("GET", "HEAD", "OPTIONS"):
            raise Refusal(403, gettext("This token only reads"))
        change_reason.set(f"{token.called} {change_reason.get()}".strip()[: reasons.LONGEST])
        web_session.remove()
        return user

    def create_jwt_manager(self, app: Flask) -> JWTManager:
        """Tokens carry what cookies carry, so that they end with them."""
        manager = super().create_jwt_manager(app)
        manager.additional_claims_loader(lambda identity: {"proof": principal.stamp(int(identity))})
        return manager

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """Whether the request's principal holds the permission; nothing is public."""
        asked = g.get("principal")
        if asked is None and current_user and current_user.is_authenticated:
            asked = g.get("principal")
        return bool(asked) and asked.may(permission_name, view_name)

    def get_user_menu_access(self, menu_names: list[str] | None = None) -> set[str]:
        asked = g.get("principal")
        held = {subject for verb, subject in asked.permissions if verb == "menu_access"} if asked else set()
        return held if menu_names is None else held & set(menu_names)

    def auth_user_db(self, username: str, password: str) -> User | None:
        """The user with that name (or address) and password, or None; read as `s_login`, whoever asks.

        An unknown or inactive name costs the same time as a wrong password.
        """
        name = (username or "").replace("\x00", "")
        found = select(User).where(or_(User.username == name, func.lower(User.email) == name.lower()))
        secrets = undefer(User.password), undefer(User.session_stamp)
        found = found.options(*secrets).order_by(User.username != name)
        with session_for(lambda: ("login", None)) as own:
            user = own.scalars(found).first()
            stored = user.password if user is not None and user.active else None
            own.expunge_all()
        is_right = passwords.is_right(stored, password or "")
        if user is None or not stored:
            record("login_failed", user.id if user else None, None if user else name[:60])
            return None
        self.update_user_auth_stat(user, success=is_right)
        return user if is_right else None

    def update_user_auth_stat(self, user: Any, success: bool = True) -> None:
        """Count the login or the failure, as `s_login`, which may write nothing but these columns."""
        with session_for(lambda: ("login", None)) as own:
            stored = own.get_one(User, user.id)
            if success:
                stored.login_count, stored.fail_login_count = (stored.login_count or 0) + 1, 0
                stored.last_login = clock.now().replace(tzinfo=None)
            else:
                stored.fail_login_count = (stored.fail_login_count or 0) + 1
            own.commit()
        record("login" if success else "login_failed", user.id)

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        return False

    def reset_password(self, userid: Any, password: str) -> None:
        """Store a new password; a user may set his own, an administrator anybody's."""
        asked = principal.current()
        if int(userid) != asked.user_id and not asked.may("can_edit", "User"):
            abort(404)
        with unscoped("password change", user_id=asked.user_id) as house:
            house.get_one(User, int(userid)).password = passwords.hashed(password)
            house.flush()
            end_sessions(house, int(userid))
        if int(userid) == asked.user_id:
            session["_user_id"] = principal.stamp(asked.user_id)

    def register_views(self) -> None:
        """Only the login, the token and the own password; people and rights have generated screens."""
        token = self.appbuilder.add_api(self.security_api)
        self.auth_view = self.authdbview()
        self.appbuilder.add_view_no_menu(self.auth_view)
        for door in (token, self.auth_view):
            self.limiter.limit(self.auth_rate_limit, methods=["POST"])(door.blueprint)
        self.appbuilder.add_view_no_menu(self.resetmypasswordview())


@event.listens_for(User.roles, "append", propagate=True)
def _one_role(_user: Any, _role: Any, _initiator: Any) -> None:
    """Flask-AppBuilder lets a user have many roles; here what he may do must be one readable list."""
    raise RuleError(_("A user has exactly one role; set it as such"), "role_id")
