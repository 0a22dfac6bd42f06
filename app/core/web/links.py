"""Addresses of generated pages, and who may follow them."""

from typing import Any
from urllib.parse import urlencode

from app.core import registry
from app.core.labels import subject
from app.core.web.principal import Principal

_PAGES: dict[str, str] = {}
"""Entity → address of a hand-written record page that takes the place of the generated one."""


def record_page(slug: str, pattern: str) -> None:
    """Let an entity's records be shown by another page: `record_page("loan", "/loan/page/{id}")`."""
    _PAGES[slug] = pattern


def list_url(slug: str, *pairs: tuple[str, Any], **filters: Any) -> str:
    """Address of an entity's list with filters: list_url("loan", days_past_due__gt=30). In pairs one may come twice."""
    query = urlencode([(key, str(value)) for key, value in (*pairs, *filters.items()) if value is not None])
    return f"/{slug}/list/" + (f"?{query}" if query else "")


def show_url(slug: str, row_id: Any) -> str:
    """Address of a record."""
    return _PAGES.get(slug, f"/{slug}/show/{{id}}").format(id=row_id)


def record_pages() -> dict[str, str]:
    """First part of such an address → entity."""
    return {pattern.split("/")[1]: slug for slug, pattern in _PAGES.items()}


def is_changeable(row: Any, principal: Principal) -> bool:
    """Whether a row that is seen is not somebody else's own, lent or shown to who sees everything."""
    owner = type(row).__scope__.owner
    return owner is None or getattr(row, owner) == principal.user_id


def is_shown(entity: Any) -> bool:
    """Whether the entity has screens at all."""
    return bool(entity.__screen__.list)


def linker(principal: Principal) -> Any:
    """A function giving the address of a row or of an id, or None when the principal may not open it."""

    def link(entity: Any, row: Any) -> str | None:
        if not is_shown(entity) or not principal.may("can_show", subject(entity)):
            return None
        return show_url(entity.slug(), getattr(row, "id", row))

    return link


def shown_entities() -> list[Any]:
    """Entities with generated screens, in menu order."""
    return [cls for cls in registry.entities() if is_shown(cls)]
