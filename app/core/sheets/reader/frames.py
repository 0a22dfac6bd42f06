"""How rows travel from the reading process: whole columns as text, so that both sides work in bulk.

A frame is a letter, the length of the body, and the body in UTF-8. `H` and `E` carry JSON, `R` a
block of rows, `Z` nothing: the file was read to its end. A block is split by U+0001 into the row
numbers and then, for every column, its kinds and its values (split by U+0000). Kinds are one letter a
value, or one letter for all of them. Nothing is unpickled: the body is text whatever the file held.
"""

import struct
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO

from app.core.sheets.reader.faults import CellFault

VALUE_END, COLUMN_END = "\x00", "\x01"
HEAD = struct.Struct("<cI")
EXACT = 1e15
"""A spreadsheet keeps 15 digits of a number; the digits after them were lost when the cell was written."""
LETTERS: dict[type, str] = {
    str: "s", float: "n", int: "n", date: "d", datetime: "t", time: "s", timedelta: "s", bool: "b", CellFault: "e",
}  # fmt: skip


def send(out: BinaryIO, letter: bytes, body: str = "") -> None:
    """Write one frame."""
    data = body.encode("utf-8", "replace")
    out.write(HEAD.pack(letter, len(data)))
    out.write(data)
    out.flush()


def pack_block(numbers: Sequence[int], rows: Iterable[Sequence[Any]]) -> str:
    """The body of an `R` frame. Every row must have the same number of values; '' is an empty cell."""
    parts = [" ".join(map(str, numbers))]
    for column in zip(*rows, strict=True):
        parts += _pack_column(column)
    return COLUMN_END.join(parts)


def _pack_column(column: tuple[Any, ...]) -> tuple[str, str]:
    types = set(map(type, column))
    if types == {str}:
        return "s", _joined(column)
    if float in types and _loses_digits(column):
        column = tuple(_marked(value) for value in column)
        types = set(map(type, column))
    filled = types - {str}
    if len(filled) == 1 and (str not in types or not any(v for v in column if type(v) is str)):
        return LETTERS[filled.pop()], _joined(tuple(map(str, column)))
    return "".join(LETTERS[type(v)] for v in column), _joined(tuple(map(str, column)))


def _joined(values: tuple[str, ...]) -> str:
    text = VALUE_END.join(values)
    if text.count(VALUE_END) != len(values) - 1 or COLUMN_END in text:
        text = VALUE_END.join(v.replace(VALUE_END, "").replace(COLUMN_END, "") for v in values)
    return text


def _loses_digits(column: tuple[Any, ...]) -> bool:
    numbers = [v for v in column if type(v) is float]
    return not (max(numbers) < EXACT and min(numbers) > -EXACT)


def _marked(value: Any) -> Any:
    """The value, or a fault in place of a number that is longer than a spreadsheet can keep."""
    return CellFault("digits_lost", f"{value:.0f}") if type(value) is float and not abs(value) < EXACT else value
