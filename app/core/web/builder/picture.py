"""A report as a picture: bars, lines and a pie for the chart of the page, a funnel or a map drawn in the page itself."""

from dataclasses import dataclass
from typing import Any

from flask_babel import format_decimal, gettext
from sqlalchemy.orm import Session

from app.core.org import Region
from app.core.web.builder.axes import Axis
from app.core.web.builder.cube import ALL, Cube, Figure
from app.core.web.builder.statement import EARLIER, NOW
from app.core.web.builder.table import Entry, Head, Shown, Table, rows_url, text
from app.core.web.maps.picture import Map, Place, drawn

MOST_POINTS, MOST_DAYS = 30, 400
"""Groups that a picture can show: those at the head of the table, of days one after the other the latest."""
DRAWN = ("bar", "line", "pie")


def _lines(table: Table) -> list[Shown]:
    lines, asked = [line for line in table.lines if not line.is_total], table.cube.asked
    if [axis.is_of_days for axis in asked.rows] != [True] or asked.chart != "line":
        return lines[:MOST_POINTS]
    return lines[-MOST_DAYS:] if asked.ordered_by == ("name", False) else lines[:MOST_DAYS]


def left_out(table: Table) -> str:
    """How much of the table a picture does not show, in words; empty where it shows all of it."""
    shown, all_of_it = len(_lines(table)), sum(not line.is_total for line in table.lines)
    if shown == all_of_it or table.cube.asked.chart not in (*DRAWN, "funnel"):
        return ""
    return gettext("The chart shows %(n)s of %(all)s groups", n=shown, all=format_decimal(all_of_it))


def _series(table: Table) -> list[tuple[int, Head]]:
    """The columns that are drawn: what is known of both periods, groups across but not their total."""
    has_groups = table.cube.asked.column is not None
    found = []
    for place, head in enumerate(table.figures):
        figure = head.figure
        if figure is None or figure.part not in (NOW, EARLIER) or (has_groups and figure.column is ALL):
            continue
        found.append((place, head))
    return found


def data(table: Table, title: str) -> dict[str, Any]:
    """{title, kind, x, series: [{name, data, type, axis, unit, drill}], drill} as js/charts.js draws it."""
    lines, kind = _lines(table), table.cube.asked.chart
    drawn = _series(table)[:1] if kind == "pie" else _series(table)
    # amounts and numbers differ by orders of magnitude, so each has an axis of its own
    sorts = list(dict.fromkeys(_sort(head.figure) for _place, head in drawn if head.figure))
    series = [
        {
            "name": head.whole, "type": "line" if kind == "line" else "bar", "unit": _unit(head.figure),
            "axis": min(sorts.index(_sort(head.figure)), 1) if head.figure else 0,
            "data": [round(float(line.entries[place].value or 0), 2) for line in lines],
            "drill": [line.entries[place].url or "" for line in lines],
        }
        for place, head in drawn
    ]  # fmt: skip
    x = [" · ".join(name for name in line.names if name) for line in lines]
    return {"title": title, "kind": kind, "x": x, "series": series, "drill": []}


def _sort(figure: Figure | None) -> str:
    return figure.measure.kind if figure is not None else ""


def _unit(figure: Figure | None) -> str:
    if figure is None or not figure.measure.is_money or figure.currency in (ALL, None):
        return ""
    return str(figure.currency)


@dataclass(frozen=True)
class Step:
    """A bar of a funnel: how wide it is in percent of the widest, and what share of the first it is."""

    name: str
    entry: Entry
    width: float
    share: str


def funnel(table: Table) -> list[Step]:
    """The lines as steps of a funnel by the first figure, in the order of the table."""
    drawn = _series(table)
    if not drawn:
        return []
    place = drawn[0][0]
    lines = [line for line in _lines(table) if (line.entries[place].value or 0) > 0]
    values = [line.entries[place].value for line in lines]
    return [
        Step(
            " · ".join(name for name in line.names if name), line.entries[place],
            round(float(value / max(values) * 100), 2), f"{round(float(value / values[0] * 100))} %",
        )
        for line, value in zip(lines, values, strict=True)
    ]  # fmt: skip


def is_of_places(axis: Axis | None) -> bool:
    """Whether the groups of an axis are regions, which may have an outline."""
    return axis is not None and axis.field.target is Region


def map_of(cube: Cube, session: Session) -> Map:
    """The first groups on a map, by the first figure of all that stands beside each other."""
    measure = cube.asked.measures[0]
    currency = (cube.currencies or [None])[0] if measure.is_money else ALL
    figure = Figure(measure, currency=currency)
    title = f"{measure.label}, {currency}" if isinstance(currency, str) else measure.label
    if not is_of_places(cube.asked.rows[0] if cube.asked.rows else None):
        return Map(title, notes=[gettext("A map is drawn of places: group the report by a place first")])
    # of several groups within a place the place itself counts
    return drawn(
        session, title, [_place(cube, figure, keys) for keys in cube.firsts() if keys[0] is not None]
    )


def _place(cube: Cube, figure: Figure, keys: tuple[Any, ...]) -> Place:
    value = cube.value(figure, keys)
    url = rows_url(cube, figure, keys) if value else None
    return Place(keys[0], cube.names[0][keys[0]], value, text(figure.kind, value) or "–", url)
