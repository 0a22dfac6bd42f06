"""Workbooks made byte by byte: what no writer would write, but somebody will send."""

import struct
import zipfile
from pathlib import Path

import pytest

from app.core.sheets import SheetError, open_table

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
NO_SECTOR, FAT_SECTOR, END = 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFE
DATES = (
    '<numFmts count="2">'
    '<numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;;@"/>'
    '<numFmt numFmtId="165" formatCode="#,##0.00&quot; days&quot;;[Red]\\-0.00"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs>'
)
"""Styles: 1 and 2 are dates (built-in, and one with ideographs), 3 is a number with the word days."""


def xlsx(
    path: Path,
    sheets: dict[str, str] | str,
    *,
    strings: str = "",
    styles: str = DATES,
    properties: str = "",
    hidden: tuple[str, ...] = (),
    after: str = "",
) -> Path:
    """A workbook of sheets given as the XML between <sheetData> and its end; `after` follows it."""
    sheets = {"Data": sheets} if isinstance(sheets, str) else sheets
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("[Content_Types].xml", "<Types/>")
        out.writestr("_rels/.rels", _relations({"rId1": ("officeDocument", "xl/workbook.xml")}))
        listed = "".join(
            f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"'
            + (' state="hidden"/>' if name in hidden else "/>")
            for number, name in enumerate(sheets, 1)
        )
        out.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{properties}<sheets>{listed}</sheets></workbook>',
        )
        parts = {f"rId{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)}
        parts["rId90"] = ("styles", "styles.xml")
        parts["rId91"] = ("sharedStrings", "/xl/sharedStrings.xml")
        out.writestr("xl/_rels/workbook.xml.rels", _relations(parts))
        out.writestr("xl/styles.xml", f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>')
        out.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{strings}</sst>')
        for number, rows in enumerate(sheets.values(), 1):
            text = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{after}</worksheet>'
            out.writestr(f"xl/worksheets/sheet{number}.xml", text)
    return path


def _relations(parts: dict[str, tuple[str, str]]) -> str:
    items = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for name, (kind, target) in parts.items()
    )
    return f'<Relationships xmlns="{PACKAGE}">{items}</Relationships>'


def text(ref: str, value: str) -> str:
    """A cell of text."""
    return f'<c r="{ref}" t="inlineStr"><is><t>{value}</t></is></c>'


def row(number: int, *cells: str) -> str:
    """A row of cells; a bare number or text without < becomes a cell of its place."""
    made = [
        cell if cell.startswith("<") or not cell else _cell(f"{chr(65 + place)}{number}", cell)
        for place, cell in enumerate(cells)
    ]
    return f'<row r="{number}">{"".join(made)}</row>'


def _cell(ref: str, value: str) -> str:
    try:
        float(value)
    except ValueError:
        return text(ref, value)
    return f'<c r="{ref}"><v>{value}</v></c>'


def ods(path: Path, rows: list[list[str]]) -> Path:
    """An OpenDocument sheet of texts."""
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
            for value in values
        )
        + "</table:table-row>"
        for values in rows
    )
    office = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{office}:office:1.0" xmlns:table="{office}:table:1.0" '
        f'xmlns:text="{office}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Sheet1">'
        f"{cells}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        out.writestr("content.xml", content)
        out.writestr("META-INF/manifest.xml", "<manifest/>")
    return path


def xlsb(path: Path, cells: dict[tuple[int, int], str | float]) -> Path:
    """A binary workbook of one sheet: {(row, column) from 0: text or number}."""
    rows: dict[int, list[bytes]] = {}
    for (number, column), value in sorted(cells.items()):
        head = struct.pack("<I", column) + b"\0\0\0\0"
        record = (
            _record(6, head + _wide(value))
            if isinstance(value, str)
            else _record(5, head + struct.pack("<d", value))
        )
        rows.setdefault(number, []).append(record)
    places = [place for place, _column in cells], [column for _place, column in cells]
    data = _record(129, b"") + _record(
        148, struct.pack("<4I", min(places[0]), max(places[0]), min(places[1]), max(places[1]))
    )
    data += _record(145, b"")
    for number, records in rows.items():
        data += _record(0, struct.pack("<I", number) + b"\0" * 13) + b"".join(records)
    data += _record(146, b"") + _record(130, b"")
    sheet = struct.pack("<II", 0, 1) + _wide("rId1") + _wide("Sheet1")
    book = _record(131, b"") + _record(143, b"") + _record(156, sheet) + _record(144, b"") + _record(132, b"")
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("xl/workbook.bin", book)
        out.writestr("xl/worksheets/sheet1.bin", data)
        out.writestr(
            "xl/_rels/workbook.bin.rels", _relations({"rId1": ("worksheet", "worksheets/sheet1.bin")})
        )
    return path


def _wide(value: str) -> bytes:
    return struct.pack("<I", len(value)) + value.encode("utf-16-le")


def _record(kind: int, body: bytes) -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = b"", len(body)
    while True:
        size += bytes([length & 0x7F | (0x80 if length > 127 else 0)])
        length >>= 7
        if not length:
            return head + size + body


def ole(path: Path, stream: str) -> Path:
    """A compound file (as of Office 97, or of an encrypted workbook) with one empty stream of that name."""
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    header += b"\0" * 6 + struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, END, 0, END, 0)
    header += struct.pack("<I", 0) + struct.pack("<I", NO_SECTOR) * 108
    fat = struct.pack("<II", FAT_SECTOR, END) + struct.pack("<I", NO_SECTOR) * 126
    directory = _entry("Root Entry", 5, 1) + _entry(stream, 2, NO_SECTOR) + b"\0" * 256
    path.write_bytes(header + fat + directory)
    return path


def _entry(name: str, kind: int, child: int) -> bytes:
    wide = name.encode("utf-16-le") + b"\0\0"
    head = wide.ljust(64, b"\0") + struct.pack("<HBB", len(wide), kind, 1)
    return (
        head + struct.pack("<III", NO_SECTOR, NO_SECTOR, child) + b"\0" * 36 + struct.pack("<IQ", END, 0)
    ).ljust(128, b"\0")


def refused(path: Path, **how: object) -> SheetError:
    """The error that reading the whole file gives."""
    with pytest.raises(SheetError) as caught, open_table(path, **how) as table:  # type: ignore[arg-type]
        for _row in table.rows():
            pass
    error = caught.value
    assert str(error).endswith(".")
    assert "%(" not in str(error)
    assert "Traceback" not in str(error)
    return error
