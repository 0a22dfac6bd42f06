"""A first look into a file: how it is written, its sheets and first rows, and where its table seems to begin."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from app.core.sheets.errors import Reason, SheetError
from app.core.sheets.limits import Limits
from app.core.sheets.process import Reading


@dataclass(frozen=True)
class Peek:
    """What a person needs to see to say where the table is."""

    kind: str
    sheet: str
    sheet_names: list[str]
    hidden_names: list[str]
    encoding: str
    separator: str
    rows: list[tuple[int, list[str]]]
    """The first rows that are not blank, each with its number."""
    header_row: int | None
    """The number of the row with the names of the columns; None where none was found."""
    fault: SheetError | None
    """Why there is no table to be read as things stand."""


def peek(
    path: str | Path,
    *,
    sheet: str | None = None,
    header_row: int | None = None,
    encoding: str | None = None,
    separator: str | None = None,
) -> Peek:
    """Look into a file; the arguments are those of `open_table`.

    Raises SheetError for a file that cannot be opened at all.
    """
    limits = Limits()
    request = {
        "path": str(Path(path).resolve()), "sheet": sheet, "header_row": header_row, "encoding": encoding,
        "separator": separator, "is_peek": True, "limits": limits._asdict(),
    }  # fmt: skip
    reading = Reading(request, limits.wait_seconds)
    try:
        for letter, body in reading.frames():
            if letter == "P":
                return _made(json.loads(body))
    finally:
        reading.close()
    raise SheetError(Reason.DAMAGED)


def _made(facts: dict[str, Any]) -> Peek:
    fault = facts["fault"]
    said = None if fault is None else SheetError(Reason(fault.pop("reason")), **fault)
    known = {one.name: facts[one.name] for one in fields(Peek) if one.name in facts}
    rows = [(number, cells) for number, cells in facts["rows"]]
    return Peek(**{**known, "rows": rows, "fault": said})
