"""Giving the bad rows of an import back: as they came, with the reason, to be mended and sent again."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.sheets.convert import Problem
from app.core.sheets.errors import SheetError
from app.core.sheets.layout import REMARK, is_remark
from app.core.workbook import About, Column, Sheet, write_workbook

BadRow = tuple[int, Sequence[Any], Sequence[Problem]]


def write_error_workbook(
    path: str | Path, header: Sequence[str], bad_rows: Iterable[BadRow], about: About
) -> int:
    """Write the rows that could not be imported and return how many.

    A bad row is (number in the file, values as read, problems). The columns of the file stay in their
    order; behind them come the row's number and the reasons, whose names begin with `#` so that an import
    passes them over. A cell that could not be read at all is empty: its remains, such as a number robbed
    of its last digits, must not be imported.
    """
    rows = list(bad_rows)
    kept = [index for index, name in enumerate(header) if not is_remark(name)]
    columns = [
        Column(str(index), header[index] or " ", _kind([row[1][index] for row in rows])) for index in kept
    ]
    columns += [
        Column("row", f"{REMARK}{_('Row')}", "integer"),
        Column("reason", f"{REMARK}{_('Reason')}", "text", 60.0),
    ]
    lines = (
        (*(_original(values[index]) for index in kept), number, "; ".join(map(str, problems)))
        for number, values, problems in rows
    )
    return write_workbook(path, [Sheet(_("Rows to mend"), columns, lines)], about)


def _original(value: Any) -> Any:
    return value.original if isinstance(value, SheetError) else value


def _kind(values: Sequence[Any]) -> str:
    """The kind of column in which most values look as they did; what is of another type is kept as it is."""
    types = set(map(type, values))
    if datetime in types:
        return "datetime"
    if date in types:
        return "date"
    if types & {int, Decimal}:
        return "decimal"
    return "bool" if bool in types else "text"
