"""A report's figures: its Select run in the reader's scope, names in his language, totals over everything."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.dates import format_skeleton
from flask import abort
from flask_babel import get_locale, gettext
from sqlalchemy import Row, Select, func

from app.core.cents import sum_of
from app.core.report import Dimension, Measure
from app.core.web.cells import plain
from app.core.web.report_form import Question

Values = dict[str, Any]
BATCH = 2000


@dataclass
class Line:
    """One row of a report."""

    key: Any
    name: str
    detail: str
    values: Values
    is_linked: bool = True


@dataclass
class Result:
    """The figures of a report as far as they are shown, and the totals of all of them."""

    question: Question
    by: Dimension | None
    measures: list[Measure]
    lines: list[Line]
    totals: Values
    count: int

    @property
    def has_more(self) -> bool:
        return self.count > len(self.lines)


class Figures:
    """A report's Select for a question and a dimension. Aborts with 404 for a dimension it does not have."""

    def __init__(self, question: Question, by: str) -> None:
        report = question.report
        self.question, self.by = question, report.dimension(by)
        if by and self.by is None:
            abort(404)
        self.measures = report.columns(question.reader)
        self.query: Select[Any] = report.query(question.asked, self.by.name if self.by else "")

    def result(self, most: int) -> Result:
        """At most `most` lines, with totals and count over all, in one statement."""
        rows = self.question.reader.session.execute(self.with_totals().limit(most)).all()
        lines = [self._line(row) for row in rows]
        totals, count = self._over_all(rows[0] if rows else None)
        return Result(self.question, self.by, self.measures, lines, totals, count)

    def with_totals(self) -> Select[Any]:
        """The query with the sums of its figures over all rows, and their number, on every row."""
        columns = self.query.selected_columns
        sums = [sum_of(columns[one.name]).over().label(f"all_{one.name}") for one in self.summed]
        return self.query.add_columns(*sums, func.count().over().label("all_lines"))

    @property
    def summed(self) -> list[Measure]:
        return [one for one in self.measures if one.is_summed]

    def _over_all(self, row: Row[Any] | None) -> tuple[Values, int]:
        if row is None:
            return dict.fromkeys((one.name for one in self.measures), None), 0
        found = row._mapping  # noqa: SLF001
        totals = {one.name: found[f"all_{one.name}"] for one in self.summed}
        return self._with_quotients(totals | self._distinct()), found["all_lines"]

    def every_line(self) -> Iterator[Line]:
        """All lines, read in batches."""
        found = self.question.reader.session.execute(self.query.execution_options(yield_per=BATCH))
        try:
            yield from map(self._line, found)
        finally:
            found.close()

    def totals(self) -> tuple[Values, int]:
        """Totals and number of all lines."""
        return self._over_all(self.question.reader.session.execute(self.with_totals().limit(1)).first())

    def _distinct(self) -> Values:
        """Totals that are no sums of the lines."""
        names = [one.name for one in self.measures if one.is_distinct]
        if not names:
            return {}
        row = self.question.reader.session.execute(self.question.report.query(self.question.asked, "")).one()
        return {name: getattr(row, name) for name in names}

    def _line(self, row: Row[Any]) -> Line:
        found = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row by its columns
        values = {one.name: found[one.name] for one in self.measures if one.of is None}
        detail = found.get("detail")
        name = self._name(found["key"], found["name"])
        return Line(found["key"], name, detail or "", self._with_quotients(values), found.get("linked", True))

    def _name(self, key: Any, name: Any) -> str:
        if name is None or name == "":
            return gettext("Not stated")
        kind = self.by.kind if self.by else "text"
        if kind == "choice" and self.by:
            return str(self.by.choices(key).label)
        if kind == "month":
            return str(format_skeleton("yMMM", name, locale=get_locale()))
        return plain(kind, name)

    def _with_quotients(self, values: Values) -> Values:
        """The values and the percentages that follow from them."""
        for one in self.measures:
            if one.of is not None:
                values[one.name] = percent(values.get(one.of[0]), values.get(one.of[1]))
        return values


def percent(part: Any, whole: Any) -> Decimal | None:
    """Part of a whole in percent; None where there is no whole.

    >>> percent(Decimal(1), Decimal(8)), percent(1, 0)
    (Decimal('12.5'), None)
    """
    return 100 * Decimal(part or 0) / whole if whole else None
