"""Switching the language: the person stays on the page and its filters."""

from typing import Any
from urllib.parse import urlsplit

from flask import Response, abort, current_app, g, jsonify, redirect, request, session
from flask_babel import gettext, refresh

from app.core.web import drafts
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


def switch_with_form(locale: str) -> Any:
    """The same for who has typed into a form: it is filled with that again, in the other language; nothing is saved."""
    if locale not in current_app.config["LANGUAGES"] or not g.get("principal"):
        abort(404)
    page = drafts.page_of(_came_from())
    if not drafts.take_along(page):
        return jsonify(message=gettext("This cannot be kept while the language changes; save it first")), 409
    session["locale"] = locale
    refresh()
    return jsonify(url=page)


def _came_from() -> str:
    """The page of this house the request comes from, with its query; `/` where there is none."""
    referrer = request.referrer or ""
    try:
        is_ours = urlsplit(referrer).netloc == request.host
    except ValueError:
        is_ours = False
    back = local(referrer) if is_ours else "/"
    return "/" if back.startswith("/lang/") else back
