"""The bell: what the user is told of, what he has not read, and by which way he wants to be told of what."""

from typing import Any

from flask import abort, flash, jsonify, redirect, render_template, request
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import select

from app.core.db import web_session
from app.core.notices import reading
from app.core.notices.settle import ways_of
from app.core.org import Notification, NotificationChoice, NotificationKind, NotificationWay
from app.core.web.fields import as_id
from app.core.web.principal import current
from app.core.web.register import MenuEntry, screen
from app.core.web.writing import storing

HERE = "/notifications/"


@screen(
    unlisted=MenuEntry(
        "",
        _("Notifications"),
        HERE,
        "bell",
        ("can_show", "Notifications"),
        help=_(
            "What you are told of: mentions, records you were put down on, comments and changes of "
            "records you follow, the end of your jobs. Nobody else reads yours. Under your name, What I "
            "am told of, you choose for each kind whether it comes here, by e-mail too, or not at all."
        ),
    )
)
class Notifications(BaseView):
    """The user's own notifications: nobody reads another's, whatever he sees."""

    route_base = "/notifications"
    class_permission_name = "Notifications"
    default_view = "show"

    @expose("/")
    @has_access
    def show(self) -> Any:
        is_unread, before = "unread" in request.args, request.args.get("before")
        start = as_id(Notification, before) if before else None
        if before and start is None:
            abort(404)
        found = reading.page(web_session(), current(), start, is_unread=is_unread)
        kept = "unread=1&" if is_unread else ""
        page = {
            "title": gettext("Notifications"), "lines": found.lines, "is_unread": is_unread, "here": HERE,
            "older_url": f"{HERE}?{kept}before={found.older}" if found.older else None,
        }  # fmt: skip
        return render_template("notifications.html", page=page)

    @expose("/count")
    @has_access
    @permission_name("show")
    def count(self) -> Any:
        """How many are not read, for the bell of a page that stays open."""
        return jsonify(unread=reading.unread(web_session(), current()))

    @expose("/read", methods=["POST"])
    @has_access
    @permission_name("show")
    def read_all(self) -> Any:
        """Mark all as read."""
        with storing(Notification) as session:
            reading.mark_read(session, current())
        return redirect(HERE)

    @expose("/<id(notification):notification_id>/read", methods=["POST"])
    @has_access
    @permission_name("show")
    def read(self, notification_id: int) -> Any:
        """Mark one as read; one that is read already stays so."""
        mine = select(Notification.id).where(
            Notification.id == notification_id, Notification.user_id == current().user_id
        )
        if web_session().scalar(mine) is None:
            abort(404)
        with storing(Notification) as session:
            reading.mark_read(session, current(), notification_id)
        return redirect(HERE)

    @expose("/choices", methods=["GET", "POST"])
    @has_access
    @permission_name("show")
    def choices(self) -> Any:
        """By which way the user is told of what."""
        if request.method == "POST":
            _choose({kind: _way(request.form.get(kind.value, "")) for kind in NotificationKind})
            flash(gettext("Saved"), "success")
            return redirect(f"{HERE}choices")
        ways = ways_of(web_session(), current().user_id)
        page = {
            "title": gettext("What I am told of"), "crumbs": [(gettext("Notifications"), HERE)], "action": f"{HERE}choices",
            "lines": [(kind, ways[kind]) for kind in NotificationKind], "ways": list(NotificationWay), "cancel_url": HERE,
        }  # fmt: skip
        return render_template("notification_choices.html", page=page)


def _way(said: str) -> NotificationWay | None:
    """The way that a form says; None for what it does not name, which stays as it is."""
    return next((way for way in NotificationWay if way.value == said), None)


def _choose(ways: dict[NotificationKind, NotificationWay | None]) -> None:
    """Store the user's choices."""
    own = current().user_id
    with storing(NotificationChoice) as session:
        known = session.scalars(select(NotificationChoice).where(NotificationChoice.user_id == own))
        before = {one.kind: one for one in known}
        for kind, way in ways.items():
            if way is None:
                continue
            if kind.value in before:
                before[kind.value].way = way
            else:
                session.add(NotificationChoice(user_id=own, kind=kind.value, way=way))
