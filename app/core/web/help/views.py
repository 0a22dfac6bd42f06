"""The doors of the help panel: about one screen, about none, and the guides."""

from typing import Any

from flask import abort, g, render_template, request
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_babel import get_locale, gettext

from app.core.web.help import guides, panel
from app.core.web.help.topics import Topic, topics
from app.core.web.principal import current
from app.core.web.register import screen


@screen()
class Help(BaseView):
    """What is written about the screens that the reader may open; whoever has a home page may read it."""

    route_base = "/help"
    class_permission_name = "Home"
    default_view = "show"

    @expose("/")
    @has_access
    @permission_name("show")
    def show(self) -> Any:
        """Of a page that says nothing of itself: keys and guides."""
        return _page(None)

    @expose("/<topic>")
    @has_access
    @permission_name("show")
    def topic(self, topic: str) -> Any:
        """Of one screen; one that the reader may not open does not exist."""
        found = topics().get(topic)
        if found is None or not current().may(*found.permission):
            abort(404)
        return _page(found)

    @expose("/guide/<guide>")
    @has_access
    @permission_name("show")
    def guide(self, guide: str) -> Any:
        """A guide that ships with the product, in the reader's language or else in English."""
        try:
            found = guides.guide(guide, _language())
        except KeyError:
            abort(404)
        return render_template(
            "help/guide.html", title=found.title, text=found.text, language=found.language.replace("_", "-")
        )


def _language() -> str:
    return str(get_locale() or "en")


def _page(topic: Topic | None) -> str:
    """The panel; asked for by its address alone, as a page."""
    told: dict[str, Any] = {
        "title": str(topic.title) if topic else gettext("Help"),
        "text": topic.text if topic else "",
    }
    if topic is not None and topic.entity is not None:
        typed, kept = panel.fields(topic.entity)
        told |= {"typed": typed, "kept": kept, "verbs": panel.verbs(topic.entity, g.principal), "seen": panel.seen_by(topic.entity)}  # fmt: skip
    named = topic.guide.split() if topic else []
    names = dict.fromkeys([*named, *(guides.NAMES if topic is None else guides.ENGLISH[:1])])
    told["guides"], told["english"] = (
        [(f"/help/guide/{name}", guides.guide(name, _language()).title) for name in names if name in some]
        for some in (guides.SPOKEN, guides.ENGLISH)
    )
    is_part = bool(request.headers.get("X-Partial"))
    return render_template(
        "help/_panel.html" if is_part else "help/page.html", page=told, title=told["title"]
    )
