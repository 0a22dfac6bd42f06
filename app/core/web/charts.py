"""Charts of a list: the same filters, grouped by one column in SQL, each bar a link to its rows."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask_babel import pgettext
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from app.core import labels
from app.core.db import web_session
from app.core.types import Choice
from app.core.web.fields import describe
from app.core.web.listing import Listing
from app.core.web.principal import Principal

MOST = 30


def _measures(entity: Any, column: str) -> list[tuple[str, Any, str]]:
    """(label, SQL, chart type) of each measure: "count sum(principal)"."""
    found: list[tuple[str, Any, str]] = []
    for word in entity.__screen__.charts[column].split():
        if word == "count":
            found.append((pgettext("count", "Number"), func.count(), "bar"))
        else:
            name = word.removeprefix("sum(").removesuffix(")")
            found.append((labels.column_label(entity, name), func.sum(getattr(entity, name)), "bar"))
    return found


def chart_data(
    entity: Any, column: str, args: MultiDict[str, str], principal: Principal, on: date
) -> dict[str, Any]:
    """Sums per value of the column under the list's filters, the largest first."""
    kept = MultiDict([(k, v) for k, v in args.items(multi=True) if k != "data"])
    listing = Listing(entity, kept, principal, on)
    field, measures = describe(entity, column), _measures(entity, column)
    key = getattr(entity, field.column.key)
    query = select(key, *(sql for _label, sql, _kind in measures)).where(*listing.where()).group_by(key)
    rows = list(web_session().execute(query.order_by(measures[-1][1].desc().nulls_last()).limit(MOST)))
    if field.kind == "link":
        rows = _by_steps(field.target, rows)
    names = _names(field, [row[0] for row in rows])
    series = [
        {"name": label, "data": [float(row[i + 1] or 0) for row in rows], "type": kind, "axis": i}
        for i, (label, _sql, kind) in enumerate(measures)
    ]
    return {
        "title": labels.column_label(entity, column), "kind": "bar", "x": names, "series": series,
        "drill": [_drill(entity, column, row[0], kept) for row in rows],
    }  # fmt: skip


def _by_steps(target: Any, rows: list[Any]) -> list[Any]:
    """Bars of things that stand in an order of number, such as steps of lateness, in that order; others as they come."""
    order = target.__table__.c.get(target.__screen__.order)
    if order is None or order.info.get("kind") not in ("days", "number"):
        return rows
    steps: dict[int, int] = dict(web_session().execute(select(target.id, order)).tuples().all())
    return sorted(rows, key=lambda row: (row[0] not in steps, steps.get(row[0], 0)))


def _names(field: Any, keys: list[Any]) -> list[str]:
    if field.kind == "link":
        rows = web_session().scalars(
            select(field.target).where(field.target.id.in_([k for k in keys if k is not None]))
        )
        known = {row.id: str(row) for row in rows.unique()}
        return [known.get(key, "–") for key in keys]
    words = field.spoken
    return [
        str(key.label) if isinstance(key, Choice) else "–" if key is None else str(words.get(key, key))
        for key in keys
    ]


def _drill(entity: Any, column: str, key: Any, args: MultiDict[str, str]) -> str:
    pairs = [(k, v) for k, v in args.items(multi=True) if k != column]
    pairs.append((f"{column}__null", "yes") if key is None else (column, str(key)))
    return f"/{entity.slug()}/list/?{urlencode(pairs)}"


def chart_page(entity: Any, column: str, args: MultiDict[str, str]) -> dict[str, Any]:
    """The page around one chart."""
    query = urlencode(list(args.items(multi=True)))
    suffix = f"?{query}" if query else ""
    slug = entity.slug()
    return {
        "title": f"{labels.entity_label(entity)}: {labels.column_label(entity, column)}", "subtitle": None,
        "chart_url": f"/{slug}/chart/{column}?{query + '&' if query else ''}data=1", "list_url": f"/{slug}/list/{suffix}",
        "crumbs": [(labels.entity_label(entity), f"/{slug}/list/")], "actions": [], "export_url": None,
        "charts": [(labels.column_label(entity, name), f"/{slug}/chart/{name}{suffix}", name == column) for name in entity.__screen__.charts],
    }  # fmt: skip
