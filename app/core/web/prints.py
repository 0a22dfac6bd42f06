"""What is printed: a page says so when its browser prints it, and the access log keeps who printed what."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from flask import abort, current_app, request
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from sqlalchemy import func, select
from werkzeug.exceptions import HTTPException

from app.core import clock, db, registry
from app.core.db import unscoped, web_session
from app.core.locks import Lock
from app.core.org import AuditEvent
from app.core.web import followed, kept
from app.core.web.entity_base import EntityBase
from app.core.web.ids import Id
from app.core.web.principal import current
from app.core.web.register import screen

KIND = "print"
AGAIN = timedelta(seconds=10)
"""So long the same page is printed once: browsers tell of one print several times."""
LONGEST = 4000
"""Letters of an address."""


@screen()
class Prints(BaseView):
    """Hears of prints from the pages that a reader may open; of any other page there is nothing to print."""

    route_base = "/printed"
    class_permission_name = "Home"

    @expose("/", methods=["POST"])
    @has_access
    @permission_name("show")
    def keep(self) -> Any:
        """Keep that the page of the form's `address` is printed; 404 where the reader cannot open it."""
        _keep(_printed(request.form.get("address", "")))
        return "", 204


def _printed(address: str) -> dict[str, Any]:
    """What the log keeps of a page: the record, or the list with its filters, or its address."""
    try:
        parts = urlsplit(address.replace("\0", "")[:LONGEST])
        # what an address is made of is read as text that the database can hold
        said = {name: values for name, values in parse_qs(parts.query).items() if "\0" not in "".join([name, *values])}  # fmt: skip
        path = unquote(parts.path).replace("\0", "")
        rule, arguments = current_app.create_url_adapter(request).match(path, "GET", return_rule=True)  # type: ignore[union-attr]
    except (ValueError, HTTPException):
        abort(404)
    view = _view(rule.endpoint)
    of = view.slug if isinstance(view, EntityBase) else arguments.get("slug")
    details = {"filters": kept.stored(said, of)} if said else {}
    if isinstance(view, EntityBase):
        if "pk" in arguments:
            return {"entity": view.slug, "row_id": view.row(arguments["pk"]).id}
        return {"entity": view.slug, "details": details}
    for name, converter in rule._converters.items():  # noqa: SLF001  the map tells of no other way whose id it is
        if isinstance(converter, Id):
            return {"entity": converter.slug, "row_id": _seen(converter.slug, arguments[name]), "about": path[:500]}  # fmt: skip
    return {"about": path[:500], "details": details}


def _view(endpoint: str) -> Any:
    """The screen behind an address, which the reader may open; else 404."""
    function = current_app.view_functions[endpoint]
    view, right = getattr(function, "__self__", None), getattr(function, "_permission_name", None)
    if not isinstance(view, BaseView) or not current().may(f"can_{right}", str(view.class_permission_name)):
        abort(404)
    return view


def _seen(slug: str, row_id: int) -> int:
    """The id, if the reader sees the row; else 404."""
    entity = registry.entity(slug)
    one = select(entity.id).where(entity.id == row_id, *followed.open_to(entity, current()))
    return web_session().scalar(one) or abort(404)


def _keep(printed: dict[str, Any]) -> None:
    said = {
        "kind": KIND, "user_id": current().user_id, "details": {}, "entity": None, "row_id": None, "about": None,
        "source": db.source.get(), "network_address": db.network_address.get(), **printed,
    }  # fmt: skip
    same = select(AuditEvent.id).filter_by(**said).where(AuditEvent.at > clock.now() - AGAIN)
    with unscoped("access log", user_id=current().user_id) as house:
        # events of one print come at the same moment
        house.execute(select(func.pg_advisory_xact_lock(Lock.PRINT, current().user_id)))
        if house.scalar(same.limit(1)) is None:
            house.add(AuditEvent(**said))
