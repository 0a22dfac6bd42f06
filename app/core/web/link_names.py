"""What rows are called whose numbers another row keeps: asked once for all rows of a page or block.

A number is kept in a JSON column, for a link that changed, or in a column beside that of its entity, for the record
that a comment or a change is about.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, load_only, object_session

from app.core import registry
from app.core.web import kept
from app.core.web.fields import FieldInfo, label_columns

Names = Mapping[tuple[str, int], str]
"""(entity, id) → what the row is called. One that is out of scope, or gone, is not in it."""


def names(session: Session, values: Iterable[tuple[str | None, Any]]) -> Names:
    """Names of all rows linked by kept values, each with the entity that it is about; one query for each entity."""
    wanted: dict[str, set[int]] = {}
    for of, value in values:
        for slug, number in kept.links(of, value):
            wanted.setdefault(slug, set()).add(number)
    return _called(session, wanted)


def _called(session: Session, wanted: Mapping[str, set[int]]) -> Names:
    """What rows are called, by their entity and id, and those that were asked for before; one query for each entity."""
    asked: dict[tuple[str, int], str | None] = session.info.setdefault("link_names", {})
    for slug, numbers in wanted.items():
        new = {number for number in numbers if (slug, number) not in asked}
        if new:
            asked |= dict.fromkeys(((slug, number) for number in new), None)
            asked |= {(slug, row.id): str(row) for row in session.scalars(_query(slug, new)).unique()}
    return {key: name for key, name in asked.items() if name is not None}


def _query(slug: str, numbers: set[int]) -> Any:
    entity = registry.entity(slug)
    columns = [getattr(entity, name) for name in ("id", *label_columns(entity))]
    return select(entity).where(entity.id.in_(numbers)).options(load_only(*columns))


def names_in(row: Any, field: FieldInfo) -> Names:
    """The same for a row about to be shown, and at once for all others of its kind that were read with it."""
    session, of = object_session(row), field.column.info.get("of")
    if session is None or not of:
        return {}
    # what a row has not loaded it is not made to load
    read = [vars(one) for one in session.identity_map.values() if type(one) is type(row)]
    return names(session, [(one.get(of), one.get(field.column.key)) for one in read])


def name_in(row: Any, field: FieldInfo) -> str | None:
    """What the record is called whose number this field keeps, asked at once for all rows that were read with it.

    None for what is out of scope or gone, and where an entity names its rows by their numbers alone.
    """
    session, key, of = object_session(row), field.column.key, field.column.info["of"]
    if session is None:
        return None
    asked, this = session.info.get("link_names", {}), (getattr(row, of), getattr(row, key))
    if this not in asked:
        read = [vars(one) for one in session.identity_map.values() if type(one) is type(row)]
        wanted: dict[str, set[int]] = {}
        for slug, number in ((one.get(of), one.get(key)) for one in read):
            if slug and number is not None and registry.has_entity(slug) and has_names(registry.entity(slug)):
                wanted.setdefault(slug, set()).add(number)
        asked = _called(session, wanted)
    return asked.get(this)


def has_names(entity: Any) -> bool:
    """Whether its rows are called by more than their numbers."""
    return label_columns(entity) != ("id",)
