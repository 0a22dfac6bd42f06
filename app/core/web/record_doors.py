"""What every record's page asks for besides itself: its activity, and the switches for a star and for following."""

from datetime import UTC, datetime
from typing import Any

from flask import abort, jsonify, redirect, render_template, request
from flask_appbuilder import expose, has_access, permission_name
from flask_babel import gettext
from sqlalchemy import func, select

from app.core.db import web_session
from app.core.labels import subject
from app.core.locks import Lock
from app.core.org import Attachment, Comment, Favourite, Following
from app.core.web import followed, links, mentions
from app.core.web.activity import MOST, Activity, Upto
from app.core.web.entity_base import EntityBase
from app.core.web.principal import current
from app.core.web.record_tools import of_reader
from app.core.web.steering import business_date
from app.core.web.writing import storing

MOST_AT_ONCE = 10_000
"""Events of one instant that are told page by page."""


class RecordDoors(EntityBase):
    """Routes of one record that every entity has."""

    @expose("/activity/<pk>")
    @has_access
    @permission_name("show")
    def activity(self, pk: str) -> Any:
        """What happened with the record; `kind` shows one sort of events alone, `before` the older ones, of which the first `shown` are left out."""
        row, kind = self.row(pk), request.args.get("kind", "")
        found = Activity(web_session(), row, current(), business_date())
        if kind and kind not in found.sources:
            abort(404)
        upto, here = _upto(), f"/{self.slug}/activity/{row.id}"
        events = found.events(kind, upto)
        then = upto.after(events)
        older = then and then.at and f"{here}?kind={kind}&before={then.at.timestamp()}&shown={then.shown}"
        page = {
            "events": events[:MOST], "kind": kind, "older_url": older, "here": here, "may": self._may_add(),
            "kinds": [("", gettext("All")), *((name, label) for name, (label, _source) in found.sources.items())],
            "about": {"entity": self.slug, "row_id": row.id}, "is_part": bool(request.args.get("before")),
        }  # fmt: skip
        return render_template("generated/activity.html", page=page)

    def _may_add(self) -> dict[str, bool]:
        is_open = self.slug in followed.slugs(current())
        return {
            cls.slug(): is_open and current().may("can_add", subject(cls)) for cls in (Comment, Attachment)
        }

    @expose("/mentions/<pk>")
    @has_access
    @permission_name("show")
    def mentions(self, pk: str) -> Any:
        """Users who can be mentioned in a comment on the record, by a few letters."""
        row = self.row(pk)
        if not self._may_add()["comment"]:
            return jsonify(results=[])
        return jsonify(results=mentions.offers(web_session(), self.entity, row.id, request.args.get("q", "")))

    @expose("/star/<pk>", methods=["POST"])
    @has_access
    @permission_name("show")
    def star(self, pk: str) -> Any:
        """Put the record among the reader's favourites, or take it from there."""
        return self._turn(Favourite, pk)

    @expose("/follow/<pk>", methods=["POST"])
    @has_access
    @permission_name("show")
    def follow(self, pk: str) -> Any:
        """Have the reader told of what happens with the record, or no longer."""
        return self._turn(Following, pk)

    def _turn(self, mark: Any, pk: str) -> Any:
        row = self.row(pk)
        if self.slug not in followed.slugs(current()) or not current().may("can_add", subject(mark)):
            abort(403)
        with storing(mark) as session:
            # a button pressed twice turns the mark twice
            session.execute(select(func.pg_advisory_xact_lock(Lock.MARK, current().user_id)))
            found = session.scalar(of_reader(mark, row, current()))
            if found is not None:
                session.delete(found)
            else:
                session.add(mark(user_id=current().user_id, entity=self.slug, row_id=row.id))
        return redirect(links.show_url(self.slug, pk))


def _upto() -> Upto:
    """Where the asked page of events begins; 404 for what is no instant or no number."""
    raw, shown = request.args.get("before", ""), request.args.get("shown", "0")
    try:
        at = datetime.fromtimestamp(float(raw), UTC) if raw else None
    except (ValueError, OverflowError, OSError):
        abort(404)
    if not shown.isdecimal() or int(shown[:9]) > MOST_AT_ONCE:
        abort(404)
    return Upto(at, int(shown))
