"""The filters of a list in words: chips that can be removed one by one, and a line for its workbook."""

from collections.abc import Iterator, Sequence
from datetime import date
from urllib.parse import urlencode

from flask import request
from flask_babel import format_decimal, gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import periods
from app.core.types import Choice
from app.core.web import selecting
from app.core.web.cells import plain
from app.core.web.conditions import OPS, Condition
from app.core.web.fields import as_id
from app.core.web.filter_values import days, is_yes
from app.core.web.listing import Listing
from app.core.web.pages import Chip

EVERYTHING = "0"
"""What stands for a view in the address of a list that is wanted as it is, whatever its reader opens it with."""
PAGING = ("after", "before", "last", "at", "partial")
"""Parts of a list's address that lead to one of its pages, or to a part of it."""


def chips(listing: Listing, session: Session) -> list[Chip]:
    """The filters in use; those of one group stand in one chip, as the first and the others."""
    found: dict[str, Chip] = {}
    for place, condition in enumerate(listing.conditions):
        op, text = said(condition, session, listing.on)
        chip = Chip(condition.field.label, op, text, _without(condition), condition.group)
        first = found.setdefault(condition.group or str(place), chip)
        if first is not chip:
            first.others.append(chip)
    return [*found.values(), *_selection(listing, session)]


def _selection(listing: Listing, session: Session) -> Iterator[Chip]:
    """The rows that were chosen by a list of values."""
    if listing.picked:
        size = format_decimal(selecting.size(session, listing.entity, listing.picked, listing.principal))
        yield Chip(gettext("Selection"), "", gettext("Rows: %(n)s", n=size), _left([selecting.PARAMETER]))


def in_words(listing: Listing, session: Session) -> str:
    """The filters and the search as one line; empty where there are none."""
    groups: dict[str, list[str]] = {}
    for place, condition in enumerate(listing.conditions):
        words = (condition.field.label, *map(str, said(condition, session, listing.on)))
        groups.setdefault(condition.group or str(place), []).append(" ".join(filter(None, words)))
    told = [f" {gettext('or')} ".join(words) for words in groups.values()]
    told += [f"“{listing.q}”"] if listing.q else []
    return "; ".join([*told, *([gettext("Selection")] if listing.picked else [])])


def _without(condition: Condition) -> str:
    """This page's address without one filter."""
    return _left([(condition.key, condition.raw)])


def _left(gone: Sequence[str | tuple[str, str]]) -> str:
    """This page's address without some parameters, and without the place in the list."""
    pairs = [
        one for one in request.args.items(multi=True) if not {one, one[0]} & {*gone} and one[0] not in PAGING
    ]
    return f"{request.path}?{urlencode(pairs or {'view': EVERYTHING})}"


def said(condition: Condition, session: Session, on: date) -> tuple[str, str]:
    """The operator and the value; the words of a period and of being empty say both."""
    op, raw = condition.op, condition.raw
    if op == "null":
        return "", gettext("is empty") if is_yes(raw) else gettext("is not empty")
    is_of_days = condition.field.kind in ("date", "datetime")
    period = periods.said(raw.strip().lower()) if is_of_days else None
    if period:
        return "" if op == "eq" else str(OPS[op]), period
    if is_of_days:
        return str(OPS[op]), plain("date", days(condition.field, raw, on)[0])
    return str(OPS[op]), _value(condition, session)


def _value(condition: Condition, session: Session) -> str:
    """The value as people read it; a link that is not in scope shows nothing of itself."""
    field, raw = condition.field, condition.raw
    if field.kind in ("link", "links"):
        ids = [as_id(field.target, one) for one in raw.split(",")]
        rows = session.scalars(select(field.target).where(field.target.id.in_(ids))).unique()
        names = {row.id: str(row) for row in rows}
        return ", ".join(names.get(one, "–") for one in ids)
    if field.kind == "choice":
        return ", ".join(
            str(one.label)
            for one in (field.choices(part) for part in raw.split(","))
            if isinstance(one, Choice)
        )
    if field.spoken:
        return str(field.spoken.get(raw, raw))
    return plain("bool", is_yes(raw)) if field.kind == "bool" else raw
