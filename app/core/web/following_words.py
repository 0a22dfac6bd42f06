"""What a record says of records of another kind, in words: a name of their fields, a value of one, filters of their list."""

from dataclasses import replace
from typing import Any

from flask_babel import gettext

from app.core import registry
from app.core.db import web_session
from app.core.errors import RuleError
from app.core.labels import subject
from app.core.web import chips, conditions
from app.core.web.conditions import Condition
from app.core.web.fields import FieldInfo
from app.core.web.pages import Cell
from app.core.web.principal import current
from app.core.web.steering import business_date


def told(field: FieldInfo, row: Any, shown: Cell) -> Cell:
    """The cell of such a field; any other stays, and so does what cannot be read any more."""
    info = {} if field.column is None or field.path else field.column.info
    if not shown.text or not {"offers", "like", "filters_of"} & info.keys():
        return shown
    value = str(getattr(row, field.column.key))
    try:
        words = _words(info, row, value)
    except (RuleError, ValueError):
        return shown
    return replace(shown, text=words) if words else shown


def _words(info: dict[str, Any], row: Any, value: str) -> str:
    if "filters_of" in info:
        return filters(str(getattr(row, info["filters_of"])), value)
    if "like" in info:
        like = info["like"](row)
        return _said(Condition("", like, "eq", value))[1] if like is not None else ""
    return str(info["offers"](row).get(value, ""))


def filters(slug: str, said: str) -> str:
    """Filters written as the address of a list says them. Raises RuleError for what is wrong with them.

    Empty for a reader who may not open that list: what is wrong there is not for him.
    """
    if not registry.has_entity(slug) or not current().may("can_list", subject(registry.entity(slug))):
        return ""
    found = conditions.parse(registry.entity(slug), conditions.written(said), current())
    groups: dict[str, list[str]] = {}
    for place, one in enumerate(found):
        words = " ".join(filter(None, (one.field.label, *_said(one))))
        groups.setdefault(one.group or str(place), []).append(words)
    return "; ".join(f" {gettext('or')} ".join(words) for words in groups.values())


def _said(condition: Condition) -> tuple[str, str]:
    return chips.said(condition, web_session(), business_date())
