"""Rows of a workbook of another kind than .xlsx, by calamine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import python_calamine as calamine

from app.core.sheets.limits import Limits
from app.core.sheets.reader.faults import FileFault, letters
from app.core.sheets.reader.source import Row, RowSource


class Spreadsheet(RowSource):
    """One sheet of an .xlsb, .xls or .ods. Raises FileFault when there is none to read.

    Error cells and formulas without a value are empty cells here: calamine does not tell them apart.
    """

    def __init__(self, path: Path, kind: str, sheet: str | None, limits: Limits) -> None:
        self.kind = kind
        self._limits = limits
        self._book = _open(path)
        metas = self._book.sheets_metadata
        self.sheet_names = [m.name for m in metas if m.visible == calamine.SheetVisibleEnum.Visible]
        self.hidden_names = [m.name for m in metas if m.name not in self.sheet_names]
        if sheet is not None and sheet not in self._book.sheet_names:
            raise FileFault("no_such_sheet", sheet=sheet, detail=", ".join(self.sheet_names))
        self.sheet = sheet or ""
        self._content: Any = None

    def choose(self) -> None:
        names = [self.sheet] if self.sheet else self.sheet_names
        for name in names:
            self._content = self._book.get_sheet_by_name(name)
            if self._content.start is not None:
                self.sheet = name
                return
        if not self.sheet and any(map(self._is_filled, self.hidden_names)):
            raise FileFault("only_hidden", detail=", ".join(self.hidden_names))
        raise FileFault("empty_sheet", sheet=names[0] if len(names) == 1 else "")

    def _is_filled(self, name: str) -> bool:
        return self._book.get_sheet_by_name(name).start is not None

    def rows(self) -> Iterator[Row]:
        height, width = self._content.end[0] + 1, self._content.end[1] + 1
        if width > self._limits.columns:
            cell = f"{letters(width - 1)}{height}"
            raise FileFault("far_cell", sheet=self.sheet, column=letters(width - 1), detail=cell)
        if height > self._limits.rows:
            raise FileFault("too_many_rows", sheet=self.sheet, row=height)
        before = [""] * self._content.start[1]
        for number, cells in enumerate(self._content.iter_rows(), 1):
            yield number, before + cells

    def merged_in(self, row: int) -> int | None:
        for (top, left), (bottom, right) in self._content.merged_cell_ranges or ():
            if top < row <= bottom + 1 and right > left:
                return int(left)
        return None


def _open(path: Path) -> Any:
    try:
        return calamine.CalamineWorkbook.from_path(path)
    except calamine.PasswordError as error:
        raise FileFault("encrypted") from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise FileFault("damaged", detail=str(error)) from error
