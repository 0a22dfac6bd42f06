"""What every page needs around its content: language, menu, banner."""

from datetime import timedelta
from functools import lru_cache
from typing import Any

from flask import (
    Flask,
    current_app,
    g,
    has_request_context,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import get_locale, gettext, lazy_gettext as _
from markupsafe import Markup

from app.core.db import web_session
from app.core.notices import reading
from app.core.web import register
from app.core.web.cells import plain
from app.core.web.help import topics
from app.core.web.steering import business_date, setting

Permissions = frozenset[tuple[str, str]]
GROUPS = [
    _("Work"),
    _("Portfolio"),
    _("Contact"),
    _("Reports"),
    _("Organisation"),
    _("Administration"),
    _("Security"),
    _("Audit"),
]
GROUP_ICONS = [
    "clipboard-list",
    "briefcase",
    "message",
    "chart-bar",
    "building",
    "settings",
    "shield",
    "history",
]


def locale() -> str:
    """The language chosen in this session, else the user's, else the browser's; a command speaks English."""
    known = list(current_app.config["LANGUAGES"])
    if not has_request_context():
        return known[0]
    chosen, principal = session.get("locale"), g.get("principal")
    if chosen in known:
        return str(chosen)
    if principal and principal.language in known:
        return str(principal.language)
    spoken = (ours(code) for code in request.accept_languages.values())
    return next((code for code in spoken if code in known), known[0])


def ours(code: str) -> str:
    """Our name for a browser's language, whatever country stands behind it.

    >>> ours("uk-UA"), ours("zh-TW"), ours("zh")
    ('uk', 'zh_Hant', 'zh_Hans')
    """
    language, *more = code.lower().replace("_", "-").split("-")
    if language == "zh":
        return "zh_Hant" if {"hant", "tw", "hk", "mo"} & set(more) else "zh_Hans"
    return language


def sidebar() -> Markup:
    """The menu as this principal may use it, with the place where he is."""
    principal = g.get("principal")
    if principal is None:
        return Markup()
    looks = url_for("static", filename="img/mark.svg"), url_for("static", filename="vendor/icons/icons.svg")
    here = tuple(request.path.strip("/").split("/")[: _depth()])
    return _drawn(str(get_locale()), principal.permissions, request.cookies.get("nav"), here, looks)


@lru_cache(maxsize=1)
def _depth() -> int:
    """How many parts of an address decide on which line of the menu it is."""
    return max(len(entry.url.strip("/").split("/")) for entry in register.menu_entries())


@lru_cache(maxsize=300)
def _drawn(
    _language: str, permissions: Permissions, chosen: str | None, here: tuple[str, ...], _looks: Any
) -> Markup:
    """Drawn once for all whose menu is the same: it is a tenth of the work of a page, and says the same on the next."""
    drawn = render_template("shell/sidebar.html", nav=navigation(permissions, here), chosen_groups=chosen)
    return Markup(drawn)  # noqa: S704  the template escapes


def navigation(permissions: Permissions, here: tuple[str, ...]) -> list[dict[str, Any]]:
    """Groups of the menu with the lines that these permissions allow."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in register.menu_entries():
        if entry.permission in permissions:
            line = {
                "label": entry.label,
                "url": entry.url,
                "icon": entry.icon,
                "active": _is_here(entry.url, here),
            }
            groups.setdefault(str(entry.group), []).append(line)
    known = {str(label): icon for label, icon in zip(GROUPS, GROUP_ICONS, strict=True)}
    order = ["", *known, *(label for label in groups if label and label not in known)]
    return [
        {"label": label, "icon": known.get(label, "list"), "items": groups[label], "url": None, "active": any(i["active"] for i in groups[label])}
        for label in order
        if label in groups
    ]  # fmt: skip


def _is_here(url: str, here: tuple[str, ...]) -> bool:
    first = url.strip("/").split("/")
    return list(here[: len(first) - (1 if first[-1] == "list" else 0)]) == [
        part for part in first if part != "list"
    ]


def context() -> dict[str, Any]:
    """Variables of every template."""
    principal = g.get("principal")
    return {
        "principal": principal,
        "product": "Loandesk",
        "search_url": "/search/",
        "sidebar": sidebar,
        "theme": request.cookies.get("theme", ""),
        "help_url": help_url,
        "clock_banner": clock_banner() if principal else None,
        "unread": unread,
        "languages": current_app.config["LANGUAGES"],
        "language": str(get_locale()),
    }


def help_url() -> str:
    """Where the help for this page is read."""
    return topics.address(request.path, g.principal)


def unread() -> int:
    """How many notifications the user has not read."""
    if "unread" not in g:
        g.unread = reading.unread(web_session(), g.principal)
    return int(g.unread)


def clock_banner() -> dict[str, Any] | None:
    """Told on every page while the business date stands still; administrators may close the day there."""
    if "clock_banner" not in g:
        g.clock_banner = _standing_clock() if setting("clock_runs") != "yes" else None
    return g.clock_banner


def _standing_clock() -> dict[str, Any]:
    """The banner's text and its button, which says what day it closes and sends that day along."""
    day, next_day = (plain("date", each) for each in (business_date(), business_date() + timedelta(days=1)))
    return {
        "text": gettext("Business date %(day)s: the clock stands still", day=day),
        "short": gettext("Business date %(day)s", day=day),
        "url": "/clock/close" if g.principal.may("can_close_day", "Clock") else None,
        "label": gettext("Close %(day)s", day=day),
        "question": gettext(
            "Close %(day)s? The night runs and the business date becomes %(next)s. This cannot be undone.",
            day=day,
            next=next_day,
        ),
        "day": business_date().isoformat(),
    }


def add_filters(app: Flask) -> None:
    """Template filters."""
    app.jinja_env.policies["ext.i18n.trimmed"] = True
