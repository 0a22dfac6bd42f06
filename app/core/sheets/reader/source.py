"""What every reader of rows is to the process: names of sheets, the first rows, the rest in packed blocks."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from app.core.sheets.reader import frames
from app.core.sheets.reader.header import is_blank

BLOCK_ROWS = 1000
Row = tuple[int, list[Any]]
Block = tuple[list[int], list[frames.Packed]]


class RowSource:
    """A reader that has its rows one by one. `rows()` gives each with its number in the file."""

    kind = ""
    sheet = ""
    encoding = ""
    separator = ""
    sheet_names: list[str]
    hidden_names: list[str]
    _filled: Iterator[Row]

    def choose(self) -> None:
        """Turn to the sheet asked for, or to the first visible one that is not empty. Raises FileFault."""

    def rows(self) -> Iterator[Row]:
        raise NotImplementedError

    def merged_in(self, row: int) -> int | None:
        """The first column (from 0) of a merged range over several columns in that row (from 1)."""
        return None

    def first_rows(self, count: int) -> list[Row]:
        """The first rows that are not blank, as many as asked for if there are so many."""
        self._filled = (item for item in self.rows() if not is_blank(item[1]))
        return list(islice(self._filled, count))

    def blocks(self, width: int) -> Iterator[Block]:
        """The rows after those, packed at the width of the header."""
        while rows := list(islice(self._filled, BLOCK_ROWS)):
            yield frames.pack_rows(rows, width)
