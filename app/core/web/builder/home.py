"""Built reports on home pages: a number with what it was before, or a chart; on one's own page or on those of a role."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import abort, flash, jsonify, redirect, render_template, request
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_babel import gettext
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from app.core.db import web_session
from app.core.errors import RuleError
from app.core.org import HomeTile, TileKind, User, UserReport
from app.core.web.builder import keeping, picture, table
from app.core.web.builder.asked import Asked
from app.core.web.builder.cube import PERCENT, Cube, Figure, cube
from app.core.web.builder.statement import EARLIER, NOW, whole
from app.core.web.pages import Tile
from app.core.web.principal import Principal, current
from app.core.web.register import screen
from app.core.web.sending import Sending, say
from app.core.web.writing import storing

MOST = 12
"""Reports on one home page: so many that a role has on it, and so many of one's own."""
MOST_LOOKED_AT = 100


def _tiles(principal: Principal) -> list[tuple[HomeTile, UserReport, Asked]]:
    """What stands on the reader's home page, as far as his rights let him read it; his own behind those of his role."""
    role = select(User.role_id).where(User.id == principal.user_id).scalar_subquery()
    is_own = HomeTile.role_id.is_(None) & (HomeTile.user_id == principal.user_id)
    wanted = (
        select(HomeTile).where(or_(is_own, HomeTile.role_id == role)).options(joinedload(HomeTile.report))
    )
    order = HomeTile.role_id.is_(None), HomeTile.position, HomeTile.id
    found = web_session().scalars(wanted.order_by(*order).limit(MOST_LOOKED_AT)).all()
    shown: dict[bool, list[tuple[HomeTile, UserReport, Asked]]] = {True: [], False: []}
    for one in found:
        # a report that is no longer lent to the reader is not there for him
        asked = one.report and keeping.asked_of(one.report, principal)
        if asked is not None and len(some := shown[one.role_id is None]) < MOST:
            some.append((one, one.report, asked))
    return [*shown[False], *shown[True]]


def parts(principal: Principal) -> tuple[list[Tile], list[tuple[str, str]]]:
    """The numbers and the charts (name, where its figures come from) of the reader's home page."""
    known = _tiles(principal)
    numbers = [_number(report, asked) for one, report, asked in known if one.kind == TileKind.NUMBER]
    charts = [
        (report.name, f"/user_report/tile/{report.id}")
        for one, report, _asked in known
        if one.kind == TileKind.CHART
    ]
    return numbers, charts


def _number(report: UserReport, asked: Asked) -> Tile:
    """The first measure of everything that the report is about, and by how much it differs from the earlier period."""
    try:
        made = cube(replace(whole(asked), column=None), web_session())
    except RuleError as error:
        return Tile(report.name, "–", None, keeping.address(report), str(error))
    found = [one for one in made.figures() if one.part == NOW and one.measure == asked.measures[0]]
    texts = [table.text(one.kind, made.value(one, ())) or "0" for one in found]
    units = [one.currency if isinstance(one.currency, str) else "" for one in found]
    changes = [change for one in found for change in _change(made, one)]
    if len(found) > 1:
        texts, units = [f"{text} {unit}".strip() for text, unit in zip(texts, units, strict=True)], []
    told = " · ".join(filter(None, [*units, *changes]))
    return Tile(report.name, " · ".join(texts), None, keeping.address(report), told or None)


def _change(made: Cube, figure: Figure) -> Iterator[str]:
    """By how much a figure differs from the earlier period's, which is told, too."""
    if made.asked.is_compared:
        earlier = replace(figure, part=EARLIER)
        change = made.value(replace(figure, part=PERCENT), ())
        was = table.text(earlier.kind, made.value(earlier, ())) or "0"
        yield (
            gettext("%(change)s, before %(was)s", change=table.text("percent", change), was=was)
            if change is not None
            else f"{gettext('before')} {was}"
        )


def is_on(report: UserReport, role_id: int | None) -> HomeTile | None:
    """The owner's tile of a report, on his own page or on that of a role."""
    mine = select(HomeTile).where(HomeTile.user_id == current().user_id, HomeTile.report_id == report.id)
    return web_session().scalar(
        mine.where(HomeTile.role_id.is_(None) if role_id is None else HomeTile.role_id == role_id)
    )


def _count(session: Session, role_id: int | None) -> int:
    """How many reports stand on the home pages of a role, or on the reader's own."""
    own = (HomeTile.user_id == current().user_id) & HomeTile.role_id.is_(None)
    where = own if role_id is None else HomeTile.role_id == role_id
    return session.scalar(select(func.count(HomeTile.id)).where(where)) or 0


