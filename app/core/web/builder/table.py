"""A report as a table: heads, lines and totals as people read them, each number with the list of its rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from flask_babel import format_decimal, gettext, lazy_gettext as _

from app.core import labels
from app.core.web import links
from app.core.web.builder.asked import filters_of
from app.core.web.builder.cube import ALL, DIFFERENCE, PERCENT, Cube, Figure, Prefix
from app.core.web.builder.statement import EARLIER, NOW
from app.core.web.cells import plain
from app.core.web.chips import EVERYTHING
from app.core.web.conditions import MOST
from app.core.web.filter_names import split

MOST_LINES = 500
"""Lines of a page; the workbook has all of them."""
_PARTS: dict[str, Any] = {
    NOW: _("now"),
    EARLIER: _("before"),
    DIFFERENCE: _("difference"),
    PERCENT: _("change"),
}


@dataclass
class Head:
    """The head of a column: what it tells, and over it the group across that it belongs to."""

    label: str
    above: str = ""
    figure: Figure | None = None
    sort: str = ""
    """asc or desc where the lines are ordered by it."""
    sort_by: str = ""
    """What the address says to order the lines by it, or the other way round."""

    @property
    def whole(self) -> str:
        return f"{self.above} · {self.label}" if self.above else self.label


@dataclass
class Entry:
    """A number of the table."""

    value: Any
    text: str
    url: str | None = None
    heat: int = 0
    """How dark it is in a heat map, 1 to 8; 0 where it is none."""


@dataclass
class Shown:
    """A line of the table."""

    names: list[str]
    entries: list[Entry]
    is_total: bool = False
    is_same: bool = False
    """Whether the line above is of the same first group."""


@dataclass
class Table:
    """The report as it is drawn and written."""

    cube: Cube
    names: list[Head]
    figures: list[Head]
    lines: list[Shown]
    total: Shown | None
    count: int
    """How many lines there are; a page shows some of them."""
    bands: list[tuple[str, int]] = field(default_factory=list)
    """The groups across with the number of columns each has; none where every column is its own."""


def made(cube: Cube, most: int | None = MOST_LINES) -> Table:
    """The table of a report, at most so many lines."""
    heads = [_head(cube, figure) for figure in cube.figures()]
    lines = cube.lines()
    shown = [_shown(cube, line.keys, heads, is_total=line.is_total) for line in lines[:most]]
    for before, line in pairwise(shown):
        line.is_same = len(line.names) > 1 and before.names[0] == line.names[0]
    wants_total = cube.asked.totals != "none" or not cube.asked.rows
    total = _shown(cube, (), heads, is_total=True) if wants_total and ((), ALL, ALL) in cube.cells else None
    names = [Head(axis.label) for axis in cube.asked.rows]
    if names:
        names[0] = _sorted(cube, names[0], "name")
    table = Table(cube, names, heads, shown, total, len(lines), _bands(heads))
    if cube.asked.chart == "heat":
        _warm(table)
    return table


def _head(cube: Cube, figure: Figure) -> Head:
    """The measure with its currency and over it the group across; of a single measure the group alone.

    Where two periods stand beside each other, the measure is over what is told of it.
    """
    label = figure.measure.label
    if figure.measure.is_money and figure.currency not in (ALL, None):
        label = f"{label}, {figure.currency}"
    above = ""
    if cube.asked.is_compared:
        label, above = str(_PARTS[figure.part]), label
    if cube.asked.column is not None:
        above = gettext("Total") if figure.column is ALL else cube.names[-1][figure.column]
        if len(cube.asked.measures) * max(len(cube.currencies), 1) == 1:
            label, above = above, ""
    head = Head(label, above, figure)
    is_sortable = figure.part == NOW and figure.column is ALL
    return _sorted(cube, head, figure.measure.name) if is_sortable else head


def _sorted(cube: Cube, head: Head, name: str) -> Head:
    """The head with the order that a click on it gives."""
    by, is_descending = cube.asked.ordered_by
    if by == name:
        head.sort = "desc" if is_descending else "asc"
    first = name if name == "name" else f"-{name}"
    other = f"-{name}" if name == "name" else name
    head.sort_by = other if head.sort == ("asc" if name == "name" else "desc") else first
    return head


def _bands(heads: list[Head]) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for head in heads:
        if found and found[-1][0] == head.above:
            found[-1] = (head.above, found[-1][1] + 1)
        else:
            found.append((head.above, 1))
    return found if any(above for above, _size in found) else []


def _shown(cube: Cube, keys: Prefix, heads: list[Head], *, is_total: bool) -> Shown:
    names = [cube.names[place][key] for place, key in enumerate(keys)]
    if is_total:
        names.append(gettext("Total"))
    names += [""] * (len(cube.asked.rows) - len(names))
    return Shown(names[: max(len(cube.asked.rows), 1)], list(_entries(cube, keys, heads)), is_total)


def _entries(cube: Cube, keys: Prefix, heads: list[Head]) -> Iterator[Entry]:
    for head in heads:
        if head.figure is not None:
            value = cube.value(head.figure, keys)
            url = rows_url(cube, head.figure, keys) if value and head.figure.part in (NOW, EARLIER) else None
            yield Entry(value, text(head.figure.kind, value), url)


def text(kind: str, value: Any) -> str:
    """A figure as people read it; empty for None."""
    if value is None:
        return ""
    if kind == "percent":
        change = round(Decimal(value), 1) or Decimal(0)
        return f"{format_decimal(change, '+#,##0.0;-#,##0.0' if change else '0.0')} %"
    if kind == "number" and isinstance(value, Decimal):
        return str(format_decimal(round(value, 2)))
    if kind in ("money", "rate") and isinstance(value, Decimal):
        return plain(kind, round(value, 2 if kind == "money" else 4))
    return plain(kind, value)


def rows_url(cube: Cube, figure: Figure, keys: Prefix) -> str | None:
    """The list of exactly the rows that a figure is about; None where filters cannot say them, or it has no list for him."""
    asked = cube.asked
    if not asked.principal.may("can_list", labels.subject(asked.entity)):
        return None
    pairs = filters_of(asked.listing.args)
    if asked.compared is not None:
        pairs += asked.compared.filters(
            asked.compared.earlier if figure.part == EARLIER else asked.compared.span
        )
    groups = [*zip(asked.rows, keys, strict=False)]
    if asked.column is not None and figure.column is not ALL:
        groups.append((asked.column, figure.column))
    for axis, key in groups:
        found = axis.filters(key, _span(cube, figure, axis, key))
        if found is None:
            return None
        pairs += found
    if figure.measure.is_money and asked.currency is not None and len(cube.currencies) > 1:
        if not figure.currency:
            return None
        pairs.append((asked.currency.name, str(figure.currency)))
    if sum(split(name)[1] not in ("q", "picked") for name, _raw in pairs) > MOST:
        return None
    pairs += _columns(cube, figure)
    return f"{links.list_url(asked.entity.slug())}?{urlencode(pairs or [('view', EVERYTHING)])}"


def _span(cube: Cube, figure: Figure, axis: Any, key: Any) -> tuple[date, date] | None:
    """The days of a group of the earlier period, which are told under those they are compared with."""
    compared = cube.asked.compared
    if figure.part != EARLIER or compared is None or key is None or not compared.is_about(axis):
        return None
    return compared.back(axis, axis.span(key))


def _columns(cube: Cube, figure: Figure) -> list[tuple[str, str]]:
    """The list's columns, where its usual ones lack the one that the figure adds up."""
    usual, wanted = cube.asked.entity.__screen__.columns("list"), figure.measure.field
    if wanted is None or wanted.name in usual:
        return []
    return [("cols", ".".join(name.replace(".", "-") for name in (*usual, wanted.name)))]


def _warm(table: Table) -> None:
    """Shade the numbers of each measure by their share of its largest."""
    for place, head in enumerate(table.figures):
        same = [n for n, one in enumerate(table.figures) if _is_of_one_sort(one.figure, head.figure)]
        most = max(
            (abs(line.entries[n].value or 0) for line in table.lines if not line.is_total for n in same),
            default=0,
        )
        if not most or (table.cube.asked.column is not None and head.figure and head.figure.column is ALL):
            continue
        for line in table.lines:
            entry = line.entries[place]
            if entry.value and not line.is_total:
                entry.heat = max(1, min(8, int(-(-8 * abs(entry.value) // most))))


def _is_of_one_sort(one: Figure | None, other: Figure | None) -> bool:
    if one is None or other is None or (one.column is ALL) != (other.column is ALL):
        return False
    return (one.measure.name, one.currency, one.part) == (other.measure.name, other.currency, other.part)
