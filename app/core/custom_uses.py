"""Who else uses custom fields: packages above the platform say here where theirs are named."""

from collections.abc import Callable

from sqlalchemy.orm import Session

Use = Callable[[Session, str, str], str]
"""(session, slug of the entity, code of the field) → where it is used, in words; empty for nowhere."""
_USES: list[Use] = []


def use(function: Use) -> Use:
    """Register what finds a use; a field that has one is neither deleted nor defined anew."""
    _USES.append(function)
    return function


def found(session: Session, slug: str, code: str) -> list[str]:
    """Every use that was registered, in words."""
    return [said for each in _USES if (said := each(session, slug, code))]
