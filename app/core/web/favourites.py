"""The records that a reader starred, as far as he still sees them: for his home page.

What he kept of any sort is shown as `lines` does it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import load_only

from app.core import registry
from app.core.db import web_session
from app.core.labels import singular
from app.core.org import Favourite
from app.core.web import followed, links
from app.core.web.fields import label_columns
from app.core.web.principal import Principal

MOST = 30


@dataclass(frozen=True)
class Star:
    """A starred record: what it is called, where it is, what it is."""

    label: str
    url: str
    icon: str
    sub: str


def stars(principal: Principal) -> list[Star]:
    """His newest favourites, the last one first; one query for each entity among them."""
    newest = select(Favourite).where(
        Favourite.user_id == principal.user_id, Favourite.entity.in_(followed.slugs(principal))
    )
    kept = web_session().scalars(newest.order_by(Favourite.id.desc()).limit(MOST)).all()
    return lines([(one.entity, one.row_id) for one in kept])


def lines(kept: Sequence[tuple[str, int]]) -> list[Star]:
    """The records of these entities and ids that the reader sees, in their order; one query for each entity."""
    wanted: dict[str, list[int]] = {}
    for slug, row_id in kept:
        wanted.setdefault(slug, []).append(row_id)
    found = {(slug, row.id): row for slug, ids in wanted.items() for row in _rows(slug, ids)}
    return [
        Star(
            str(found[key]),
            links.show_url(*key),
            type(found[key]).__screen__.icon,
            singular(type(found[key])),
        )
        for key in kept
        if key in found
    ]


def _rows(slug: str, ids: list[int]) -> Any:
    entity = registry.entity(slug)
    called = (getattr(entity, name) for name in ("id", *label_columns(entity)))
    return (
        web_session().scalars(select(entity).where(entity.id.in_(ids)).options(load_only(*called))).unique()
    )
