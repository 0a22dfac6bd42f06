"""What calamine does not tell about a sheet of an .xlsx: error cells, formulas without a value, a stray far cell.

All three come out of it as an empty cell, or as a process that dies for want of memory. So the sheet's
own text is looked through, in blocks: two searches a block when there is nothing to find.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET  # noqa: S405 - runs under the process's limits; expat refuses entity bombs

from app.core.sheets.reader.faults import CellFault, index_of

BLOCK = 1 << 20
TAIL = re.compile(rb"(?:</\w*:?row>|<\w*:?row [^>]*/>)(?!.*</\w*:?row>)", re.DOTALL)
REF = rb'<(?:\w+:)?c (?=[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})")'
ERROR = re.compile(REF + rb'(?=[^>]*?\bt="e")[^>]*>(?:(?!</?(?:\w+:)?[cv][ >]).)*<(?:\w+:)?v>([^<]*)<', re.DOTALL)
UNCOUNTED = re.compile(
    REF + rb'(?![^>]*?\bt="str")[^>]*>\s*<(?:\w+:)?f(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*'
    rb"(?:<(?:\w+:)?v/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
CELL = re.compile(rb'<(?:\w+:)?c (?:[^>]*? )?r="([A-Z]{1,3})([0-9]{1,7})"')
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The path of the sheet's part inside the workbook, or None when its directory is unusual."""
    try:
        workbook = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
        relations = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    except (KeyError, ET.ParseError):
        return None
    targets = {item.get("Id"): item.get("Target", "") for item in relations}
    for item in workbook.iter():
        if item.tag.endswith("}sheet") and item.get("name") == sheet:
            ids = [value for key, value in item.attrib.items() if key == RELATION or key.endswith("}id")]
            target = targets.get(ids[0], "") if ids else ""
            part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
            return part if part in archive.namelist() else None
    return None


def blocks(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The text of a part in pieces that end with a whole row, except the last."""
    rest = b""
    with archive.open(part) as file:
        while data := file.read(BLOCK):
            data = rest + data
            cut = data.rfind(b"row>") + 4
            if cut < 4:
                rest = data
                continue
            yield data[:cut]
            rest = data[cut:]
    yield rest


def cell_faults(path: Path, sheet: str) -> dict[int, dict[int, CellFault]]:
    """Cells of an .xlsx sheet that hold an error or an uncounted formula: {row from 1: {column from 0: fault}}."""
    found: dict[int, dict[int, CellFault]] = {}
    with zipfile.ZipFile(path) as archive:
        part = part_of(archive, sheet)
        for block in blocks(archive, part) if part else ():
            if b't="e"' in block:
                for column, row, text in ERROR.findall(block):
                    fault = CellFault("error_cell", text.decode("utf-8", "replace"))
                    found.setdefault(int(row), {})[index_of(column.decode())] = fault
            if b"<f>" in block or b"<f " in block or b":f>" in block or b":f " in block:
                for column, row in UNCOUNTED.findall(block):
                    fault = CellFault("formula_without_value", "")
                    found.setdefault(int(row), {})[index_of(column.decode())] = fault
    return found


def farthest_cell(path: Path, sheet: str) -> tuple[int, str]:
    """The row and the column that the sheet reaches, as (row from 1, letter); (0, '') when it cannot be told."""
    row = column = 0
    with zipfile.ZipFile(path) as archive:
        part = part_of(archive, sheet)
        for block in blocks(archive, part) if part else ():
            for name, number in CELL.findall(block):
                row, column = max(row, int(number)), max(column, index_of(name.decode()) + 1)
    return row, column_name(column)


def column_name(number: int) -> str:
    """'' for no column."""
    from app.core.sheets.reader.faults import letters

    return letters(number - 1) if number else ""
