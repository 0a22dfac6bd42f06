"""A table in a file that someone sent: its header and its rows as exact Python values."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Self

from app.core.sheets.errors import Reason, SheetError
from app.core.sheets.limits import Limits
from app.core.sheets.memo import Memo
from app.core.sheets.process import Reading
from app.core.sheets.reader.faults import ORIGINAL_AFTER
from app.core.sheets.reader.frames import COLUMN_END, VALUE_END

EMPTY = {"": None}
SHOWN_DECIMALS = 4
SHOWN_DIGITS = 15
ISO_DATE = len("2018-06-25")
Value = str | int | Decimal | date | datetime | bool | SheetError | None
Block = tuple[list[int], list[list[Value]]]


def number(text: str) -> int | Decimal | str:
    """The number that was typed into a cell, from the shortest text of the binary number stored there.

    Digits a formula left behind the fifteenth are noise and rounded off, unless they are within cents.

    >>> number("27015.860000000001"), number("13800138000.0"), number("0.30000000000000004"), number("1e-07")
    (Decimal('27015.86'), 13800138000, Decimal('0.3'), Decimal('1E-7'))
    """
    text = text.removesuffix(".0")
    is_short = len(text) <= SHOWN_DIGITS
    if is_short and text.isdecimal():
        return int(text)
    try:
        # by way of the binary number, 1E999999999 is infinite and not a billion digits
        value = Decimal(
            text if is_short and text.isascii() and "E" not in text.upper() else repr(float(text))
        )
    except (ValueError, InvalidOperation):
        return text
    if not value.is_finite():
        return text
    _sign, digits, exponent = value.as_tuple()
    if len(digits) > SHOWN_DIGITS and isinstance(exponent, int) and -exponent > SHOWN_DECIMALS:
        value = Decimal(f"{float(text):.{SHOWN_DIGITS}g}")
    return int(value) if value == value.to_integral_value() else value


def moment(text: str) -> date | datetime | str:
    """A date or a date with time from its ISO form; a time, and what is none of them, as the text it is."""
    try:
        if len(text) == ISO_DATE:
            return date.fromisoformat(text)
        return datetime.fromisoformat(text) if len(text) > ISO_DATE else text
    except ValueError:
        return text


class Table:
    """An open table. Use it in a `with`, or read it to its end: a process stands behind it.

    `sheet_names` are the visible sheets ([] for text), `hidden_names` the others, `sheet` the one read;
    `header` the names of the columns ("" where a column has none), `header_row` its number in the file;
    `encoding` and `separator` are what was found or asked for in a text.
    """

    def __init__(self, reading: Reading, facts: dict[str, Any]) -> None:
        self._reading = reading
        self.header: list[str] = facts["header"]
        self.header_row: int = facts["header_row"]
        self.sheet: str = facts["sheet"]
        self.sheet_names: list[str] = facts["sheet_names"]
        self.hidden_names: list[str] = facts["hidden_names"]
        self.kind: str = facts["kind"]
        self.encoding: str = facts["encoding"]
        self.separator: str = facts["separator"]
        self._memos = {
            "n": Memo(number, EMPTY),
            "d": Memo(moment, EMPTY),
            "b": Memo(lambda text: text == "True", EMPTY),
        }

    def rows(self) -> Iterator[tuple[int, tuple[Value, ...]]]:
        """Rows below the header that are not blank, each with its number in the file.

        A value is text, int, Decimal, date, datetime, bool, None for an empty cell, or a SheetError (not
        raised) for a cell that cannot be used. Raises SheetError when the file turns out unreadable.
        """
        for numbers, columns in self.blocks():
            yield from zip(numbers, zip(*columns, strict=True), strict=True)

    def blocks(self) -> Iterator[Block]:
        """The same by up to 1000 rows at a time and column by column, for work in bulk."""
        try:
            for letter, body in self._reading.frames():
                if letter == "R":
                    yield self._block(body)
        finally:
            self.close()

    def _block(self, body: str) -> Block:
        parts = body.split(COLUMN_END)
        numbers = list(map(int, parts[0].split(" ")))
        columns = [
            self._column(
                self.header[index // 2], numbers, parts[index + 1], parts[index + 2].split(VALUE_END)
            )
            for index in range(0, len(parts) - 1, 2)
        ]
        return numbers, columns

    def _column(self, name: str, numbers: list[int], kinds: str, texts: list[str]) -> list[Value]:
        if kinds == "s":
            return [text or None for text in texts]
        if len(kinds) == 1 and kinds != "e":
            return list(map(self._memos[kinds].__getitem__, texts))
        if len(kinds) == 1:
            kinds *= len(texts)
        return [
            self._value(kind, text, row, name) for kind, text, row in zip(kinds, texts, numbers, strict=True)
        ]

    def _value(self, kind: str, text: str, row: int, name: str) -> Value:
        if kind == "s":
            return text or None
        if kind == "e":
            code, _space, rest = text.partition(" ")
            detail, _mark, original = rest.partition(ORIGINAL_AFTER)
            return SheetError(Reason(code), self.sheet, row, name, detail, original or None)
        return self._memos[kind][text]

    def close(self) -> None:
        """End the process behind the table."""
        self._reading.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def open_table(
    path: str | Path,
    *,
    sheet: str | None = None,
    header_row: int | None = None,
    encoding: str | None = None,
    separator: str | None = None,
    limits: Limits | None = None,
) -> Table:
    """Open the table in an .xlsx, .xls, .xlsb, .ods, .csv, .tsv or .txt; what it is, its content tells.

    Without `sheet` it is the first visible sheet that is not empty; without `header_row` (from 1) the
    header is searched; `encoding` and `separator` are for text in which they are guessed wrongly. The file is read in a
    process of its own, within `limits`. Raises SheetError.

    In .xlsx, cells with errors and formulas never calculated come as SheetError values; the other formats
    do not tell them from empty cells.
    """
    limits = limits or Limits()
    request = {
        "path": str(Path(path).resolve()), "sheet": sheet, "header_row": header_row, "encoding": encoding,
        "separator": separator, "limits": limits._asdict(),
    }  # fmt: skip
    reading = Reading(request, limits.wait_seconds)
    try:
        for letter, body in reading.frames():
            if letter == "H":
                return Table(reading, json.loads(body))
    except BaseException:
        reading.close()
        raise
    reading.close()
    raise SheetError(Reason.DAMAGED)