@screen()
class ReportTiles(BaseView):
    """Putting a report on a home page, and its chart there."""

    route_base = "/user_report"
    class_permission_name = "UserReport"

    def _report(self, pk: int) -> UserReport:
        return keeping.found(str(pk)) or abort(404)

    @expose("/tile/<id(user_report):report_id>")
    @has_access
    @permission_name("show")
    def chart(self, report_id: int) -> Any:
        """The chart of a report for a home page; a table is drawn as bars."""
        report = self._report(report_id)
        asked = keeping.asked_of(report, current()) or abort(404)
        shown = table.made(cube(asked, web_session()), picture.MOST_DAYS)
        data = picture.data(shown, report.name)
        return jsonify(data | {"kind": data["kind"] if data["kind"] in picture.DRAWN else "bar"})

    @expose("/put/<id(user_report):report_id>", methods=["POST"])
    @has_access
    @permission_name("save")
    def put(self, report_id: int) -> Any:
        """Put a report on one's home page, or with `role` on those of the role that it is shared with."""
        report, kind = self._report(report_id), request.form.get("kind", "")
        if kind not in [one.value for one in TileKind]:
            abort(400)
        role_id = report.role_id if request.form.get("role") else None
        if request.form.get("role") and (
            role_id is None or report.user_id != current().user_id or not keeping.may_share()
        ):
            abort(403)
        sent = Sending.now()
        with storing(HomeTile) as session:
            if sent.before(session) is not None:
                say(is_again=True)
                return redirect(keeping.address(report))
            mine = HomeTile.user_id == current().user_id
            tile = is_on(report, role_id)
            if tile is None:
                if _count(session, role_id) >= MOST:
                    flash(
                        gettext("At most %(n)s reports stand on a home page: take one away first", n=MOST),
                        "danger",
                    )
                    return redirect("/home_tile/")
                last = session.scalar(select(func.max(HomeTile.position)).where(mine)) or 0
                tile = HomeTile(
                    user_id=current().user_id, report_id=report.id, role_id=role_id, position=last + 1
                )
                session.add(tile)
            tile.kind = TileKind(kind)
            sent.keep(session)
        flash(gettext("It stands on the home page"), "success")
        return redirect(keeping.address(report))


@screen()
class HomeTiles(BaseView):
    """The places of reports on home pages."""

    route_base = "/home_tile"
    class_permission_name = "UserReport"
    default_view = "arrange"

    @expose("/")
    @has_access
    @permission_name("save")
    def arrange(self) -> Any:
        """The reader's own tiles, to be moved and taken away."""
        lines = [(one, one.report, one.role) for one in self._mine() if one.report is not None]
        page = {"title": gettext("Reports on the home page"), "subtitle": None, "actions": [], "lines": lines,
                "crumbs": [(gettext("Home"), "/home/")]}  # fmt: skip
        return render_template("builder/tiles.html", page=page)

    def _mine(self) -> list[HomeTile]:
        mine = select(HomeTile).where(HomeTile.user_id == current().user_id)
        known = mine.options(joinedload(HomeTile.report), joinedload(HomeTile.role))
        return list(web_session().scalars(known.order_by(HomeTile.position, HomeTile.id)))

    @expose("/<id(home_tile):tile_id>/move", methods=["POST"])
    @has_access
    @permission_name("save")
    def move(self, tile_id: int) -> Any:
        """Put a tile one place further up or down, or take it away."""
        sent = Sending.now()
        with storing(HomeTile) as session:
            if sent.before(session) is not None:
                return redirect("/home_tile/")
            mine = self._mine()
            at = next((n for n, one in enumerate(mine) if one.id == tile_id), None)
            if at is None:
                abort(404)
            to = {"up": at - 1, "down": at + 1}.get(request.form.get("to", ""))
            if to is None:
                session.delete(mine.pop(at))
            elif 0 <= to < len(mine):
                mine.insert(to, mine.pop(at))
            for position, one in enumerate(mine):
                one.position = position
            sent.keep(session)
        return redirect("/home_tile/")


def puts(report: UserReport | None) -> list[tuple[str, str, bool]]:
    """(words, kind, whether on a role's pages) of what can be done with a kept report."""
    if report is None or not current().may("can_save", "UserReport"):
        return []
    found = [(gettext("As a number"), "number", False), (gettext("As a chart"), "chart", False)]
    if report.role is not None and report.user_id == current().user_id and keeping.may_share():
        role = str(report.role)
        found += [(gettext("As a number for %(role)s", role=role), "number", True),
                  (gettext("As a chart for %(role)s", role=role), "chart", True)]  # fmt: skip
    return found
