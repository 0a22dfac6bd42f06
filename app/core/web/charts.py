"""Charts of a list: the same filters, grouped by one column in SQL, each bar a link to its rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask_babel import pgettext
from sqlalchemy import func, null, select
from werkzeug.datastructures import MultiDict

from app.core import labels
from app.core.db import web_session
from app.core.types import Choice
from app.core.web.conditions import is_place
from app.core.web.fields import FieldInfo, attribute, customs, describe
from app.core.web.listing import Listing
from app.core.web.principal import Principal

MOST = 30


@dataclass(frozen=True)
class Measured:
    """What the bars of a chart say: a number of rows, or a sum of money, which is told currency by currency."""

    label: str
    sql: Any
    is_money: bool = False


def offered(entity: Any) -> dict[str, str]:
    """Columns by which the list is charted, with what the bars say: those declared, and custom fields of choice."""
    chosen = {
        field.name: "count" for field in customs(entity) if field.kind == "choice" and not field.personal
    }
    return {**entity.__screen__.charts, **chosen}


def _measures(entity: Any, column: str) -> list[Measured]:
    """What "count sum(principal)" means."""
    found = []
    for word in offered(entity)[column].split():
        if word == "count":
            found.append(Measured(pgettext("count", "Number"), func.count()))
        else:
            field = describe(entity, word.removeprefix("sum(").removesuffix(")"))
            added = func.sum(getattr(entity, field.name))
            found.append(Measured(labels.column_label(entity, field.name), added, field.kind == "money"))
    return found


def chart_data(
    entity: Any, column: str, args: MultiDict[str, str], principal: Principal, on: date
) -> dict[str, Any]:
    """Numbers and sums per value of the column under the list's filters, the largest first.

    Amounts of different currencies are series of their own and never added; bars then stand by number of rows.
    """
    kept = MultiDict([(k, v) for k, v in args.items(multi=True) if k != "data"])
    field, measures = describe(entity, column), _measures(entity, column)
    where = Listing(entity, kept, principal, on).where()
    bars, currencies = _bars(entity, attribute(entity, field), measures, where)
    if field.kind == "link":
        bars = _by_steps(field.target, bars)
    series = []
    for axis, measure in enumerate(measures):
        series += _series(measure, axis, bars, currencies)
    return {
        "title": field.label, "kind": "bar", "x": _names(field, list(bars)), "series": series,
        "drill": [_drill(entity, field, key, kept) for key in bars],
    }  # fmt: skip


Bars = dict[Any, dict[Any, Sequence[Any]]]
"""Value of the column → currency → what each measure says, in the order of the chart."""


def _bars(entity: Any, key: Any, measures: list[Measured], where: Any) -> tuple[Bars, list[Any]]:
    """The largest bars, and the currencies in them."""
    has_money = any(measure.is_money for measure in measures)
    currency = getattr(entity, "currency", None) if has_money else None
    split = [key] if currency is None else [key, currency]
    asked = select(*(split if currency is not None else [key, null()]), *(one.sql for one in measures))
    bars: Bars = {}
    for value, code, *figures in web_session().execute(asked.where(*where).group_by(*split)):
        bars.setdefault(value, {})[code] = figures
    currencies = sorted({code for parts in bars.values() for code in parts})
    # sums of one currency can be compared with each other, those of several cannot
    by = -1 if len(currencies) < 2 else 0

    def size(value: Any) -> tuple[bool, Any]:
        figures = [part[by] for part in bars[value].values() if part[by] is not None]
        return not figures, -sum(figures)

    return {value: bars[value] for value in sorted(bars, key=size)[:MOST]}, currencies


def _series(measure: Measured, axis: int, bars: Bars, currencies: list[Any]) -> list[dict[str, Any]]:
    """One series; of money one for each currency."""
    common = {"type": "bar", "axis": axis}
    if not measure.is_money:
        data = [float(sum(part[axis] or 0 for part in parts.values())) for parts in bars.values()]
        return [{**common, "name": measure.label, "unit": "", "data": data}]
    found = []
    for code in currencies:
        said = [parts[code][axis] if code in parts else 0 for parts in bars.values()]
        name = measure.label if len(currencies) == 1 else f"{measure.label}, {code}"
        found.append({**common, "name": name, "unit": code or "", "data": [float(one or 0) for one in said]})
    return found


def _by_steps(target: Any, bars: Bars) -> Bars:
    """Bars of things that stand in an order of number, such as steps of lateness, in that order; others as they come."""
    order = target.__table__.c.get(target.__screen__.order)
    if order is None or order.info.get("kind") not in ("days", "number"):
        return bars
    steps: dict[int, int] = {row[0]: row[1] for row in web_session().execute(select(target.id, order))}
    return {key: bars[key] for key in sorted(bars, key=lambda key: (key not in steps, steps.get(key, 0)))}


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


def _drill(entity: Any, field: FieldInfo, key: Any, args: MultiDict[str, str]) -> str:
    """The list of a bar's rows: of a place those of that place alone, as they are counted."""
    name = f"{field.name}__exact" if is_place(field) else field.name
    pairs = [(k, v) for k, v in args.items(multi=True) if k not in (field.name, name)]
    pairs.append((f"{field.name}__null", "yes") if key is None else (name, str(key)))
    return f"/{entity.slug()}/list/?{urlencode(pairs)}"


def chart_page(entity: Any, column: str, args: MultiDict[str, str]) -> dict[str, Any]:
    """The page around one chart."""
    query = urlencode(list(args.items(multi=True)))
    suffix = f"?{query}" if query else ""
    slug = entity.slug()
    return {
        "title": f"{labels.entity_label(entity)}: {describe(entity, column).label}", "subtitle": None,
        "chart_url": f"/{slug}/chart/{column}?{query + '&' if query else ''}data=1", "list_url": f"/{slug}/list/{suffix}",
        "crumbs": [(labels.entity_label(entity), f"/{slug}/list/")], "actions": [], "export_url": None,
        "charts": [(describe(entity, name).label, f"/{slug}/chart/{name}{suffix}", name == column) for name in offered(entity)],
    }  # fmt: skip
