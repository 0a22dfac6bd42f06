"""Which rows a request is about: those picked on a page of a list, or all that the list has."""

from typing import Any
from urllib.parse import parse_qsl

from flask import abort, request
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.core.db import web_session
from app.core.web.fields import as_id
from app.core.web.listing import Listing
from app.core.web.principal import current
from app.core.web.steering import business_date

LIST = "_list"
"""Names the query of a list all of whose rows are meant, as its address says it."""


def whole_list() -> str | None:
    """The query of the list that is meant as a whole; None where rows were picked one by one."""
    return request.values.get(LIST)


def chosen(entity: Any, most: int) -> list[int]:
    """Ids in the request; what is no number is no row. Of a whole list at most one more than `most`.

    Raises RuleError for a query that no list has.
    """
    query = whole_list()
    if query is not None:
        return _listed(entity, query, most)
    asked = [as_id(entity, raw) for raw in request.values.getlist("ids")]
    return list(dict.fromkeys(abort(404) if found is None else found for found in asked))


def _listed(entity: Any, query: str, most: int) -> list[int]:
    """The ids that the list has now, in the scope of whoever asks."""
    session = web_session()
    asked = MultiDict(parse_qsl(query.removeprefix("?"), keep_blank_values=True))
    listing = Listing(entity, asked, current(), business_date())
    rows = select(entity.id).where(*listing.where(session)).order_by(entity.id).limit(most + 1)
    return list(session.scalars(rows))
