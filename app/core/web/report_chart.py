"""A report as a chart: its first rows, one series for each measure that asks for it, each point a link."""

from typing import Any

from app.core.report import Measure
from app.core.web.report_data import Result
from app.core.web.report_page import Links

MOST_POINTS = 30


def chart_data(result: Result) -> dict[str, Any]:
    """{title, kind, x, series: [{name, data, type, axis, unit}], drill: [address or None]} of the shown rows."""
    lines, to = result.lines[:MOST_POINTS], Links(result.question, result.by)
    series = [
        {
            "name": str(one.label),
            "type": one.chart,
            "axis": one.axis,
            "unit": unit(one, result),
            "data": [round(float(line.values[one.name] or 0), 2) for line in lines],
        }
        for one in result.measures
        if one.chart
    ]
    return {
        "title": str(result.question.report.title),
        "kind": result.question.report.kind,
        "x": [line.name for line in lines],
        "series": series,
        "drill": [to.down(line) or "" for line in lines],
    }


def unit(measure: Measure, result: Result) -> str:
    """What the axis counts in: percent, or the one currency that the report is about."""
    if measure.kind == "percent":
        return "%"
    return (getattr(result.question.asked, "currency", None) or "") if measure.kind == "money" else ""
