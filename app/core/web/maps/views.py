"""The doors of maps: the file of outlines, and the paths of places for pages that show them."""

import hashlib
import json
from contextlib import closing
from typing import Any

from flask import make_response, render_template, request
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import Text, cast, func, select

from app.core import labels, outlines
from app.core.db import web_session
from app.core.errors import RuleError
from app.core.files import shown_name
from app.core.org import RegionOutline
from app.core.web import links
from app.core.web.maps import geojson, storing
from app.core.web.maps.picture import MOST_PLACES
from app.core.web.principal import current
from app.core.web.register import MenuEntry, screen
from app.core.web.sending import Sending, say
from app.core.web.writing import storing as stored

USUAL_KEY = "code"
MOST_SHOWN = 200
"""Refused parts of a file that a page shows."""
DRAWN_AS = 1
"""Counted up when the same outlines are drawn otherwise, so that no browser keeps the old ones."""


@screen(
    unlisted=MenuEntry(
        "", _("Outlines from a file"), "/region_outline/upload", "map-2", ("can_add", "RegionOutline"), guide="map",
        help=_("A GeoJSON file with the borders of places. One of its properties holds the codes of the regions; what is right is "
               "stored, what is not is told with its reason."),
    )
)  # fmt: skip
class OutlineFiles(BaseView):
    """Giving regions their outlines."""

    route_base = "/region_outline"
    class_permission_name = "RegionOutline"
    default_view = "upload"

    @expose("/upload", methods=["GET", "POST"])
    @has_access
    @permission_name("add")
    def upload(self) -> Any:
        """Ask for the file; store what is right of it, and tell the rest."""
        page: dict[str, Any] = {"errors": [], "kept": None, "key": USUAL_KEY}
        if request.method == "POST":
            page["key"] = request.form.get("key", "").replace("\x00", "").strip() or USUAL_KEY
            try:
                page["kept"] = _take(page["key"])
            except RuleError as error:
                page["errors"] = [str(error)]
        kept, title = page["kept"], labels.entity_label(RegionOutline)
        page |= {
            "title": gettext("Outlines from a file"), "crumbs": [(title, links.list_url(RegionOutline.slug()))],
            "max_bytes": geojson.MOST_BYTES, "coverage": storing.coverage(web_session()),
            "reasons": storing.reasons(kept.refused) if kept else [], "refused": kept.refused[:MOST_SHOWN] if kept else [],
        }  # fmt: skip
        return render_template("maps/upload.html", page=page), 422 if page["errors"] else 200


def _take(key: str) -> storing.Kept | None:
    """Store the outlines of the file that was sent; None where this form had stored them before."""
    file, sent = request.files.get("file"), Sending.now()
    if file is None or not file.filename:
        raise RuleError(gettext("Choose a file"))
    with closing(file.stream):
        found, refused = geojson.read(file.stream.read(geojson.MOST_BYTES + 1), key)
    with stored(RegionOutline) as session:
        if sent.before(session) is not None:
            say(is_again=True)
            return None
        kept = storing.keep(session, found, shown_name(file.filename), current().user_id)
        sent.keep(session)
    kept.refused = [*refused, *kept.refused]
    return kept


@screen()
class Outlines(BaseView):
    """The paths of places. Regions are shared, and so are their outlines: what is theirs alone are the figures."""

    route_base = "/outline"
    class_permission_name = "UserReport"
    default_view = "paths"

    @expose("/")
    @has_access
    @permission_name("show")
    def paths(self) -> Any:
        """{width, height, shapes: {id: [path, x, y, room across, room down]}} of those of `ids` that have an outline.

        A browser that has them asks again, and is told in a few bytes that they are the same.
        """
        wanted = {
            int(one)
            for one in request.args.get("ids", "").split(".")
            if one.isascii() and one.isdigit() and len(one) < 19
        }
        ids = sorted(wanted)[:MOST_PLACES]
        version = cast(RegionOutline.rings, Text)
        asked = select(RegionOutline.region_id, func.md5(version)).where(RegionOutline.region_id.in_(ids))
        known = web_session().execute(asked.order_by(RegionOutline.region_id)).all()
        mark = hashlib.sha256(f"{DRAWN_AS} {known}".encode()).hexdigest()[:32]
        if request.if_none_match.contains_weak(mark):
            answer = make_response("", 304)
        else:
            answer = make_response(_drawn([row[0] for row in known]))
            answer.mimetype = "application/json"
        # a weak one: packed for the way it is the same
        answer.set_etag(mark, weak=True)
        answer.headers["Cache-Control"] = "private, no-cache"
        return answer


def _drawn(ids: list[int]) -> str:
    rows = (
        web_session()
        .execute(select(RegionOutline.region_id, RegionOutline.rings).where(RegionOutline.region_id.in_(ids)))
        .all()
    )
    if not rows:
        return '{"width":1,"height":1,"shapes":{}}'
    made = outlines.picture({region_id: outlines.unflat(rings) for region_id, rings in rows})
    shapes = {name: (one.path, one.x, one.y, one.width, one.height) for name, one in made.shapes.items()}
    return json.dumps({"width": made.width, "height": made.height, "shapes": shapes}, separators=(",", ":"))
