"""Every error is a page (or JSON for the API) that says what to do, and never what the database said."""

from typing import Any

from flask import Flask, current_app, make_response, render_template, request
from flask_babel import get_locale, gettext, lazy_gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from app.core import db, retry
from app.core.errors import OutOfScope, ReadOnlyScope, RuleError
from app.core.web import drafts

_SAID = {
    400: _("This request cannot be understood"), 403: _("You may not do this"), 404: _("Nothing is here"),
    405: _("This page does not work that way"), 413: _("The file is too large"), 429: _("Too many tries"),
    500: _("Something went wrong on our side"), 503: _("The database does not answer"),
}  # fmt: skip
"""What a program is told; people get the page of that number, which also says what to do."""


_FORMS_KEPT = (400, 409, 500, 503)
"""After these the same form may be right or work another time, so what was typed must not be lost."""


class Refusal(HTTPException):
    """A request that is refused with a sentence of its own, whatever door it came to."""

    def __init__(self, code: int, sentence: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.code, self.sentence, self.more = code, sentence, headers or {}


RETRY_SECONDS = 30
"""When a database that restarts is worth asking again."""


def init(app: Flask) -> None:
    """Answer every error of this app."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OutOfScope, lambda _e: page(404))
    # somebody else deleted the row between the look and the write
    app.register_error_handler(StaleDataError, lambda _e: page(404))
    app.register_error_handler(ReadOnlyScope, lambda _e: page(403))
    app.register_error_handler(RuleError, lambda e: page(400, str(e)))
    app.register_error_handler(CSRFError, lambda _e: drafts.keep() or page(400, _stale()))


def page(status: int, message: str = "") -> Any:
    """The answer to an error, with a sentence of its own if there is one."""
    db.web_session.rollback()
    known = status if status in _SAID else 500 if status >= 500 else 400
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {}
    if request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json":
        return {"message": message or str(_SAID[known])}, status, headers
    form_url = drafts.keep_failed() if status in _FORMS_KEPT else None
    if known >= 500:
        return _bare(known, form_url), status, headers
    return render_template(f"errors/{known}.html", message=message, form_url=form_url), status


def _http(error: HTTPException) -> Any:
    """What Werkzeug says of an error is English, so only its number is used."""
    cause = getattr(error, "original_exception", None)
    if retry.is_deadlock(cause):
        return page(
            409,
            gettext("Somebody else changed the same rows at the same moment. Nothing was saved; try again."),
        )
    sentence = getattr(error, "sentence", "")
    answer = make_response(page(503 if retry.is_lost(cause) else error.code or 500, sentence))
    answer.headers.update(getattr(error, "more", {}))
    if isinstance(error, MethodNotAllowed):
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return answer


def _bare(status: int, form_url: str | None) -> str:
    """A page of ours that asks no database: past what every template is given, which begins with the user."""
    template = current_app.jinja_env.get_template(f"errors/{status}.html")
    again = request.full_path if request.method == "GET" else form_url or "/"
    return template.render(language=str(get_locale()), again=again)


def _stale() -> str:
    """What to do when a form's CSRF mark is missing, old or another session's."""
    return gettext("This page is out of date. Open it again and repeat what you did; nothing was saved.")
