"""How rows travel from the reading process: whole columns as text, so that both sides work in bulk.

A frame is a letter, the length of the body, and the body in UTF-8. `S`, `H` and `E` carry JSON, `R` a
block of rows, `Z` nothing: the file was read to its end. A block is split by U+0001 into the row
numbers and then, for every column, its kinds and its values (split by U+0000). Kinds are one letter a
value, or one letter for all of them. Nothing is unpickled: the body is text whatever the file held.
"""

import struct
from collections.abc import Sequence
from typing import Any, BinaryIO

from app.core.sheets.reader.cells import KINDS
from app.core.sheets.reader.faults import CellFault, letters

VALUE_END, COLUMN_END = "\x00", "\x01"
HEAD = struct.Struct("<cI")
EXACT_DIGITS = 15
"""A spreadsheet keeps so many digits of a number; those after them were lost when the cell was written."""
Packed = tuple[str, list[str]]
"""Kinds and texts of a column."""


def send(out: BinaryIO, letter: bytes, body: str = "") -> None:
    """Write one frame."""
    data = body.encode("utf-8", "replace")
    out.write(HEAD.pack(letter, len(data)))
    out.write(data)
    out.flush()


def body(numbers: Sequence[int], columns: Sequence[Packed]) -> str:
    """The body of an `R` frame; '' when all rows are blank."""
    blank = _blank_rows(columns)
    if blank:
        keep = [index for index in range(len(numbers)) if index not in blank]
        numbers = [numbers[index] for index in keep]
        columns = [(_only(kinds, keep), [texts[index] for index in keep]) for kinds, texts in columns]
    if not numbers:
        return ""
    parts = [" ".join(map(str, numbers))]
    for kinds, texts in columns:
        parts += [kinds, _joined(texts)]
    return COLUMN_END.join(parts)


def _blank_rows(columns: Sequence[Packed]) -> set[int]:
    if not columns:
        return set()
    candidates = [index for index, text in enumerate(columns[0][1]) if not text or text.isspace()]
    return {index for index in candidates if not any(texts[index].strip() for _kinds, texts in columns)}


def _only(kinds: str, keep: list[int]) -> str:
    return kinds if len(kinds) == 1 else "".join(kinds[index] for index in keep)


def _joined(values: list[str]) -> str:
    text = VALUE_END.join(values)
    if text.count(VALUE_END) != len(values) - 1 or COLUMN_END in text:
        text = VALUE_END.join(v.replace(VALUE_END, "").replace(COLUMN_END, "") for v in values)
    return text


def pack_rows(rows: Sequence[tuple[int, list[Any]]], width: int) -> tuple[list[int], list[Packed]]:
    """Rows of cells of any length as columns of the header's width."""
    fitted = [row if len(row) == width else _fitted(row, width) for _number, row in rows]
    return [number for number, _row in rows], [pack(column) for column in zip(*fitted, strict=True)]


def _fitted(row: list[Any], width: int) -> list[Any]:
    """The row at the header's width. A value beside the table makes the last cell a fault that keeps it."""
    beyond = [(index, cell) for index, cell in enumerate(row[width:], width) if str(cell).strip()]
    row = row[:width] + [""] * (width - len(row))
    if beyond:
        row[-1] = CellFault("beyond_header", f"{letters(beyond[0][0])}: {beyond[0][1]}", str(row[-1]))
    return row


def pack(column: Sequence[Any]) -> Packed:
    """A column of cells: text, or any type named in KINDS; '' is an empty cell."""
    types = set(map(type, column))
    if types == {str}:
        return "s", list(column)
    kinds = {KINDS[kind] for kind in types - {str}}
    texts = list(map(str, column))
    if len(kinds) == 1 and (str not in types or not any(v for v in column if type(v) is str)):
        kind = kinds.pop()
    else:
        kind = "".join(KINDS[type(v)] for v in column)
    return checked(kind, texts) if "n" in kind else (kind, texts)


def checked(kinds: str, texts: list[str]) -> Packed:
    """A column with numbers, those marked as unusable that have more digits than a spreadsheet keeps."""
    if max(map(len, texts), default=0) <= EXACT_DIGITS and "E" not in "".join(texts).upper():
        return kinds, texts
    lost = [index for index, text in enumerate(texts)
            if kinds[index % len(kinds)] == "n" and _is_lost(text)]  # fmt: skip
    if not lost:
        return kinds, texts
    letters_of = list(kinds * len(texts) if len(kinds) == 1 else kinds)
    for index in lost:
        letters_of[index], texts[index] = "e", f"digits_lost {float(texts[index]):.0f}"
    return "".join(letters_of), texts


def _is_lost(text: str) -> bool:
    try:
        return abs(float(text)) >= 10.0**EXACT_DIGITS
    except ValueError:
        return False
