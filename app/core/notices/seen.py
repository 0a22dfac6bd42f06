"""Which records that notifications are about somebody sees: asked when he is told, and again each time he reads."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import registry
from app.core.labels import subject
from app.core.web import links
from app.core.web.principal import Principal

Target = tuple[str, int]
"""Entity and id of a record."""


def seen(session: Session, principal: Principal, targets: Iterable[Target]) -> set[Target]:
    """Those of the records that the session's scope has and the role may open; a statement for each entity."""
    return {(slug, row_id) for slug, ids in _open(principal, targets) for row_id in _ids(session, slug, ids)}


def rows(session: Session, principal: Principal, targets: Iterable[Target]) -> dict[Target, Any]:
    """The same with the records themselves."""
    found = {}
    for slug, ids in _open(principal, targets):
        entity = registry.entity(slug)
        for row in session.scalars(select(entity).where(entity.id.in_(ids))).unique():
            found[slug, row.id] = row
    return found


def _open(principal: Principal, targets: Iterable[Target]) -> Iterable[tuple[str, set[int]]]:
    """Ids by entity; of those that the role may open."""
    by_entity: dict[str, set[int]] = defaultdict(set)
    for slug, row_id in targets:
        by_entity[slug].add(row_id)
    for slug, ids in by_entity.items():
        entity = registry.entity(slug) if registry.has_entity(slug) else None
        if entity is not None and links.is_shown(entity) and principal.may("can_show", subject(entity)):
            yield slug, ids


def _ids(session: Session, slug: str, ids: set[int]) -> Iterable[int]:
    entity: Any = registry.entity(slug)
    return session.scalars(select(entity.id).where(entity.id.in_(ids)))
