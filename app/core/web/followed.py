"""Rows that are about another of any entity (comments, files, stars): which of those the reader's role may open."""

from typing import Any

from sqlalchemy import ColumnElement, select

from app.core import registry
from app.core.db import ScopedSession, session_for
from app.core.errors import OutOfScope
from app.core.labels import subject
from app.core.org import Comment, Task
from app.core.web import links
from app.core.web.principal import Principal, permissions


def slugs(principal: Principal) -> list[str]:
    """The entities on whose records something can be said, and which the role may open."""
    return [cls.slug() for cls in registry.followed(Comment) if principal.may("can_show", subject(cls))]


def may_role(role_id: int, right: tuple[str, str]) -> bool:
    """Whether a role has a right: what is done, and to which entity."""
    with session_for(lambda: ("login", None)) as session:
        return right in permissions(session, role_id)


def may_role_open(role_id: int | None, entity: Any) -> bool:
    """Whether a role may open an entity's records, as the rights of another user than the reader say."""
    return role_id is not None and may_role(role_id, ("can_show", subject(entity)))


def open_to(entity: Any, principal: Principal) -> list[ColumnElement[bool]]:
    """Of an entity of people's words: only those about what the role may open. Of others: nothing is asked."""
    return [entity.entity.in_(slugs(principal))] if entity.__scope__.is_of_author else []


def target(session: ScopedSession, entity: Any, row_id: Any, principal: Principal) -> Any:
    """The row with that id of the entity of that slug, as the principal sees it. Raises OutOfScope."""
    if entity not in slugs(principal) or not isinstance(row_id, int):
        raise OutOfScope
    cls = registry.entity(entity)
    found = session.scalars(select(cls).where(cls.id == row_id)).unique().one_or_none()
    if found is None:
        raise OutOfScope
    return found


def url(row: Any) -> str:
    """Where a row that is about another is shown: on that one's page."""
    return f"{links.show_url(row.entity, row.row_id)}?tab={'task' if isinstance(row, Task) else 'activity'}"
