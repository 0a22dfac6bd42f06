"""Saved views: a list's filters, order and columns under a name, one click away, alone or for a role.

A view is an address. What it shows is decided when it is opened, by the rights and the scope of who opens it.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import expose, has_access
from flask_appbuilder.baseviews import BaseView
from flask_babel import gettext
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload
from werkzeug.datastructures import MultiDict

from app.core import labels, registry
from app.core.db import web_session
from app.core.errors import RuleError
from app.core.org import Role, SavedView, User, ViewStart
from app.core.web import links
from app.core.web.chips import EVERYTHING, PAGING
from app.core.web.fields import as_id
from app.core.web.listing import Listing
from app.core.web.principal import Principal, current
from app.core.web.register import screen
from app.core.web.selecting import PARAMETER
from app.core.web.steering import business_date
from app.core.web.transfer import plain_reason

PLACE = {*PAGING, "view", "_", "next"}
"""Parameters that say where in a list one stands, not which list it is."""
LONGEST_NAME = 200
LONGEST_QUERY = 4000


@dataclass(frozen=True)
class Offer:
    """A line of a list's menu of views."""

    id: int
    name: str
    url: str
    is_current: bool
    is_start: bool
    is_own: bool
    told: str
    """Whose it is or with whom it is shared."""
    role_id: int | None
    export_url: str | None
    """The view as a workbook, without opening it; None for whoever may take no rows away."""


def canonical(query: str) -> str:
    """A list's parameters without the place in it, in the order they were chosen.

    >>> canonical("?status=overdue&after=WzFd&sort=-principal&view=7")
    'status=overdue&sort=-principal'
    """
    pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=False)
    return urlencode([(name, value) for name, value in pairs if name not in PLACE])


def check(entity: Any, query: str) -> None:
    """Raise RuleError for what the list does not offer this reader: a column, a filter, a value, an order."""
    Listing(entity, MultiDict(parse_qsl(query)), current(), business_date()).where()


def address(view: SavedView) -> str:
    """Where a view is opened."""
    return f"/{view.entity}/list/?" + "&".join(part for part in (view.query, f"view={view.id}") if part)


def _offered(entity: Any, principal: Principal) -> Any:
    """The reader's own views of a list and those shared with his role; who sees all rows is offered no others either."""
    role = select(User.role_id).where(User.id == principal.user_id).scalar_subquery()
    return select(SavedView).where(
        SavedView.entity == entity.slug(),
        or_(SavedView.user_id == principal.user_id, SavedView.role_id == role),
    )


def _start(slug: str) -> ViewStart | None:
    mine = select(ViewStart).where(ViewStart.user_id == current().user_id, ViewStart.entity == slug)
    return web_session().scalars(mine.options(joinedload(ViewStart.view))).one_or_none()


def opening(entity: Any) -> str | None:
    """Where a list opens that was asked for by its name alone; None: as it is.

    A view that the list no longer understands is told and left aside.
    """
    start = _start(entity.slug())
    if start is None or start.view is None:
        return None
    try:
        check(entity, start.view.query)
    except RuleError as error:
        flash(f"{start.view.name}: {error}", "warning")
        return None
    return address(start.view)


def plain(entity: Any) -> str:
    """Where a list is shown as it is, whatever the reader opens it with."""
    return links.list_url(entity.slug()) + f"?view={EVERYTHING}"


def current_name(entity: Any) -> str:
    """The name of the view that the page was opened with, and whether the list is no longer that; "" for none."""
    wanted = as_id(SavedView, request.args.get("view", ""))
    view = web_session().scalar(_offered(entity, current()).where(SavedView.id == wanted)) if wanted else None
    if view is None:
        return ""
    here = canonical(request.query_string.decode())
    is_same = sorted(parse_qsl(here)) == sorted(parse_qsl(view.query))
    return str(view.name) if is_same else gettext("%(name)s (changed)", name=view.name)


def _is_understood(entity: Any, view: SavedView) -> bool:
    """Whether the reader's list has all that the view asks for."""
    try:
        check(entity, view.query)
    except RuleError:
        return False
    return True


def offers(entity: Any, chosen: str) -> list[Offer]:
    """The menu's lines by name; the reader's own before those of others, which are offered where he can open them."""
    principal, start = current(), _start(entity.slug())
    may_export = principal.may("can_export", labels.subject(entity))
    found = web_session().scalars(
        _offered(entity, principal).options(
            joinedload(SavedView.user).load_only(User.first_name, User.last_name, User.username),
            joinedload(SavedView.role).load_only(Role.name),
        )
    )
    lines = [
        Offer(
            view.id, view.name, address(view), str(view.id) == chosen,
            start is not None and start.view_id == view.id, view.user_id == principal.user_id,
            _told(view, principal), view.role_id,
            f"/{entity.slug()}/export.xlsx?{view.query}" if may_export else None,
        )
        for view in found
        if view.user_id == principal.user_id or _is_understood(entity, view)
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (not line.is_own, line.name.casefold()))


