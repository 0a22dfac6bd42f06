"""What the reading process reports when a file or a cell cannot be used; the sentences are elsewhere."""

from typing import NamedTuple

ORIGINAL_AFTER = "\x02"


class FileFault(Exception):
    """The file, or the sheet asked for, cannot be read at all.

    `code` is a value of `app.core.sheets.errors.Reason`; `row` counts from 1, `column` is a letter.
    """

    def __init__(
        self, code: str, *, row: int | None = None, column: str = "", sheet: str = "", detail: str = ""
    ) -> None:
        super().__init__(code)
        self.place = {"reason": code, "sheet": sheet, "row": row, "column": column, "detail": detail}


class CellFault(NamedTuple):
    """A cell that holds no usable value; the rest of its row is still read.

    `text` fills the sentence about it; `original` is what to write back where the cell itself was good.
    """

    code: str
    text: str
    original: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.text}{ORIGINAL_AFTER}{self.original}"


def letters(index: int) -> str:
    """The name of a column from its index.

    >>> letters(0), letters(27), letters(16383)
    ('A', 'AB', 'XFD')
    """
    name = ""
    number = index + 1
    while number:
        number, digit = divmod(number - 1, 26)
        name = chr(65 + digit) + name
    return name


def index_of(name: str) -> int:
    """The index of a column from its name.

    >>> index_of("A"), index_of("XFD")
    (0, 16383)
    """
    number = 0
    for letter in name:
        number = number * 26 + ord(letter) - 64
    return number - 1
