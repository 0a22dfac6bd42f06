"""Inputs that hold filters, written as the address of a list says them: in words, and with the list's menu beside them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from flask import request

from app.core import periods, registry
from app.core.db import web_session
from app.core.errors import RuleError
from app.core.labels import subject
from app.core.web import chips, conditions
from app.core.web.conditions import Condition
from app.core.web.fields import FieldInfo
from app.core.web.list_page import filters_of
from app.core.web.pages import Filter
from app.core.web.principal import current
from app.core.web.steering import business_date


@dataclass(frozen=True)
class Held:
    """One filter that the text holds, in words, and the parameter that it is."""

    label: Any
    op: Any
    text: Any
    said: str
    is_alternative: bool
    """Whether it is enough in place of the one before it."""


@dataclass(frozen=True)
class Filters:
    """What an input of filters shows beside its text; as a page for the template of the filter menu."""

    entity: str
    filters: list[Filter]
    held: list[Held] = field(default_factory=list)
    problem: str = ""
    pick_url: str | None = None
    is_within: bool = True

    @property
    def periods(self) -> list[str]:
        """The words of the periods that the menu offers."""
        return [str(periods.said(one)) for one in periods.PRESETS]


def tell(form: Any, fields: Sequence[FieldInfo]) -> None:
    """Let the inputs say which others they follow, and those of filters what they hold and offer."""
    for each in fields:
        bound, info = form[each.column.key], each.column.info
        bound.follows = info.get("follows", "")
        if info.get("filters_of") not in form:
            continue
        slug, bound.filters_in_words = _shown(form[info["filters_of"]]), None
        if registry.has_entity(slug) and current().may("can_list", subject(registry.entity(slug))):
            bound.filters_in_words = _filters(registry.entity(slug), _shown(bound))


def _shown(bound: Any) -> str:
    """What the input says; what the page asks about while it is typed stands in the address."""
    asked = request.args.get(bound.name) if request.method == "GET" else None
    return str((bound.data if asked is None else asked) or "")


def _filters(entity: Any, said: str) -> Filters:
    offered = filters_of(entity, current())
    try:
        found = conditions.parse(entity, conditions.written(said), current())
        conditions.where(entity, found, business_date())
        return Filters(entity.slug(), offered, _held(found))
    except RuleError as error:
        return Filters(entity.slug(), offered, problem=str(error))


def _held(found: Sequence[Condition]) -> list[Held]:
    """The filters in words, those of a group beside each other."""
    places = {one.group: place for place, one in reversed(list(enumerate(found))) if one.group}
    order = sorted(range(len(found)), key=lambda n: (places.get(found[n].group, n), n))
    held, before = [], ""
    for one in (found[n] for n in order):
        op, text = chips.said(one, web_session(), business_date())
        is_alternative = bool(one.group) and one.group == before
        held.append(
            Held(one.field.label, op, text, urlencode({one.key: one.raw}, quote_via=quote), is_alternative)
        )
        before = one.group
    return held
