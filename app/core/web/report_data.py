"""A report's figures: its Select run in the reader's scope, names in his language, totals over everything."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.dates import format_skeleton
from flask import abort
from flask_babel import get_locale, gettext
from sqlalchemy import Row, Select, func, select

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
        """At most `most` lines, with totals and count over all."""
        rows = self.question.reader.session.execute(self.query.limit(most + 1)).all()
        lines = [self._line(row) for row in rows[:most]]
        if len(rows) > most:
            totals, count = self._counted()
        else:
            totals, count = self._added(lines), len(lines)
        return Result(
            self.question,
            self.by,
            self.measures,
            lines,
            self._with_quotients(totals | self._distinct()),
            count,
        )

    def every_line(self) -> Iterator[Line]:
        """All lines, read in batches."""
        found = self.question.reader.session.execute(self.query.execution_options(yield_per=BATCH))
        return (self._line(row) for row in found)

    def totals(self) -> tuple[Values, int]:
        """Totals and number of all lines, from the database."""
        totals, count = self._counted()
        return self._with_quotients(totals | self._distinct()), count

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

    def _added(self, lines: list[Line]) -> Values:
        """Sums of the shown lines; None where no line has a value."""
        found: Values = {}
        for one in self.measures:
            if one.is_summed:
                given = [line.values[one.name] for line in lines if line.values[one.name] is not None]
                found[one.name] = sum(given) if given else None
        return found

    def _counted(self) -> tuple[Values, int]:
        inner = self.query.order_by(None).subquery()
        names = [one.name for one in self.measures if one.is_summed]
        sums = [func.sum(inner.c[name]).label(name) for name in names]
        row = self.question.reader.session.execute(select(func.count().label("lines"), *sums)).one()
        return {name: getattr(row, name) for name in names}, row.lines

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
