"""Rows of a text table: which encoding, which separator, then the csv module."""

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.core.sheets.limits import Limits
from app.core.sheets.reader.encoding import guess_encoding
from app.core.sheets.reader.faults import FileFault
from app.core.sheets.reader.source import RowSource

SEPARATORS = ",;\t|"
GUARDED = frozenset(("'=", "'+", "'-", "'@", "'\t", "'\r"))
"""How our own export begins a text that would be taken for a formula; its ' is taken off."""
GUESS_LINES = 50
WORKBOOKS = frozenset((".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"))
"""Under these names a text that does not look like a table is refused, not taken for one of a column or two."""


class TextTable(RowSource):
    """A .csv, .tsv or .txt whose first lines say how it is written. Raises FileFault."""

    kind = "text"

    def __init__(
        self, path: Path, encoding: str | None, limits: Limits, separator: str | None = None
    ) -> None:
        self.path, self.limits, self._asked = path, limits, separator
        self.encoding = _checked(encoding) if encoding else guess_encoding(path)
        self.sheet_names: list[str] = []
        self.hidden_names: list[str] = []
        self.separator = ""
        self._skip = 0

    def choose(self) -> None:
        # the first line may tell the separator as Excel does: sep=;
        lines = self._first_lines()
        if lines and lines[0].strip().lower().startswith("sep=") and len(lines[0].strip()) == len("sep=;"):
            self.separator, self._skip = lines[0].strip()[-1], 1
        else:
            self.separator = self._asked or guess_separator(lines)
        if self.path.suffix.lower() in WORKBOOKS and not is_divided(lines[self._skip :], self.separator):
            raise FileFault("wrong_type", detail="unknown")

    def _first_lines(self) -> list[str]:
        try:
            with self.path.open(encoding=self.encoding, newline="") as file:
                return [line for _index, line in zip(range(GUESS_LINES), file, strict=False)]
        except UnicodeError as error:
            raise FileFault("wrong_encoding", row=1, detail=self.encoding) from error

    def rows(self) -> Iterator[tuple[int, list[Any]]]:
        csv.field_size_limit(self.limits.cell_chars)
        line = 1 + self._skip
        try:
            with self.path.open(encoding=self.encoding, newline="") as file:
                for _line in range(self._skip):
                    next(file)
                reader = csv.reader(file, delimiter=self.separator)
                for row in reader:
                    if len(row) > self.limits.columns:
                        raise FileFault("too_many_columns", row=line)
                    if line > self.limits.rows:
                        raise FileFault("too_many_rows", row=line)
                    yield line, [text[1:] if text[:2] in GUARDED else text for text in row]
                    line = reader.line_num + self._skip + 1
        except UnicodeError as error:
            raise FileFault("wrong_encoding", row=line, detail=self.encoding) from error
        except csv.Error as error:
            raise FileFault("damaged", row=line, detail=str(error)) from error


def _checked(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except (LookupError, TypeError) as error:
        raise FileFault("wrong_encoding", detail=encoding) from error
    return "utf-8-sig" if name == "utf-8" else name


def guess_separator(lines: list[str]) -> str:
    """The separator that gives most lines the same, largest number of fields; a comma if none does."""
    best, best_score = ",", 0
    for separator in SEPARATORS:
        sizes = Counter(len(row) for row in csv.reader(lines, delimiter=separator) if row)
        if not sizes:
            continue
        size, often = max(sizes.items(), key=lambda item: (item[1] * (item[0] - 1), item[0]))
        score = often * often * (size - 1)
        if score > best_score:
            best, best_score = separator, score
    return best


def is_divided(lines: list[str], separator: str) -> bool:
    """Whether a text is a table by its looks: two lines or more have the same number of fields, not one.

    >>> is_divided(["hello, not a workbook"], ","), is_divided(["Number,Name", "1,Ann"], ",")
    (False, True)
    """
    sizes = Counter(len(row) for row in csv.reader(lines, delimiter=separator))
    return any(size > 1 and often > 1 for size, often in sizes.items())
