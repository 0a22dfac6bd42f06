"""The page of a report: parameters, groups to switch between, the table with its links, the foot."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from flask_babel import format_decimal, gettext

from app.core import clock, labels, registry
from app.core.personal import mask
from app.core.report import Dimension, Measure, entity_of
from app.core.web import links, report_form
from app.core.web.cells import money, plain
from app.core.web.pages import Cell, Col, Row
from app.core.web.principal import Principal
from app.core.web.report_data import Line, Result
from app.core.web.report_form import Question

NUMBERS = ("money", "number", "percent")


def value_text(measure: Measure, value: Any, principal: Principal) -> str:
    """A figure or fact as people read it; empty for None."""
    if value is None:
        return ""
    if measure.kind == "money":
        return money(value)
    if measure.kind == "percent":
        return f"{format_decimal(round(Decimal(value), 2), '#,##0.00')} %"
    if measure.kind == "number":
        return str(format_decimal(value))
    if measure.kind == "phone" and not principal.may_reveal:
        return mask(str(value), "phone")
    return plain(measure.kind, value)


class Links:
    """Addresses that lead on from a report: to another group, one level down, to the rows behind a number."""

    def __init__(self, question: Question, by: Dimension | None) -> None:
        self.question, self.by = question, by

    def report(self, by: Dimension | None, path: str = "/", **changes: Any) -> str:
        """This report with another group and some parameters changed."""
        pairs = {**({"by": by.name} if by else {}), **report_form.arguments(self.question, **changes)}
        return f"{self.question.report.url}{path}" + (f"?{urlencode(pairs)}" if pairs else "")

    def down(self, line: Line) -> str | None:
        """Where choosing a row leads: one level down, or to the record."""
        if self.by is None or line.key is None or not line.is_linked:
            return None
        following = self.question.report.dimension(self.by.next) if self.by.next else None
        narrowed = self.by.narrow(line.key, self.question.asked)
        if following is not None and narrowed:
            return self.report(following, **narrowed)
        if self.by.entity and self._may("can_show", self.by.entity):
            return links.show_url(self.by.entity, line.key)
        return None

    def rows(self, measure: Measure, line: Line | None = None) -> str | None:
        """The list of the rows behind a number of a line, or of the totals."""
        if measure.rows is None or not self._may("can_list", measure.rows.entity):
            return None
        asked, empty = self.question.asked, ""
        if line is not None and not line.is_linked:
            return None
        if line is not None and self.by is not None:
            if line.key is None:
                empty = self.by.empty
                if not empty:
                    return None
            else:
                narrowed = self.by.narrow(line.key, self.question.asked)
                if not narrowed:
                    return None
                asked = replace(asked, **narrowed)
        filters = measure.rows.filters(asked, empty)
        if filters is None:
            return None
        return links.list_url(measure.rows.entity, cols=measure.rows.columns(), **filters)

    def _may(self, verb: str, slug: str) -> bool:
        entity = registry.entity(slug)
        return links.is_shown(entity) and self.question.principal.may(verb, labels.subject(entity))


def page(result: Result) -> dict[str, Any]:
    """Everything the template needs."""
    question, by = result.question, result.by
    to, report = Links(question, by), question.report
    measures = [one for one in result.measures if one.is_shown]
    has_chart = by is not None and by.is_comparison and any(one.chart for one in measures)
    context = {
        **frame(question, by),
        "columns": _columns(result, measures),
        "rows": [_row(line, measures, to) for line in result.lines],
        "totals": _totals(result, measures, to) if result.lines else None,
        "chart_url": to.report(by, "/chart") if has_chart else None,
        "footer": footer(result),
        "export_url": to.report(by, "/export.xlsx"),
        "print": True,
    }
    return context | (report.present(result, context) if report.present else {})


def frame(question: Question, by: Dimension | None) -> dict[str, Any]:
    """The page without figures: what is asked, and what is wrong with it."""
    report, to = question.report, Links(question, by)
    shown = report_form.shown(question)
    names = {one.name for one in shown}
    kept = {name: value for name, value in report_form.arguments(question).items() if name not in names}
    return {
        "title": report.title,
        "subtitle": _subtitle(question),
        "crumbs": _crumbs(question, to),
        "actions": [],
        "params": shown,
        "hidden": [*({"by": by.name} if by else {}).items(), *kept.items()],
        "switch": [(one.label, to.report(one), one is by) for one in report.dimensions]
        if len(report.dimensions) > 1
        else [],
        "columns": [],
        "rows": [],
        "totals": None,
        "chart_url": None,
        "export_url": None,
        "print": False,
        "footer": [],
    }


def _subtitle(question: Question) -> str:
    return " · ".join(f"{label}: {text}" for label, text in report_form.in_words(question))


def _columns(result: Result, measures: list[Measure]) -> list[Col]:
    first = result.by.label if result.by else result.question.report.first
    numeric = [Col(one.name, one.label, one.kind, "end" if one.kind in NUMBERS else "") for one in measures]
    return [Col("name", first), *numeric]


def _row(line: Line, measures: list[Measure], to: Links) -> Row:
    url, principal = to.down(line), to.question.principal
    first = Cell(line.name, url=url, sub=line.detail or None)
    cells = [
        Cell(value_text(one, line.values[one.name], principal), one.kind, _link(one, line.values, to, line))
        for one in measures
    ]
    return Row(line.key, url, line.name, [first, *cells])


def _link(measure: Measure, values: dict[str, Any], to: Links, line: Line | None = None) -> str | None:
    """A nought has no rows behind it."""
    return to.rows(measure, line) if values.get(measure.name) else None


def _totals(result: Result, measures: list[Measure], to: Links) -> list[Cell]:
    principal = to.question.principal
    cells = [
        Cell(value_text(one, result.totals.get(one.name), principal), one.kind, _link(one, result.totals, to))
        for one in measures
    ]
    return [Cell(gettext("Total")), *cells]


def footer(result: Result) -> list[str]:
    """What the figures are: of which day, under which filters, how many rows, for whom made."""
    question, shown = result.question, len(result.lines)
    filters = "; ".join(f"{label}: {text}" for label, text in report_form.in_words(question))
    counted = gettext("Rows: %(n)s", n=format_decimal(result.count))
    if result.has_more:
        counted = gettext(
            "The first %(shown)s of %(n)s rows are shown; totals and the Excel file have all of them",
            shown=format_decimal(shown),
            n=format_decimal(result.count),
        )
    made = gettext(
        "Made by %(name)s, %(at)s", name=question.principal.full_name, at=plain("datetime", clock.now())
    )
    return [
        *question.asked.notes(result.by.name if result.by else ""),
        *([filters] if filters else []),
        counted,
        made,
    ]


def _crumbs(question: Question, to: Links) -> list[tuple[Any, str | None]]:
    """The way down to here: the whole report, then each place above the chosen one, each with its link."""
    report = question.report
    linked = [one.name for one in question.asked.parameters() if entity_of(one)]
    top: dict[str, Any] = dict.fromkeys(name for name in linked if getattr(question.asked, name) is not None)
    trail: list[tuple[Any, str | None]] = [(gettext("Reports"), "/report/")]
    if top:
        trail.append((report.title, to.report(report.dimension(""), **top)))
    for name in top:
        row = report_form.linked_row(question, name)
        trail += [(str(node), _at(question, to, name, node)) for node in _above(row, report)]
    return trail


def _above(row: Any, report: Any) -> list[Any]:
    """The row itself, after those above it that stand on a level this report knows."""
    found = [] if row is None else [row]
    node = getattr(row, "parent", None)
    while node is not None:
        if report.dimension(str(getattr(node, "level", "?"))) is not None:
            found.insert(0, node)
        node = node.parent
    return found


def _at(question: Question, to: Links, name: str, node: Any) -> str | None:
    """The report narrowed to a node of the way: grouped by what comes below it."""
    level = question.report.dimension(str(getattr(node, "level", "?")))
    narrowed = level.narrow(node.id, question.asked) if level else {}
    if level is None or narrowed.keys() != {name}:
        return None
    return to.report(question.report.dimension(level.next) or level, **narrowed)
