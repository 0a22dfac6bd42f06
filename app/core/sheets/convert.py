"""Rows of a table to values of a layout's fields, column by column: most cells repeat and are read once."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.sheets.errors import Reason, SheetError
from app.core.sheets.layout import Field, Layout
from app.core.sheets.layout_json import bound
from app.core.sheets.memo import Memo
from app.core.sheets.reader.faults import letters
from app.core.sheets.table import Table
from app.core.sheets.values import AFTER, BEFORE, TYPES, Fault, Manner, as_text

Columns = dict[str, list[Any]]


@dataclass(frozen=True)
class Problem:
    """One cell that cannot be used: the column's name in the file, what stands there, and why not."""

    column: str
    value: str
    reason: Any

    def __str__(self) -> str:
        return (
            f"{self.column}: “{self.value}” {self.reason}" if self.value else f"{self.column}: {self.reason}"
        )


@dataclass(frozen=True)
class Converted:
    """A block of rows. `values` has every field of the layout; a value is None where there is a problem."""

    numbers: list[int]
    """The rows' numbers in the file."""
    values: Columns
    problems: dict[int, list[Problem]]
    """index in the block → what is wrong with that row."""
    originals: list[list[Any]]
    """The columns as they were read, for giving bad rows back."""


class _Reader:
    """Reads the cells of one field."""

    def __init__(self, item: Field, layout: Layout) -> None:
        mark = layout.decimal_mark if item.decimal_mark is None else item.decimal_mark
        self._manner = Manner(mark, item.date_formats or layout.date_formats)
        self._field = item
        self._type = TYPES[item.type]
        self._before = [BEFORE[name] for name in item.transforms if name in BEFORE]
        self._after = [AFTER[name] for name in item.transforms if name in AFTER]
        self._words = {plain_word(written): meant for written, meant in item.values.items()}
        self._checks = list(_checks(item))
        self._memos: dict[type, Memo] = defaultdict(lambda: Memo(self.read, {None: None}))
        self._empty = None if item.default is None else self.read(item.default)

    def column(self, cells: Sequence[Any]) -> list[Any]:
        """Values or Faults of a column."""
        types = set(map(type, cells)) - {NoneType}
        if len(types) == 1:
            found = list(map(self._memos[types.pop()].__getitem__, cells))
        else:
            found = [self._memos[type(cell)][cell] for cell in cells]
        empty = Fault(_("is empty")) if self._field.is_required and self._empty is None else self._empty
        return found if empty is None else [empty if value is None else value for value in found]

    def read(self, cell: Any) -> Any:
        """The value of one cell: None where nothing is left of it, a Fault where it cannot be used."""
        if isinstance(cell, SheetError):
            return Fault(cell.sentence)
        if isinstance(cell, str) or self._before or self._words:
            cell = self._text(as_text(cell))
            if cell is None or isinstance(cell, Fault):
                return cell
        value = self._type(cell, self._manner)
        for change in () if isinstance(value, Fault) else self._after:
            value = change(value)
        for check in () if value is None or isinstance(value, Fault) else self._checks:
            reason = check(value)
            if reason is not None:
                return Fault(reason)
        return None if value == "" else value

    def _text(self, text: str) -> Any:
        """The cell's text, prepared and translated by the field's table of words."""
        text = text.strip()
        if self._field.split is not None:
            parts = text.split(self._field.split)
            text = parts[self._field.part].strip() if self._field.part < len(parts) else ""
        for change in self._before:
            text = change(text)
        if not text:
            return None
        if not self._words:
            return text
        meant = self._words.get(plain_word(text))
        if meant is None and not self._field.keeps_others:
            return Fault(_("is none of %(words)s", words=", ".join(self._field.values)))
        return text if meant is None else meant


