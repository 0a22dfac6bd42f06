"""What stands on top of every record's page: its neighbours in the list one came from, star, follow, print."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from flask import request
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.core.db import web_session
from app.core.errors import RuleError
from app.core.labels import subject
from app.core.org import Favourite, Following
from app.core.web import followed, links, recents
from app.core.web.listing import Listing
from app.core.web.principal import Principal
from app.core.web.saved_views import canonical
from app.core.web.steering import business_date

LIST = "list"
"""Parameter of a record's address: the query of the list one came from."""


@dataclass(frozen=True)
class Mark:
    """A switch that a reader keeps for himself: its address, and whether it is on."""

    url: str
    icon: str
    label: Any
    is_on: bool


@dataclass(frozen=True)
class Tools:
    """The buttons; an address is None where it leads nowhere."""

    marks: list[Mark]
    asked: str | None = None
    """What the list was asked that one came from; the page keeps it in its address and that of its forms."""
    list_url: str | None = None
    before_url: str | None = None
    after_url: str | None = None


def tools(row: Any, principal: Principal) -> Tools:
    """The tools of a record's page, which counts as opened by the reader."""
    recents.note(row, principal)
    return Tools(_marks(row, principal), **_beside(row, principal))


def _marks(row: Any, principal: Principal) -> list[Mark]:
    slug = type(row).slug()
    if slug not in followed.slugs(principal):
        return []
    told = {
        Favourite: ("star", "star", gettext("Favourite")),
        Following: ("follow", "bell", gettext("Follow")),
    }
    return [
        Mark(f"/{slug}/{verb}/{row.id}", icon, label, is_marked(cls, row, principal))
        for cls, (verb, icon, label) in told.items()
        if principal.may("can_add", subject(cls))
    ]


def is_marked(mark: Any, row: Any, principal: Principal) -> bool:
    """Whether the reader has this mark on the row."""
    return web_session().scalar(of_reader(mark, row, principal)) is not None


def of_reader(mark: Any, row: Any, principal: Principal) -> Any:
    """His mark on the row, as a query."""
    about = mark.entity == type(row).slug(), mark.row_id == row.id
    return select(mark).where(mark.user_id == principal.user_id, *about)


def _beside(row: Any, principal: Principal) -> dict[str, str | None]:
    """The list one came from, and its rows before and after this one."""
    entity, query = type(row), _query(row)
    if query is None or not principal.may("can_list", subject(entity)):
        return {}
    try:
        listing = Listing(entity, MultiDict(parse_qsl(query)), principal, business_date())
        found = [listing.beside(web_session(), row, before=before) for before in (True, False)]
    except RuleError:
        # the address was typed, or the list no longer has that column
        return {}
    before, after = (
        f"{links.show_url(entity.slug(), one)}?{urlencode({LIST: query})}" if one else None for one in found
    )
    where = f"/{entity.slug()}/list/?{query or 'view=0'}"
    return {"asked": query, "list_url": where, "before_url": before, "after_url": after}


def came_by() -> str:
    """The end of an address by which a form of the record remembers the list that one came from."""
    return f"?{urlencode({LIST: request.args[LIST]})}" if LIST in request.args else ""


def _query(row: Any) -> str | None:
    """What the list was asked that one came from.

    Said in the address; or by the browser, at the first record, and where one comes back from a form of this one.
    """
    said = request.args.get(LIST)
    came = urlsplit(request.referrer or "")
    if said is None and came.netloc == request.host:
        if came.path == f"/{type(row).slug()}/list/":
            said = came.query
        elif _is_about(row, came):
            said = dict(parse_qsl(came.query, keep_blank_values=True)).get(LIST)
    return None if said is None else canonical(said)


def _is_about(row: Any, came: SplitResult) -> bool:
    """Whether a page is the row's own, one of its forms, or the form of something new about it."""
    slug, number, said = type(row).slug(), str(row.id), set(parse_qsl(came.query))
    is_its = came.path.startswith(f"/{slug}/") and (
        came.path.endswith(f"/{number}") or ("ids", number) in said
    )
    return is_its or {("entity", slug), ("row_id", number)} <= said
