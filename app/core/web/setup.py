"""The application factory's parts: extensions, language, headers, error pages, generated screens."""

from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_appbuilder import AppBuilder
from flask_babel import get_locale
from flask_login import current_user
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from app.core import db
from app.core.errors import RuleError
from app.core.i18n import CATALOGUES, compile_catalogues
from app.core.web import (
    assets,
    call_limits,
    drafts,
    error_pages,
    looks,
    reasons,
    recents,
    sending,
    sent_file,
    texts,
)
from app.core.web.form_words import Words
from app.core.web.ids import Digits, Id
from app.core.web.routes import Route

ROOT = Path(__file__).resolve().parents[2]
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; "
    "media-src 'self'; frame-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=(self)",
}


def build(**overrides: Any) -> Flask:
    """Make the Flask app with every declared screen on it."""
    app = Flask("app", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.url_rule_class = Route
    app.config.from_object("config")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(CATALOGUES)
    app.config.update(overrides)
    compile_catalogues()
    if not app.config.get("SECRET_KEY"):
        raise RuleError("SECRET_KEY is not set; run.py makes one, a production installation gives its own")
    app.wsgi_app = behind(app.wsgi_app, app.config["PROXIES"])  # type: ignore[method-assign]
    CSRFProtect(app)
    # forms take WTForms' messages from our catalogues; its own know no traditional Chinese by our name of it
    FlaskForm.Meta.get_translations = lambda _meta, _form: Words()
    assets.init(app)
    call_limits.init(app)
    app.url_map.converters.update({"id": Id, "digits": Digits})
    with app.app_context():
        _appbuilder()
    _hooks(app)
    error_pages.init(app)
    return app


def behind(wsgi_app: Any, proxies: int) -> Any:
    """Take address, scheme and host of a request from so many proxies in front; from nobody else's headers."""
    return ProxyFix(wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies) if proxies else wsgi_app


def _appbuilder() -> None:
    from app.core.web.home import HomeRedirect
    from app.core.web.register import register_screens
    from app.core.web.security import OneRoleSecurity

    # permissions are made once by the deployment (app.access.roles), never by a worker that starts
    builder = AppBuilder(
        None, None, indexview=HomeRedirect, base_template="appbuilder/baselayout.html",
        security_manager_class=OneRoleSecurity, update_perms=False,
    )  # fmt: skip
    builder.init_app(current_app._get_current_object(), db.web_session)  # type: ignore[attr-defined]  # noqa: SLF001
    register_screens(builder)


def _hooks(app: Flask) -> None:
    from app.core.web import chrome, tongue

    _around_requests(app)
    app.context_processor(chrome.context)
    app.extensions["babel"].locale_selector = chrome.locale
    app.view_functions["LocaleView.index"] = tongue.switch
    app.add_url_rule("/lang/<string:locale>/form", "tongue", tongue.switch_with_form, methods=["POST"])
    texts.init(app)
    drafts.init(app)
    sending.init(app)
    sent_file.init(app)
    chrome.add_filters(app)

    @app.get("/health")
    def health() -> Any:
        """For the supervisor and load balancers: the process answers."""
        return {"status": "ok"}


def _around_requests(app: Flask) -> None:
    """What begins and ends with each request: who asks from where, the session, what was shown, the headers."""

    @app.before_request
    def start() -> Any:
        if request.endpoint == "static":
            # files of the product need no user, so pages look as they should while the database is away
            return None
        db.source.set("api" if request.path.startswith("/api/") else "screen")
        db.network_address.set(request.remote_addr)
        db.change_reason.set(reasons.said())
        if current_user and current_user.is_authenticated:
            return None
        g.setdefault("user", None)
        return drafts.keep()

    @app.teardown_appcontext
    def end(_error: BaseException | None = None) -> None:
        db.web_session.remove()

    @app.teardown_request
    def leave(_error: BaseException | None = None) -> None:
        db.source.set("system")
        db.network_address.set(None)
        db.change_reason.set("")

    @app.after_request
    def headers(response: Response) -> Response:
        looks.keep(response)
        recents.keep(response)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def language() -> str:
    """The request's language as an HTML lang attribute."""
    return str(get_locale()).replace("_", "-")
