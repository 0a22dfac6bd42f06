"""The reading process itself: takes its limits, tells the header, sends the rows, names what went wrong."""

import gc
import json
import resource
import sys
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from app.core.sheets.limits import MEGA, Limits
from app.core.sheets.reader import frames, header
from app.core.sheets.reader.faults import FileFault

_FACTS = ("sheet", "sheet_names", "hidden_names", "kind", "encoding", "separator")
"""What both sides say of a source."""


def main(request: str) -> None:
    """Read the file named in `request` (JSON: path, sheet, header_row, encoding, separator, limits) to stdout."""
    wanted = json.loads(request)
    limits = Limits(**wanted.pop("limits"))
    _confine(limits)
    gc.disable()  # rows make no cycles, and looking for some costs a tenth
    out = sys.stdout.buffer
    try:
        work = _peek if wanted.get("is_peek") else _read
        work(out, limits, Path(wanted["path"]), wanted)
        frames.send(out, b"Z")
    except FileFault as fault:
        frames.send(out, b"E", json.dumps(fault.place))
    except MemoryError:
        frames.send(out, b"E", json.dumps(FileFault("too_much_memory").place))
    except BrokenPipeError:
        sys.stderr.close()
    except BaseException as error:  # noqa: BLE001 - a panic of the parser is a damaged file to the user
        frames.send(
            out, b"E", json.dumps(FileFault("damaged", detail=f"{type(error).__name__}: {error}").place)
        )


def _confine(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # room for the compiled modules that Python keeps, no more
    resource.setrlimit(resource.RLIMIT_FSIZE, (MEGA, MEGA))


def _source(path: Path, limits: Limits, wanted: dict[str, Any]) -> Any:
    from app.core.sheets.reader.kinds import kind_of

    kind = kind_of(path, limits)
    if kind == "text":
        from app.core.sheets.reader.text import TextTable

        return TextTable(path, wanted["encoding"], limits, wanted.get("separator"))
    if kind == "xlsx":
        from app.core.sheets.reader.xlsx import Workbook

        return Workbook(path, wanted["sheet"], limits)
    from app.core.sheets.reader.spreadsheet import Spreadsheet

    return Spreadsheet(path, kind, wanted["sheet"], limits)


def _first_rows(source: Any, wanted: dict[str, Any]) -> Any:
    """The rows among which the header is. Raises FileFault where there are none."""
    first = source.first_rows(max(header.LOOKED_AT, wanted["header_row"] or 0))
    if not first:
        raise FileFault("empty_sheet", sheet=source.sheet)
    return first


def _peek(out: BinaryIO, limits: Limits, path: Path, wanted: dict[str, Any]) -> None:
    """Tell how the file is written and its first rows as text, also where no table is found in it."""
    source, first, fault, at = _source(path, limits, wanted), [], None, None
    try:
        source.choose()
        first = _first_rows(source, wanted)
        found = header.find(first, source.sheet, wanted["header_row"])
        at = first[found][0]
        header.names(first[found][1], at, source)
    except FileFault as error:
        fault = error.place
    rows = [(number, [header.name_of(cell) for cell in row]) for number, row in first]
    facts = {name: getattr(source, name) for name in _FACTS}
    frames.send(out, b"P", json.dumps({**facts, "rows": rows, "header_row": at, "fault": fault}))


def _read(out: BinaryIO, limits: Limits, path: Path, wanted: dict[str, Any]) -> None:
    source = _source(path, limits, wanted)
    source.choose()
    first = _first_rows(source, wanted)
    at = header.find(first, source.sheet, wanted["header_row"])
    number, row = first[at]
    names = header.names(row, number, source)
    facts = {name: getattr(source, name) for name in _FACTS}
    frames.send(out, b"H", json.dumps({**facts, "header": names, "header_row": number}))
    for block in chain([frames.pack_rows(first[at + 1 :], len(names))], source.blocks(len(names))):
        body = frames.body(*block)
        if body:
            frames.send(out, b"R", body)