def _told(view: SavedView, principal: Principal) -> str:
    if view.user_id != principal.user_id:
        return str(view.user)
    return gettext("Shared with %(role)s", role=str(view.role)) if view.role else ""


def _entity(slug: str) -> Any:
    """The entity whose list the reader may open; anything else does not exist."""
    if not registry.has_entity(slug) or not links.is_shown(registry.entity(slug)):
        abort(404)
    entity = registry.entity(slug)
    if not current().may("can_list", labels.subject(entity)):
        abort(404)
    return entity


def _may_share() -> bool:
    return current().may("can_share", "SavedView")


@screen()
class SavedViews(BaseView):
    """What the menu of views on every list does."""

    route_base = "/saved_view"
    class_permission_name = "SavedView"
    default_view = "menu"

    @expose("/menu/<slug>")
    @has_access
    def menu(self, slug: str) -> Any:
        """The menu's content for the list as it stands: its parameters are those of the request."""
        entity = _entity(slug)
        chosen = request.args.get("view", "")
        lines = offers(entity, chosen)
        return render_template(
            "generated/_views.html", entity=slug, lines=lines, query=canonical(request.query_string.decode()),
            chosen=next((line for line in lines if line.is_current), None), plain_url=plain(entity),
            roles=web_session().scalars(select(Role).order_by(Role.name)).all() if _may_share() else [],
            may_manage=current().may("can_list", "SavedView"), longest=LONGEST_NAME,
        )  # fmt: skip

    @expose("/save", methods=["POST"])
    @has_access
    def save(self) -> Any:
        """Keep the list under a name; under a name that is known already, in its place."""
        entity = _entity(request.form.get("entity", ""))
        query = canonical(request.form.get("query", ""))
        try:
            view = self._stored(entity, request.form.get("name", "").replace("\x00", "").strip(), query)
        except (RuleError, IntegrityError) as error:
            web_session().rollback()
            flash(plain_reason(error) if isinstance(error, IntegrityError) else str(error), "danger")
            return redirect(
                links.list_url(entity.slug()) + (f"?{query}" if len(query) <= LONGEST_QUERY else "")
            )
        if request.form.get("start"):
            _open_with(view)
        web_session().commit()
        flash(gettext("Saved"), "success")
        return redirect(address(view))

    def _stored(self, entity: Any, name: str, query: str) -> SavedView:
        if not name or len(name) > LONGEST_NAME:
            raise RuleError(gettext("A view needs a name of at most %(n)s letters", n=LONGEST_NAME))
        if len(query) > LONGEST_QUERY:
            raise RuleError(gettext("There are too many filters to keep"))
        check(entity, query)
        session, mine = web_session(), current().user_id
        known = select(SavedView).where(
            SavedView.user_id == mine, SavedView.entity == entity.slug(), SavedView.name == name
        )
        view = session.scalars(known.with_for_update()).one_or_none()
        if view is None:
            view = SavedView(user_id=mine, entity=entity.slug(), name=name)
            session.add(view)
        view.query = query
        if _may_share():
            view.role_id = self._role()
        if view.role_id and PARAMETER in dict(parse_qsl(query)):
            raise RuleError(gettext("Rows chosen by a list are yours alone; a view of them cannot be shared"))
        session.flush()
        return view

    def _role(self) -> int | None:
        """The role with which the view is shared; None for nobody."""
        raw = request.form.get("role", "")
        if not raw:
            return None
        found = web_session().get(Role, as_id(Role, raw) or 0)
        if found is None:
            raise RuleError(gettext("There is no such role"))
        return int(found.id)

    @expose("/start/<pk>", methods=["POST"])
    @has_access
    def start(self, pk: str) -> Any:
        """Open the list with this view from now on; with the one it opens with, no longer."""
        wanted = as_id(SavedView, pk)
        view = web_session().scalar(select(SavedView).where(SavedView.id == wanted)) if wanted else None
        if view is None:
            abort(404)
        entity, known, target = _entity(view.entity), _start(view.entity), address(view)
        try:
            check(entity, view.query)
        except RuleError as error:
            flash(f"{view.name}: {error}", "warning")
            target = plain(entity)
        if known is not None and known.view_id == view.id:
            web_session().delete(known)
        elif target == address(view):
            _open_with(view)
        web_session().commit()
        return redirect(target)


def _open_with(view: SavedView) -> None:
    session, known = web_session(), _start(view.entity)
    if known is None:
        known = ViewStart(user_id=current().user_id, entity=view.entity)
        session.add(known)
    known.view_id = view.id
