"""Coming and going: the login, the logout that ends every session of the person, and where a login leads."""

import re
import secrets
from typing import Any
from urllib.parse import urlsplit

from flask import flash, g, redirect, request, session, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.forms import LoginForm_db
from flask_appbuilder.security.views import AuthDBView
from flask_login import login_user, logout_user
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.core.db import session_for, unscoped
from app.core.org.access import AuditEvent, User
from app.core.web import drafts

_OURS = re.compile(r"/(?![/\\])[^\x00-\x1f\\]*")


def local(address: str) -> str:
    """The part of an address after its host, so that a redirect never leaves; `/` for anything odd.

    >>> local("https://evil.example/loan/list/?q=1"), local("//evil.example"), local("javascript:alert(1)")
    ('/loan/list/?q=1', '/', '/')
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return path if _OURS.fullmatch(path) else "/"


def end_sessions(house: Session, user_id: int) -> None:
    """Make every cookie and token of the user worthless from now on."""
    house.execute(update(User).where(User.id == user_id).values(session_stamp=secrets.token_bytes(16)))


def record(kind: str, user_id: int | None, about: str | None = None) -> None:
    """Keep in the access log that a user came, went or was refused; `about` is the name of somebody unknown."""
    with unscoped("access log", user_id=user_id) as house:
        house.add(AuditEvent(kind=kind, user_id=user_id, about=about))


class Login(AuthDBView):
    """Login by name and password. Leaving is a POST, so that no link or image can do it."""

    @expose("/login/", methods=["GET", "POST"])
    def login(self) -> Any:
        onward = local(request.args.get("next", ""))
        if g.get("principal"):
            return redirect(onward)
        form = LoginForm_db()
        if form.validate_on_submit():
            user = self.appbuilder.sm.auth_user_db(form.username.data, form.password.data)
            if user is not None:
                login_user(user)
                drafts.offer(user.id, onward)
                return redirect(onward)
            flash(str(self.invalid_login_message), "warning")
            return redirect(url_for(".login", next=onward))
        return self.render_template(
            self.login_template, title=self.title, form=form, appbuilder=self.appbuilder
        )

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Any:
        asked = g.get("principal")
        if asked:
            with session_for(lambda: ("login", None)) as own:
                end_sessions(own, asked.user_id)
                own.commit()
            record("logout", asked.user_id)
        logout_user()
        session.clear()
        return redirect(url_for(".login"))
