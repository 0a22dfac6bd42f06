"""Rows of a workbook, by calamine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import python_calamine as calamine

from app.core.sheets.limits import Limits
from app.core.sheets.reader import scan
from app.core.sheets.reader.faults import FileFault, letters

Row = tuple[int, list[Any]]


class Spreadsheet:
    """One sheet of an .xlsx, .xlsb, .xls or .ods. Raises FileFault when there is none to read."""

    encoding = ""
    separator = ""

    def __init__(self, path: Path, kind: str, sheet: str | None, limits: Limits) -> None:
        self.path, self.kind, self.limits = path, kind, limits
        self.book = _open(path)
        metas = self.book.sheets_metadata
        self.sheet_names = [m.name for m in metas if m.visible == calamine.SheetVisibleEnum.Visible]
        self.hidden_names = [m.name for m in metas if m.name not in self.sheet_names]
        if sheet is not None and sheet not in self.book.sheet_names:
            raise FileFault("no_such_sheet", sheet=sheet, detail=", ".join(self.sheet_names))
        self.sheet = sheet or ""
        self._content: Any = None

    def choose(self) -> None:
        """Load the sheet asked for, or the first visible one that is not empty."""
        names = [self.sheet] if self.sheet else self.sheet_names
        for name in names:
            self.sheet = name
            self._content = self.book.get_sheet_by_name(name)
            if self._content.start is not None:
                return
        if any(self.book.get_sheet_by_name(name).start is not None for name in self.hidden_names):
            raise FileFault("only_hidden", detail=", ".join(self.hidden_names))
        raise FileFault("empty_sheet", sheet=names[0] if len(names) == 1 else "")

    def rows(self) -> Iterator[Row]:
        """Every row with its number in the sheet, all of one width, '' for an empty cell."""
        height, last = self._content.end[0] + 1, self._content.end[1] + 1
        first = self._content.start[1]
        if last > self.limits.columns:
            raise FileFault("too_many_columns", sheet=self.sheet, column=letters(last - 1))
        if height > self.limits.rows:
            raise FileFault("too_many_rows", sheet=self.sheet, row=height)
        faults = scan.cell_faults(self.path, self.sheet) if self.kind == "xlsx" else {}
        before = [""] * first
        for number, cells in enumerate(self._content.iter_rows(), 1):
            row = before + cells if first else cells
            for column, fault in faults.get(number, {}).items():
                row[column] = fault
            yield number, row

    def merged_in(self, row: int) -> tuple[int, int] | None:
        """The columns of the first merged range over more than one column in that row (from 0)."""
        for (top, left), (bottom, right) in self._content.merged_cell_ranges or ():
            if top <= row <= bottom and right > left:
                return left, right
        return None


def _open(path: Path) -> Any:
    try:
        return calamine.CalamineWorkbook.from_path(path)
    except calamine.PasswordError as error:
        raise FileFault("encrypted") from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise FileFault("damaged", detail=str(error)) from error
