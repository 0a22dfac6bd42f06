"""A report as a workbook: its columns and totals, with a page that says what it is; each one is logged."""

import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import send_file
from flask_babel import gettext

from app.core import clock, registry
from app.core.db import unscoped
from app.core.errors import RuleError
from app.core.org import AuditEvent
from app.core.report import Measure, entity_of
from app.core.web.cells import here
from app.core.web.report_data import Figures, Line, Values
from app.core.web.report_form import Question, in_words
from app.core.web.report_page import value_text
from app.core.web.transfer import XLSX
from app.core.workbook import About, Column, Sheet, write_workbook

MOST_ROWS = 100_000
KINDS = {"money": "money", "number": "integer", "days": "integer", "percent": "percent", "date": "date"}


def export(figures: Figures) -> Any:
    """The workbook with every row of the report. Raises RuleError for more rows than one can use."""
    totals, count = figures.totals()
    if count > MOST_ROWS:
        raise RuleError(
            gettext("More than %(n)s rows: choose a smaller place or another group", n=f"{MOST_ROWS:,}")
        )
    question, measures = figures.question, [one for one in figures.measures if one.is_shown]
    sheet = Sheet(question.report.title, _columns(figures, measures), _rows(figures, measures, totals))
    with tempfile.TemporaryDirectory(prefix="report-") as scratch:
        path = Path(scratch) / "report.xlsx"
        write_workbook(path, [sheet], _about(figures))
        content = path.read_bytes()
    log_export(figures, count)
    name = f"{question.report.name}-{question.reader.on.isoformat()}.xlsx"
    return send_file(BytesIO(content), mimetype=XLSX, as_attachment=True, download_name=name)


def _columns(figures: Figures, measures: list[Measure]) -> list[Column]:
    first = figures.by.label if figures.by else figures.question.report.first
    named = [Column(one.name, one.label, KINDS.get(one.kind, "text")) for one in measures]
    return [Column("name", first), Column("detail", gettext("Within")), *named]


def _rows(figures: Figures, measures: list[Measure], totals: Values) -> Iterator[tuple[Any, ...]]:
    def values(found: Values) -> list[Any]:
        return [_value(figures, one, found.get(one.name)) for one in measures]

    def row(line: Line) -> tuple[Any, ...]:
        return (line.name, line.detail, *values(line.values))

    yield from map(row, figures.every_line())
    if any(value is not None for value in totals.values()):
        yield (gettext("Total"), "", *values(totals))


def _value(figures: Figures, measure: Measure, value: Any) -> Any:
    """A typed value; facts about people as the screen shows them."""
    if value is None or measure.kind in ("money", "number", "days", "date"):
        return value
    return (
        value / 100 if measure.kind == "percent" else value_text(measure, value, figures.question.principal)
    )


def _about(figures: Figures) -> About:
    question = figures.question
    notes = [(gettext("Note"), note) for note in question.asked.notes(figures.by.name if figures.by else "")]
    group = [(gettext("Group by"), figures.by.label)] if figures.by else []
    filters = [f"{label}: {text}" for label, text in in_words(question)]
    return About(
        question.report.title,
        question.principal.full_name,
        here(clock.now()),
        "; ".join(filters),
        [*group, *notes],
    )


def _filters(question: Question) -> dict[str, str]:
    """The parameters as the access log keeps them: a person by his number, as no erasing reaches that log (docs/adr/0012)."""
    persons = {
        str(one.metadata["label"]): str(getattr(question.asked, one.name))
        for one in question.asked.parameters()
        if (slug := entity_of(one)) and getattr(registry.entity(slug), "__is_person__", False)
    }
    return {label: persons.get(label, text) for label, text in in_words(question)}


def log_export(figures: Figures, rows: int) -> None:
    """Who took what away."""
    question = figures.question
    details = {"report": question.report.name, "rows": rows, "filters": _filters(question)}
    if figures.by:
        details["by"] = figures.by.name
    with unscoped("access log", user_id=question.principal.user_id) as session:
        session.add(
            AuditEvent(
                kind="export",
                user_id=question.principal.user_id,
                about=question.report.name,
                details=details,
            )
        )