def plain_word(text: str) -> str:
    """A word as it is looked up in a table of words: whatever its width and case."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _checks(item: Field) -> Iterator[Callable[[Any], Any]]:
    """Functions from a value to the reason why it is refused, or None."""
    if item.min is not None:
        low = bound(item.type, item.min)
        yield lambda value: _("is less than %(least)s", least=item.min) if value < low else None
    if item.max is not None:
        high = bound(item.type, item.max)
        yield lambda value: _("is more than %(most)s", most=item.max) if value > high else None
    if item.pattern is not None:
        pattern = re.compile(item.pattern)
        yield lambda value: None if pattern.fullmatch(str(value)) else _("does not have the form expected")
    if item.max_length is not None:
        longest = item.max_length
        yield (
            lambda value: (
                _("is longer than %(most)s characters", most=longest) if len(str(value)) > longest else None
            )
        )


class Converter:
    """A layout bound to a header: reads rows of one table by blocks. Its memory serves all."""

    def __init__(self, layout: Layout, mapping: dict[str, tuple[int, ...]], header: Sequence[str]) -> None:
        self._layout, self._mapping, self._header = layout, mapping, header
        self._readers = {item.field: _Reader(item, layout) for item in layout.fields}

    def block(self, numbers: list[int], columns: list[list[Any]]) -> Converted:
        """Convert the columns of a block; every field of the layout gets a list as long as `numbers`."""
        values: Columns = {}
        problems: dict[int, list[Problem]] = {}
        for item in self._layout.fields:
            places = self._mapping.get(item.field, ())
            cells = self._cells(item, places, columns, len(numbers))
            found = self._readers[item.field].column(cells)
            if Fault in set(map(type, found)):
                name = self._header[places[0]] if places else item.field
                _collect(problems, name, cells, found)
                found = [None if type(value) is Fault else value for value in found]
            values[item.field] = found
        self._stray(problems, columns)
        return Converted(numbers, values, problems, columns)

    def _cells(
        self, item: Field, places: tuple[int, ...], columns: list[list[Any]], count: int
    ) -> Sequence[Any]:
        if item.const is not None or not places:
            return [item.const] * count
        if item.join is None:
            return columns[places[0]]
        return [
            _joined(item.join, parts) for parts in zip(*(columns[place] for place in places), strict=True)
        ]

    def _stray(self, problems: dict[int, list[Problem]], columns: list[list[Any]]) -> None:
        """A value beside the table spoils its row even where no field reads the last column."""
        used = {place for places in self._mapping.values() for place in places}
        last = len(columns) - 1
        if columns and last not in used and SheetError in set(map(type, columns[last])):
            for index, cell in enumerate(columns[last]):
                if isinstance(cell, SheetError) and cell.reason is Reason.BEYOND_HEADER:
                    problems.setdefault(index, []).append(
                        Problem(self._header[last], cell.detail, cell.sentence)
                    )


def _joined(separator: str, parts: tuple[Any, ...]) -> Any:
    bad = next((part for part in parts if isinstance(part, SheetError)), None)
    return bad or separator.join(as_text(part).strip() for part in parts if part is not None) or None


def _collect(problems: dict[int, list[Problem]], name: str, cells: Sequence[Any], found: list[Any]) -> None:
    for index, value in enumerate(found):
        if type(value) is Fault:
            cell = cells[index]
            written = "" if cell is None else as_text(cell)
            problems.setdefault(index, []).append(Problem(name, written, value.reason))


def convert(
    layout: Layout, mapping: dict[str, tuple[int, ...]], row: Sequence[Any], header: Sequence[str] = ()
) -> tuple[dict[str, Any], list[Problem]]:
    """One row as {field: value} and what is wrong with it; `header` names the columns in the problems."""
    names = header or [letters(index) for index in range(len(row))]
    found = Converter(layout, mapping, names).block([1], [[cell] for cell in row])
    return {name: values[0] for name, values in found.values.items()}, found.problems.get(0, [])


def convert_table(layout: Layout, mapping: dict[str, tuple[int, ...]], table: Table) -> Iterator[Converted]:
    """All rows of an open table, some thousand at a time. Raises SheetError as the table does."""
    converter = Converter(layout, mapping, table.header)
    for numbers, columns in table.blocks():
        yield converter.block(numbers, columns)
