"""Flask-AppBuilder's security, with one role a user, permissions read once a request, and no open doors."""

from typing import Any

from flask import abort, g, redirect, session, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.views import AuthDBView
from flask_login import current_user, logout_user
from sqlalchemy import event

from app.core import clock
from app.core.db import session_for, unscoped, web_session
from app.core.errors import RuleError
from app.core.org.access import AuditEvent, User
from app.core.web import principal


class Login(AuthDBView):
    """Login by name and password. Leaving is a POST, so that no link or image can do it."""

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Any:
        asked = g.get("principal")
        if asked:
            _record("logout", asked.user_id)
        logout_user()
        session.clear()
        return redirect(url_for(".login"))


class OneRoleSecurity(SecurityManager):
    """What Flask-AppBuilder asks about users and rights, answered from the request's principal."""

    user_model = User
    authdbview = Login

    def load_user(self, pk: Any) -> User | None:
        """Load the user and put the request's one session under his scope."""
        found = principal.load(int(pk))
        if found is None:
            return None
        user, g.principal = found
        g.user = user
        # whatever was read as s_login must not survive into the user's scope
        web_session.remove()
        return user

    def load_user_jwt(self, _header: Any, data: Any) -> User | None:
        return self.load_user(data["sub"])

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

    def update_user_auth_stat(self, user: Any, success: bool = True) -> None:  # noqa: FBT001, FBT002
        """Count the login or the failure, as `s_login`, which may write nothing but these columns."""
        with session_for(lambda: ("login", None)) as own:
            stored = own.get_one(User, user.id)
            if success:
                stored.login_count, stored.fail_login_count = (stored.login_count or 0) + 1, 0
                stored.last_login = clock.now().replace(tzinfo=None)
            else:
                stored.fail_login_count = (stored.fail_login_count or 0) + 1
            own.commit()
        _record("login" if success else "login_failed", user.id)

    def noop_user_update(self, user: Any) -> None:
        """Flask-AppBuilder would write an unknown name's attempt to the first user; there is nothing to write."""

    def is_item_public(self, permission_name: str, view_name: str) -> bool:  # noqa: ARG002
        return False

    def reset_password(self, userid: Any, password: str) -> None:
        """Store a new password; a user may set his own, an administrator anybody's."""
        from werkzeug.security import generate_password_hash

        asked = principal.current()
        if int(userid) != asked.user_id and not asked.may("can_edit", "User"):
            abort(404)
        with unscoped("password change", user_id=asked.user_id) as house:
            house.get_one(User, int(userid)).password = generate_password_hash(password)

    def register_views(self) -> None:
        """Only the login, the token and the own password; people and rights have generated screens."""
        self.appbuilder.add_api(self.security_api)
        self.auth_view = self.authdbview()
        self.appbuilder.add_view_no_menu(self.auth_view)
        self.limiter.limit(self.auth_rate_limit, methods=["POST"])(self.auth_view.blueprint)
        self.appbuilder.add_view_no_menu(self.resetmypasswordview())


def _record(kind: str, user_id: int) -> None:
    with unscoped("access log", user_id=user_id) as house:
        house.add(AuditEvent(kind=kind, user_id=user_id))


@event.listens_for(User.roles, "append", propagate=True)
def _one_role(_user: Any, _role: Any, _initiator: Any) -> None:
    """Flask-AppBuilder lets a user have many roles; here what he may do must be one readable list."""
    raise RuleError("A user has exactly one role; set it as such", "role_id")
