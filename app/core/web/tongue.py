"""Switching the language: the person stays on the page and its filters."""

from urllib.parse import urlsplit

from flask import Response, abort, current_app, redirect, request, session
from flask_babel import refresh

from app.core.web.login import local


def switch(locale: str) -> Response:
    """Remember the language for this session and lead back to the page where it was chosen.

    Stands in for Flask-AppBuilder's, whose history knows none of our pages and so leads to the first one.
    """
    if locale not in current_app.config["LANGUAGES"]:
        abort(404)
    session["locale"] = locale
    refresh()
    return redirect(_came_from())  # type: ignore[return-value]


def _came_from() -> str:
    """The page of this house the request comes from, with its query; `/` where there is none."""
    referrer = request.referrer or ""
    try:
        is_ours = urlsplit(referrer).netloc == request.host
    except ValueError:
        is_ours = False
    back = local(referrer) if is_ours else "/"
    return "/" if back.startswith("/lang/") else back
