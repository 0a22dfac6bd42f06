"""The records whose pages a reader opened last: for his home page and for Ctrl+K, on whichever computer he sits."""

from typing import Any

from flask import Response, g
from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from app.core.db import unscoped, web_session
from app.core.org import RecentRecord
from app.core.web import followed
from app.core.web.favourites import Star, lines
from app.core.web.principal import Principal

MOST = 10
"""Records that are shown."""
KEPT = 30
"""Records that are kept of a user, since some of them he may no longer see."""


def note(row: Any, principal: Principal) -> None:
    """Remember that the page of this record is shown; kept once the answer is made."""
    if type(row).slug() in followed.slugs(principal):
        g.opened = (type(row).slug(), row.id)


def keep(response: Response) -> None:
    """Keep the record whose page the answer is, in one statement that also lets go of what is no longer among the newest."""
    opened = g.pop("opened", None)
    if opened is None or response.status_code != 200:
        return
    user_id = g.principal.user_id
    values = {"user_id": user_id, "entity": opened[0], "row_id": opened[1]}
    again = {"opened_at": func.clock_timestamp()}
    put = insert(RecentRecord).values(values).on_conflict_do_update(index_elements=list(values), set_=again)
    mine = RecentRecord.user_id == user_id
    # a row that is written anew must not be removed by the same statement
    is_other = tuple_(RecentRecord.entity, RecentRecord.row_id) != opened
    newest = RecentRecord.opened_at.desc(), RecentRecord.id.desc()
    old = select(RecentRecord.id).where(mine, is_other).order_by(*newest).offset(KEPT - 1)
    with unscoped("what a user opened last", user_id=user_id) as house:
        house.execute(
            delete(RecentRecord)
            .where(RecentRecord.id.in_(old))
            .add_cte(put.returning(RecentRecord.id).cte("put"))
        )


def newest(principal: Principal) -> list[Star]:
    """The last records that he opened and still sees, the last one first."""
    mine = select(RecentRecord.entity, RecentRecord.row_id).where(
        RecentRecord.user_id == principal.user_id, RecentRecord.entity.in_(followed.slugs(principal))
    )
    latest = RecentRecord.opened_at.desc(), RecentRecord.id.desc()
    kept = web_session().execute(mine.order_by(*latest).limit(KEPT)).all()
    return lines([(slug, row_id) for slug, row_id in kept])[:MOST]
