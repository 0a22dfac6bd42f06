"""Why a file, a sheet or a cell cannot be used, in words for the person who sent it."""

from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from app.core.i18n import Placed, filled


class Reason(StrEnum):
    """The kinds of fault. The sentence of each is in SENTENCES."""

    EMPTY_FILE = "empty_file"
    FILE_TOO_LARGE = "file_too_large"
    WRONG_TYPE = "wrong_type"
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    ZIP_BOMB = "zip_bomb"
    TOO_MUCH_MEMORY = "too_much_memory"
    FAR_CELL = "far_cell"
    TOO_SLOW = "too_slow"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MANY_COLUMNS = "too_many_columns"
    NO_SUCH_SHEET = "no_such_sheet"
    EMPTY_SHEET = "empty_sheet"
    ONLY_HIDDEN = "only_hidden"
    NO_HEADER = "no_header"
    MERGED_HEADER = "merged_header"
    DUPLICATE_HEADER = "duplicate_header"
    WRONG_ENCODING = "wrong_encoding"
    ERROR_CELL = "error_cell"
    FORMULA_WITHOUT_VALUE = "formula_without_value"
    BAD_DATE = "bad_date"
    DIGITS_LOST = "digits_lost"
    BEYOND_HEADER = "beyond_header"


TYPES = {
    "pdf": _("a PDF document"),
    "image": _("a picture"),
    "program": _("a program"),
    "document": _("a text document or a presentation"),
    "archive": _("an archive"),
    "database": _("a database"),
    "web_page": _("a web page with the name of a workbook"),
    "xml": _("an XML file"),
    "unknown": _("not a table"),
}

SENTENCES: dict[Reason, Any] = {
    Reason.EMPTY_FILE: _("The file is empty."),
    Reason.FILE_TOO_LARGE: _("The file is larger than %(detail)s MB. Divide it."),
    Reason.WRONG_TYPE: _(
        "The file is %(detail)s. Open it in a spreadsheet program and save it as .xlsx or .csv."
    ),
    Reason.ENCRYPTED: _("The workbook is protected by a password. Save it without one."),
    Reason.DAMAGED: _("The file is damaged or incomplete and cannot be read."),
    Reason.ZIP_BOMB: _(
        "The file would unpack to far more than a workbook holds (%(detail)s MB). It was not opened."
    ),
    Reason.TOO_MUCH_MEMORY: _("The sheet is too large to be read. Divide it, or save it as .csv."),
    Reason.FAR_CELL: _(
        "The sheet reaches as far as cell %(detail)s, which is too much to be read. Delete the rows and "
        "columns beside the table, or save it as .csv."
    ),
    Reason.TOO_SLOW: _("Reading the file took too long and was stopped. Divide it, or save it as .csv."),
    Reason.TOO_MANY_ROWS: _("The table has too many rows. Divide it."),
    Reason.TOO_MANY_COLUMNS: _("The table has too many columns. Delete those that are not needed."),
    Reason.NO_SUCH_SHEET: _("The workbook has no such sheet. It has: %(detail)s."),
    Reason.EMPTY_SHEET: _("There are no filled rows."),
    Reason.ONLY_HIDDEN: _(
        "Only hidden sheets hold data (%(detail)s). Show the sheet, or choose it by its name."
    ),
    Reason.NO_HEADER: _("There is no row with the names of the columns."),
    Reason.MERGED_HEADER: _(
        "The names of the columns stand in merged cells. Give every column its own cell and name."
    ),
    Reason.DUPLICATE_HEADER: _("Two columns have the same name: %(detail)s. Rename or delete one."),
    Reason.WRONG_ENCODING: _(
        "The text is not in the encoding %(detail)s. Save the file as .xlsx, or as text in UTF-8."
    ),
    Reason.ERROR_CELL: _("The cell holds the error %(detail)s."),
    Reason.FORMULA_WITHOUT_VALUE: _(
        "The cell holds a formula that was never calculated. "
        "Open the file in a spreadsheet program and save it again."
    ),
    Reason.BAD_DATE: _("The cell is shown as a date but holds %(detail)s, which is none."),
    Reason.DIGITS_LOST: _(
        "The cell holds a number of more than 15 digits (%(detail)s), which a spreadsheet does not keep. "
        "Enter it as text."
    ),
    Reason.BEYOND_HEADER: _("There is a value in a column without a name (%(detail)s)."),
}


class SheetError(Exception):
    """A file that cannot be read, or (standing in a row in place of a value) a cell that cannot be used.

    `row` counts from 1 as in the file; `column` is its letter, or its name for a cell of the table;
    `detail` fills the sentence and is, for a cell, what stood there; `original` is the good value of a
    cell that only marks its row.
    """

    def __init__(
        self, reason: Reason, sheet: str = "", row: int | None = None, column: str = "", detail: str = "",
        original: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(reason, sheet, row, column, detail)
        self.reason, self.sheet, self.row, self.column, self.detail = reason, sheet, row, column, detail
        self.original = original

    @property
    def sentence(self) -> LazyString:
        """What is wrong and what to do, put into the language of whoever reads it."""
        detail = TYPES.get(self.detail, self.detail) if self.reason is Reason.WRONG_TYPE else self.detail
        return filled(SENTENCES[self.reason], detail=detail)

    @property
    def told(self) -> Placed:
        """The sentence and where it holds, as far as known: "sheet Loans, row 5, column D"."""
        parts = (
            _("sheet %(name)s", name=self.sheet) if self.sheet else None,
            _("row %(number)s", number=self.row) if self.row else None,
            _("column %(name)s", name=self.column) if self.column else None,
        )
        return Placed(tuple(part for part in parts if part is not None), self.sentence)

    def __str__(self) -> str:
        return str(self.told)
