"""What stands on top of every record's page: its neighbours in the list one came from, star, follow, print."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

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
    entity, query = type(row), _query(type(row).slug())
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
    return {"list_url": where, "before_url": before, "after_url": after}


def _query(slug: str) -> str | None:
    """What the list was asked that one came from: said in the address, or by the browser at the first record."""
    said = request.args.get(LIST)
    came = urlsplit(request.referrer or "")
    if said is None and came.netloc == request.host and came.path == f"/{slug}/list/":
        said = came.query
    return None if said is None else canonical(said)
