"""Settings of the installation as a request needs them: read once, however many parts of the page ask."""

from datetime import date
from typing import Any

from flask import g, has_app_context

from app.core import clock, custom_cache, settings
from app.core.custom import Definition
from app.core.custom_cache import Definitions
from app.core.db import web_session


def setting(name: str) -> str:
    """The value of a setting. Raises KeyError for a name that is none."""
    _read()
    return str(g.settings[name])


def _read() -> None:
    if "settings" not in g:
        who = g.get("principal")
        g.settings, g.custom_version = (who and who.steering) or settings.read_all(web_session())


def custom_fields(entity: Any) -> tuple[Definition, ...]:
    """The custom fields of an entity that the role of this request is shown; none where nobody asks."""
    if not has_app_context() or "principal" not in g or g.principal is None:
        return ()
    return tuple(one for one in all_custom_fields(entity) if one.is_seen_by(g.principal.role_id))


def all_custom_fields(entity: Any) -> tuple[Definition, ...]:
    """Every custom field of an entity, whoever sees it."""
    return _declared().of(entity)


def every_custom_field() -> list[Definition]:
    """The custom fields of all entities, whoever sees them."""
    return [one for each in _declared().by_entity.values() for one in each]


def _declared() -> Definitions:
    if "custom" not in g:
        _read()
        g.custom = custom_cache.current(web_session(), g.custom_version)
    found: Definitions = g.custom
    return found


def business_date() -> date:
    """The day the installation works on."""
    stored = setting(clock.BUSINESS_DATE)
    return date.fromisoformat(stored) if stored else clock.now().date()
