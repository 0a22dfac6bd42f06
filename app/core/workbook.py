"""Writing tables for people: workbooks and CSV, streamed from any iterator, with true types.

columns = [Column("number", _("Number")), Column("balance", _("Balance"), "money")]
about = About(_("Loans overdue"), user.full_name, now(), _("Branch is Tongwei"))
write_workbook(path, [Sheet(_("Loans"), columns, rows)], about)
"""

import csv
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path
from types import NoneType
from typing import Any

import rustpy_xlsxwriter
from flask_babel import lazy_gettext as _
from rustpy_xlsxwriter import Format

from app.core.export import joining
from app.core.export.cells import as_text, clean, fitted, stored
from app.core.export.columns import About, Blocks, Column, Row, Sheet, labels, sheet_title, widths

__all__ = ["MOST_ROWS", "About", "Blocks", "Column", "Sheet", "write_csv", "write_workbook"]

MOST_ROWS = 1_048_575
"""Rows of a sheet below its header."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
HEADER_COLOUR = "#E9EEF5"
LABEL_WIDTH, TEXT_WIDTH = 28.0, 90.0


class _Feed:
    """A sheet's rows on their way to the writer, at most `most` at a time; knows how many have passed."""

    def __init__(self, sheet: Sheet, title: str, most: int) -> None:
        self.title, self.names = title, labels(sheet.columns)
        self.columns = sheet.columns
        self._most, self.count = most, 0
        blocks = fitted(sheet.rows, sheet.columns)
        first = next(blocks, [()] * len(self.names))
        self.widths = widths(sheet.columns, self.names, first)
        self._blocks = filter(_length, chain([first], blocks))
        self._next = next(self._blocks, None)

    @property
    def has_more(self) -> bool:
        return self._next is not None

    def records(self) -> Iterator[dict[str, Any]]:
        """The next rows as the writer wants them; an empty one when there are none, for the header's sake."""
        if not self.has_more:
            return iter([dict.fromkeys(self.names)])
        return _records(self.names, self._parts())

    def _parts(self) -> Iterator[Sequence[Sequence[Any]]]:
        """Blocks as long as the sheet has room for them; the rest of the last one stays."""
        room = self._most
        while room and self._next is not None:
            block = self._next
            if _length(block) > room:
                self._next = [values[room:] for values in block]
                block = [values[:room] for values in block]
            else:
                self._next = next(self._blocks, None)
            room -= _length(block)
            self.count += _length(block)
            yield block


def _records(names: Sequence[str], blocks: Iterable[Sequence[Sequence[Any]]]) -> Iterator[dict[str, Any]]:
    """The rows of blocks as the writer wants them, by name; all are one record, filled anew: the writer takes its values at once.

    For two columns it is `for record["Number"], record["Name"] in zip(*block): yield record`, and takes a third of
    what dict(zip(names, row)) takes, which for a file of eight columns is a twelfth of all.
    """
    targets = ", ".join(f"record[{name!r}]" for name in names)
    made: dict[str, Any] = {}
    lines = ("def records(blocks):", " record = {}", " for block in blocks:",
             f"  for {targets}, in zip(*block, strict=True):", "   yield record")  # fmt: skip
    exec("\n".join(lines), made)  # noqa: S102  of literals
    found: Iterator[dict[str, Any]] = made["records"](blocks)
    return found


def _length(block: Sequence[Sequence[Any]]) -> int:
    return len(block[0])


def write_workbook(
    path: str | Path, sheets: Sequence[Sheet], about: About, *, most_rows: int = MOST_ROWS
) -> int:
    """Write an .xlsx and return how many rows it has.

    A sheet goes on in further ones where it is full; behind all there is a page about the file. Text stays
    text whatever it begins with; characters a workbook cannot hold are dropped, a text longer than a cell
    is cut with a mark; a number of more than 15 digits is written as text. The file appears under its name
    only when it is complete. Raises ValueError for a row that does not fit its columns.
    """
    taken: set[str] = set()
    feeds = [_Feed(sheet, sheet_title(sheet.title, taken), most_rows) for sheet in sheets]
    about_title = sheet_title(_("About"), taken)
    with tempfile.TemporaryDirectory(prefix="workbook-") as scratch:
        folder = Path(scratch)
        more: list[joining.Continued] = []

        def about_rows() -> Iterator[dict[str, Any]]:
            # the writer takes sheets in their order: when it comes here, the first part of all has passed
            more.extend(_continued(feeds, about_title, folder, taken))
            yield from _about_records(about, feeds)

        _write(folder / "main.xlsx", feeds, [feed.records() for feed in feeds], (about_title, about_rows()))
        result = folder / "main.xlsx"
        if more:
            result = folder / "joined.xlsx"
            joining.join(folder / "main.xlsx", more, result)
        _put(result, Path(path))
    return sum(feed.count for feed in feeds)


