"""The rows that a change or an operation is about, from the button in a list to the form that is sent."""

from typing import Any

from flask import flash, redirect, request
from flask_babel import format_decimal, gettext
from sqlalchemy import func, select

from app.core.db import web_session
from app.core.errors import OutOfScope, RuleError
from app.core.web import bulk, links
from app.core.web.chosen import LIST, chosen, whole_list
from app.core.web.fields import as_id
from app.core.web.followed import open_to
from app.core.web.principal import current

MOST_ROWS = 100_000
RAN = "__run"
"""Hidden field that tells a confirmed run from the list's bulk button."""
COUNT = "_count"
"""Hidden field that says how many rows a whole list had when its person was asked."""
NAMED = 100
"""So many rows of a whole list are named by the form itself, and are then those that its person saw."""


def rows(entity: Any) -> list[int]:
    """Their ids, in their order; one that is foreign or unknown makes the whole request a 404.

    Raises RuleError for none and for too many.
    """
    ids, session = chosen(entity, MOST_ROWS), web_session()
    if not ids:
        raise RuleError(gettext("Choose at least one row first"))
    if len(ids) > MOST_ROWS:
        raise RuleError(gettext("At most %(n)s rows at a time", n=format_decimal(MOST_ROWS)))
    if whole_list() is None:
        seen = select(entity.id).where(bulk.among(entity, ids), *open_to(entity, current())).subquery()
        if session.scalar(select(func.count()).select_from(seen)) != len(ids):
            raise OutOfScope
    return sorted(ids)


def named(entity: Any) -> list[int]:
    """The ids that the form names, as they are."""
    found = [as_id(entity, one) for one in request.form.getlist("ids")]
    return [one for one in found if one is not None]


def hidden(ids: list[int], *, is_named: bool = False) -> list[tuple[str, str]]:
    """What the form sends along: the rows, or the list that has them and how many it had."""
    query = whole_list()
    is_list = query is not None and not (is_named and len(ids) <= NAMED)
    said = [(LIST, query or ""), (COUNT, str(len(ids)))] if is_list else [("ids", str(one)) for one in ids]
    return [(RAN, "1"), *said, ("next", request.values.get("next", ""))]


def refusal(ids: list[int]) -> str | None:
    """Why a list is not taken for the one that its person saw: it has another number of rows by now."""
    if whole_list() is None or request.form.get(COUNT) == str(len(ids)):
        return None
    told = gettext("The list has %(n)s rows by now. Nothing was changed; confirm it again.", n=len(ids))
    return str(told)


def done_before(stored: int, leave: str) -> Any:
    """The answer to a form that was carried out before: the job that it made, else where its person came from."""
    flash(gettext("This was stored already; nothing was stored twice"), "info")
    return redirect(links.show_url("bulk_job", stored) if stored else leave)
