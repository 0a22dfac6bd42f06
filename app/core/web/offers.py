"""Whether somebody may fill records of an entity from a file, and where."""

from typing import Any

from app.core.labels import subject
from app.core.web import links
from app.core.web.principal import Principal


def is_fillable(entity: Any, principal: Principal) -> bool:
    """Whether the principal may: who sends files at all, and adds or changes such records one by one."""
    is_plain = links.is_shown(entity) and not entity.__scope__.is_of_author
    # with what opens doors a secret is made that is told once
    may = principal.may("can_add", "Upload") and is_plain and not entity.__screen__.is_for_people
    verbs = {"add", "edit"} & set(entity.__screen__.operations.split())
    return may and any(principal.may(f"can_{verb}", subject(entity)) for verb in verbs)


def upload_url(entity: Any, principal: Principal) -> str | None:
    """Where a file is sent; None for who may not."""
    if own := entity.__screen__.upload:
        return own if principal.may("can_add", subject(entity)) else None
    return f"/upload/new/{entity.slug()}" if is_fillable(entity, principal) else None
