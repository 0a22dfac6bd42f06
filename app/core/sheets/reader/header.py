"""Where the table begins: the row of names. Titles above it are passed over, its faults are said plainly."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.core.sheets.reader.faults import CellFault, FileFault, letters

if TYPE_CHECKING:
    from app.core.sheets.reader.source import RowSource

LOOKED_AT = 30
"""Rows in which the header is searched when nobody says where it is."""


def name_of(cell: Any) -> str:
    """A header cell as one line of text."""
    return "" if isinstance(cell, CellFault) else " ".join(str(cell).split())


def is_blank(row: Sequence[Any]) -> bool:
    """Whether nothing but spaces stands in the row."""
    return all(type(cell) is str and not cell.strip() for cell in row)


def find(rows: Sequence[tuple[int, Sequence[Any]]], sheet: str, header_row: int | None) -> int:
    """The index in `rows` of the header. Raises FileFault `no_header`.

    Without `header_row` (from 1) it is the first row of texts that fills at least half of the columns
    used, so that a title or a date above the table is not taken for it.
    """
    if header_row is not None:
        for index, (number, _row) in enumerate(rows):
            if number == header_row:
                return index
        raise FileFault("no_header", sheet=sheet, row=header_row)
    widest = max((_filled(row) for _number, row in rows), default=0)
    for index, (number, row) in enumerate(rows):
        if _filled(row) * 2 >= widest:
            if any(type(cell) is not str for cell in row):
                raise FileFault("no_header", sheet=sheet, row=number)
            if not any(_is_name(cell) for cell in row):
                raise FileFault("no_header", sheet=sheet, row=number)
            return index
    raise FileFault("no_header", sheet=sheet)


def _filled(row: Sequence[Any]) -> int:
    return sum(1 for cell in row if type(cell) is not str or cell.strip())


def _is_name(cell: Any) -> bool:
    """A name has letters; in a file of texts only (CSV) numbers and dates have none."""
    return any(char.isalpha() for char in str(cell))


def names(row: Sequence[Any], number: int, source: "RowSource") -> list[str]:
    """The names of the columns. Raises FileFault for merged cells and for a name used twice."""
    found = [name_of(cell) for cell in row]
    while found and not found[-1]:
        found.pop()
    if not any(found):
        raise FileFault("no_header", sheet=source.sheet, row=number)
    merged = source.merged_in(number) if "" in found or len(found) < len(row) else None
    if merged is not None:
        raise FileFault("merged_header", sheet=source.sheet, row=number, column=letters(merged))
    seen: dict[str, int] = {}
    for index, name in enumerate(found):
        if name and name in seen:
            raise FileFault("duplicate_header", sheet=source.sheet, row=number, column=letters(index),
                            detail=f"{name} ({letters(seen[name])})")  # fmt: skip
        seen[name] = index
    return found
