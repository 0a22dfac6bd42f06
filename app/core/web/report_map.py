"""A report as a map: its places in the colours of one of the charted measures, each leading where its row does."""

from typing import Any

from flask import request
from flask_babel import gettext

from app.core.report import Measure
from app.core.web.maps.picture import Map, Place, drawn
from app.core.web.report_chart import unit
from app.core.web.report_data import Line, Result
from app.core.web.report_form import PICTURE
from app.core.web.report_page import Links, value_text

MOST_MEASURES = 6


def pictures(result: Result) -> dict[str, Any]:
    """What the page adds where the rows are places of which some have an outline: the ways to see them, and the map."""
    charted = [one for one in result.measures if one.chart][:MOST_MEASURES]
    if not charted or result.by is None or not result.by.is_place:
        return {}
    to, chosen = Links(result.question, result.by), request.args.get(PICTURE, "")
    measure = next((one for one in charted if one.name == chosen), None)
    made = _map(measure or charted[0], result, to)
    if not made.places:
        return {}
    ways = [(gettext("Chart"), to.report(result.by, **{PICTURE: ""}), measure is None)]
    for one in charted:
        said = gettext("Map: %(figure)s", figure=one.label)
        ways.append((said, to.report(result.by, **{PICTURE: one.name}), one is measure))
    return {"pictures": ways} | ({} if measure is None else {"map": made, "chart_url": None})


def _map(measure: Measure, result: Result, to: Links) -> Map:
    said = unit(measure, result)
    title = f"{measure.label}, {said}" if measure.kind == "money" and said else str(measure.label)
    places = [_place(measure, line, result, to) for line in result.lines if line.key is not None]
    return drawn(result.question.reader.session, title, places)


def _place(measure: Measure, line: Line, result: Result, to: Links) -> Place:
    value = line.values[measure.name]
    text = value_text(measure, value, result.question.principal) or "–"
    return Place(line.key, line.name, value, text, to.down(line))