def _continued(feeds: list[_Feed], about: str, folder: Path, taken: set[str]) -> list[joining.Continued]:
    """The rows that did not fit their sheets, each lot in a workbook of the same formats."""
    found = []
    for place, feed in enumerate(feeds):
        number = 1
        while feed.has_more:
            number += 1
            part = folder / f"{place}-{number}.xlsx"
            records = [
                feed.records() if other is feed else iter([dict.fromkeys(other.names)]) for other in feeds
            ]
            _write(part, feeds, records, (about, iter([_about_names()])))
            title = sheet_title(feed.title, taken, number)
            found.append(joining.Continued(title, place, part, f"xl/worksheets/sheet{place + 1}.xml"))
    return found


def _write(path: Path, feeds: list[_Feed], records: list[Iterator[dict[str, Any]]],
           about: tuple[str, Iterator[dict[str, Any]]]) -> None:  # fmt: skip
    header = Format().set_bold().set_background_color(HEADER_COLOUR).set_border_bottom("thin")
    titles = [feed.title for feed in feeds]
    rustpy_xlsxwriter.write_worksheets(
        [*zip(titles, records, strict=True), about],
        str(path),
        freeze_panes={title: {"row": 1, "col": 0} for title in titles},
        autofilter=dict.fromkeys(titles, True),
        header_format=dict.fromkeys([*titles, about[0]], header),
        column_formats={
            **{feed.title: [column.format() for column in feed.columns] for feed in feeds},
            about[0]: [Format().set_align("top"), Format().set_text_wrap()],
        },
        column_widths={**{feed.title: feed.widths for feed in feeds}, about[0]: [LABEL_WIDTH, TEXT_WIDTH]},
        ignore_errors={
            feed.title: names for feed in feeds
            if (names := [n for n, c in zip(feed.names, feed.columns, strict=True) if c.kind == "text"])
        },
    )  # fmt: skip


def _about_names() -> dict[str, Any]:
    return {str(_("About")): None, str(_("this file")): None}


def _about_records(about: About, feeds: list[_Feed]) -> Iterator[dict[str, Any]]:
    lines: list[tuple[Any, Any]] = [
        (_("Title"), about.title),
        (_("Made by"), about.who or "–"),
        (_("Made at"), about.when.strftime("%Y-%m-%d %H:%M %Z").strip()),
        (_("Filters"), about.filters or _("none")),
        *((_("Rows in %(sheet)s", sheet=feed.title), f"{feed.count:,}") for feed in feeds),
        *about.notes,
    ]
    names = list(_about_names())
    for label, value in lines:
        yield dict(zip(names, (clean(str(label)), clean(as_text(value))), strict=True))


def write_csv(
    path: str | Path, columns: Sequence[Column], rows: Iterable[Row] | Blocks, *, separator: str = ","
) -> int:
    """Write a .csv and return how many rows; in UTF-8 with its mark, as spreadsheet programs expect.

    A text that such a program would take for a formula gets a ' before it; our reader takes it off again.
    Raises ValueError for a row that does not fit its columns.
    """
    count = 0
    with tempfile.TemporaryDirectory(prefix="workbook-") as scratch:
        draft = Path(scratch) / "table.csv"
        with draft.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
            writer = csv.writer(file, delimiter=separator)
            writer.writerow(labels(columns))
            for block in stored(rows, columns):
                count += _length(block)
                writer.writerows(zip(*map(_csv_column, block), strict=True))
        _put(draft, Path(path))
    return count


def _csv_column(values: Sequence[Any]) -> Sequence[Any]:
    """A column as the csv module can write it: it knows numbers and dates, not formulas and truths."""
    types = set(map(type, values)) - {NoneType, int, date, datetime}
    if not types or (types == {Decimal} and "E" not in "".join(map(str, values))):
        return values
    return [_csv_value(value) for value in values]


def _csv_value(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA_STARTS) else value.replace("\x00", "")
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return None if value is None else as_text(value)


def _put(source: Path, target: Path) -> None:
    """Move a finished file to its place in one step, also from another file system."""
    draft = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, draft)
    draft.replace(target)
