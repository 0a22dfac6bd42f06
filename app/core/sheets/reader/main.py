"""The reading process itself: takes its limits, tells the header, sends the rows, names what went wrong."""

import json
import resource
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from app.core.sheets.limits import Limits
from app.core.sheets.reader import frames, header
from app.core.sheets.reader.faults import CellFault, FileFault, letters

BLOCK_ROWS = 1000


def main(request: str) -> None:
    """Read the file named in `request` (JSON: path, sheet, header_row, encoding, limits) to stdout."""
    wanted = json.loads(request)
    limits = Limits(**wanted.pop("limits"))
    _confine(limits)
    out = sys.stdout.buffer
    try:
        if wanted.pop("only_extent", False):
            _tell_extent(out, wanted)
        else:
            _read(out, limits, Path(wanted["path"]), wanted)
        frames.send(out, b"Z")
    except FileFault as fault:
        frames.send(out, b"E", json.dumps(fault.place))
    except MemoryError:
        frames.send(out, b"E", json.dumps(FileFault("too_much_memory").place))
    except BrokenPipeError:
        sys.stderr.close()
    except BaseException as error:  # noqa: BLE001 - a panic of the parser is a damaged file to the user
        frames.send(out, b"E", json.dumps(FileFault("damaged", detail=f"{type(error).__name__}: {error}").place))


def _confine(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _tell_extent(out: BinaryIO, wanted: dict[str, Any]) -> None:
    from app.core.sheets.reader.scan import farthest_cell

    row, column = farthest_cell(Path(wanted["path"]), wanted["sheet"])
    frames.send(out, b"H", json.dumps({"row": row, "column": column}))


def _source(path: Path, limits: Limits, wanted: dict[str, Any]) -> Any:
    from app.core.sheets.reader.kinds import kind_of

    kind = kind_of(path, limits)
    if kind == "text":
        from app.core.sheets.reader.text import TextTable

        return TextTable(path, wanted["encoding"], limits)
    from app.core.sheets.reader.spreadsheet import Spreadsheet

    return Spreadsheet(path, kind, wanted["sheet"], limits)


def _read(out: BinaryIO, limits: Limits, path: Path, wanted: dict[str, Any]) -> None:
    source = _source(path, limits, wanted)
    names = source.sheet_names
    frames.send(out, b"S", json.dumps({"sheet": source.sheet or (names[0] if names else ""), "kind": source.kind}))
    source.choose()
    rows = ((number, row) for number, row in source.rows() if not header.is_blank(row))
    first = [item for _index, item in zip(range(header.LOOKED_AT), rows, strict=False)]
    if not first:
        raise FileFault("empty_sheet", sheet=source.sheet)
    if wanted["header_row"] and first[-1][0] < wanted["header_row"]:
        first, rows = _from(rows, wanted["header_row"])
    at = header.find(first, source.sheet, wanted["header_row"])
    number, row = first[at]
    names = header.names(row, number, source.sheet, source.merged_in(number - 1))
    facts = {name: getattr(source, name) for name in
             ("sheet", "sheet_names", "hidden_names", "kind", "encoding", "separator")}  # fmt: skip
    frames.send(out, b"H", json.dumps({**facts, "header": names, "header_row": number}))
    _send_rows(out, chain(first[at + 1 :], rows), len(names))


def _from(rows: Iterator[Any], header_row: int) -> tuple[list[Any], Iterator[Any]]:
    """Skip to a header that stands below the rows looked at."""
    for item in rows:
        if item[0] >= header_row:
            return [item], rows
    raise FileFault("no_header", row=header_row)


def _send_rows(out: BinaryIO, rows: Iterator[tuple[int, list[Any]]], width: int) -> None:
    numbers: list[int] = []
    block: list[list[Any]] = []
    for number, row in rows:
        numbers.append(number)
        block.append(row if len(row) == width else _fitted(row, width))
        if len(block) == BLOCK_ROWS:
            frames.send(out, b"R", frames.pack_block(numbers, block))
            numbers, block = [], []
    if block:
        frames.send(out, b"R", frames.pack_block(numbers, block))


def _fitted(row: list[Any], width: int) -> list[Any]:
    """The row at the header's width. A value beside the table makes the last cell a fault that keeps it."""
    beyond = [(index, cell) for index, cell in enumerate(row[width:], width) if str(cell).strip()]
    row = row[:width] + [""] * (width - len(row))
    if beyond:
        row[-1] = CellFault("beyond_header", f"{letters(beyond[0][0])}: {beyond[0][1]}")
    return row
