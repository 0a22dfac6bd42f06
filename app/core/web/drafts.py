"""What a person typed into a form that he left without wanting to: kept for an hour, then shown to him again.

A form carries a signed mark of who opened it. Where it comes in without a session, its values go to Valkey under
that user's number (no address, cookie or table holds them; passwords and files are left out), and the next login of
the same user from there leads back to the form, filled as it was. The same keeps a form whose reader changes the
language of the page, and one that could not be carried out. Nothing is ever saved by itself.
"""

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask, current_app, flash, g, redirect, request, session, url_for
from flask_babel import gettext, lazy_gettext as _
from flask_login import current_user
from flask_wtf import FlaskForm
from itsdangerous import BadSignature, URLSafeTimedSerializer
from redis import Redis, RedisError
from werkzeug.datastructures import MultiDict

from app.core.web.chosen import LIST

MARK = "_writer"
"""Name of the hidden input that says who opened the form."""
ABOUT = ("entity", "row_id")
"""Hidden inputs that say which record a comment, file or task is about."""
KEPT_FOR = timedelta(hours=1)
OLDEST_FORM = timedelta(days=7)
LARGEST = 64 * 1024
"""Bytes of what is kept of one form; a longer text is not kept at all."""
FLAG = "draft"
"""Where the session says which page is to be filled; the session is a cookie and holds the page's path alone."""

ENDED, LEFT, FAILED = "ended", "left", "failed"
_WHY = {
    FAILED: _("This is what you had typed when it could not be carried out; nothing is saved yet."),
    ENDED: _("You were logged out while you typed. This is what you had typed; nothing is saved yet."),
    LEFT: _("This is what you had typed; nothing is saved yet."),
}
"""Why a form is filled again, in words."""
log = logging.getLogger("loandesk.drafts")


def init(app: Flask) -> None:
    """Let templates mark their forms, and forms find what was kept."""
    app.jinja_env.globals["writer"] = mark
    app.jinja_env.globals["draft"] = draft
    usual = FlaskForm.Meta.wrap_formdata

    def wrap(meta: Any, form: Any, formdata: Any) -> Any:
        found = usual(meta, form, formdata)
        kept = draft() if found is None and formdata is not None else None
        return kept if kept and any(name in kept for name in form._fields) else found

    if not getattr(usual, "finds_drafts", False):
        wrap.finds_drafts = True  # type: ignore[attr-defined]
        FlaskForm.Meta.wrap_formdata = wrap


def mark() -> str:
    """Who opens the form that is being rendered, signed."""
    return _signer().dumps(g.principal.user_id)


def keep() -> Any:
    """The way to the login for a form that comes without its session, its values kept; None for anything else."""
    writer = _writer() if request.method == "POST" else None
    # asked before anything else has loaded the user
    principal = g.get("principal") if writer is not None and current_user.is_authenticated else None
    if writer is None or (principal is not None and principal.user_id != writer):
        return None
    page = _page_of_form()
    is_kept = _store(writer, page)
    if principal is not None:
        # logged in again meanwhile, in another window
        _offer(page)
        return redirect(page)
    if is_kept:
        flash(gettext("You were logged out. Log in again: what you typed is kept for an hour."), "info")
    return redirect(url_for("Login.login", next=page))


def keep_failed() -> str | None:
    """Keep the form of a request that could not be carried out; the page that will show it again, None where it cannot.

    Asks no database, which may be what failed. A part of a page keeps its own form while it stands open.
    """
    writer = _writer() if request.method == "POST" and "X-Partial" not in request.headers else None
    principal = g.get("principal")
    if writer is None or (principal is not None and principal.user_id != writer):
        return None
    page = _page_of_form()
    if not _store(writer, page, FAILED):
        return None
    _offer(page)
    return page


def offer(user_id: int, page: str) -> None:
    """Have the page filled to which this login leads, if something of this user is kept for it."""
    kept = _read(user_id, page)
    if kept is not None and kept["page"] == page:
        _offer(page)


def take_along(page: str) -> bool:
    """Have the page that is opened next filled with what the form says that came in; False where it cannot be kept."""
    user_id = g.principal.user_id
    is_kept = _writer() == user_id and _store(user_id, page, LEFT)
    if is_kept:
        _offer(page)
    return is_kept


def draft() -> MultiDict[str, str] | None:
    """What the user typed into the form of this page before he was logged out; given out once."""
    if "draft" not in g:
        g.draft = _taken() if _is_awaited() else None
    return g.draft


def _is_awaited() -> bool:
    return request.method == "GET" and g.get("principal") is not None and session.get(FLAG) == request.path


def _taken() -> MultiDict[str, str] | None:
    session.pop(FLAG)
    kept = _read(g.principal.user_id, request.path)
    if kept is None:
        return None
    _ask(lambda valkey: valkey.delete(_key(g.principal.user_id, request.path)))
    flash(str(_WHY[kept.get("why", ENDED)]), "warning")
    return MultiDict([(name, value) for name, value in kept["values"]])


def _offer(page: str) -> None:
    session[FLAG] = urlsplit(page).path


def _store(user_id: int, page: str, why: str = ENDED) -> bool:
    """Keep the request's form; False where it is too long or there is nowhere to keep it."""
    typed = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in (MARK, "csrf_token") and "password" not in name
    ]
    body = json.dumps({"page": page, "values": typed, "why": why}, ensure_ascii=False).encode(
        "utf-8", "replace"
    )
    return len(body) <= LARGEST and bool(
        _ask(lambda valkey: valkey.set(_key(user_id, page), body, ex=KEPT_FOR))
    )


def _read(user_id: int, page: str) -> Any:
    body = _ask(lambda valkey: valkey.get(_key(user_id, page)))
    return json.loads(body) if body else None


def _page_of_form() -> str:
    """The address under which the form is shown: its own, or of what is only sent there where the person came from."""
    from app.core.web.login import local

    # a form that stands within another page, such as a comment, is shown at its own address
    if current_app.url_map.bind("").test(request.path, "GET"):
        return page_of(request.path)
    came = local(request.referrer or "")
    is_known = urlsplit(came).path not in ("/", "/login/", request.path)
    return came if is_known else page_of(request.path.rpartition("/")[0])


def page_of(path: str) -> str:
    """The address of a form that was sent for chosen rows, or about a record, which it names itself."""
    about = ABOUT if all(name in request.form for name in ABOUT) else ()
    told = [(name, value) for name in ("ids", LIST, "next", *about) for value in request.form.getlist(name)]
    return f"{path}?{urlencode(told)}" if told and "?" not in path else path


def _writer() -> int | None:
    """The user who opened the form that came in."""
    try:
        return int(_signer().loads(request.form.get(MARK, ""), max_age=int(OLDEST_FORM.total_seconds())))
    except BadSignature:
        return None


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="draft")


def _key(user_id: int, page: str) -> str:
    """Each page has its own: somebody may be at several forms in several windows."""
    return f"draft:{user_id}:{urlsplit(page).path}"


def _ask(question: Callable[[Redis], Any]) -> Any:
    """Ask Valkey; None where it does not answer, since a lost draft must not cost the page."""
    try:
        return question(_valkey(current_app.config["REDIS_URL"]))
    except (RedisError, ValueError) as error:
        log.warning("what was typed cannot be kept: %s", error)
        return None


@cache
def _valkey(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
