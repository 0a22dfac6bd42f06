"""Putting sheets of other workbooks into one: a table of more rows than a sheet holds goes on in the next."""

import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

WORKBOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
TYPES, STYLES = "[Content_Types].xml", "xl/styles.xml"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
SHEET_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
COPY_BYTES = 1 << 20
LOCAL = re.compile(r'localSheetId="(\d+)"')


@dataclass(frozen=True)
class Continued:
    """A further sheet: its title, the place (from 0) of the sheet it continues, where it is."""

    title: str
    after: int
    path: Path
    part: str


def join(main: Path, more: list[Continued], target: Path) -> None:
    """Write `target`: the workbook `main` with the sheets of `more` behind those they continue.

    All workbooks must have been written with the same formats: cells refer to them by number. Raises
    ValueError where they differ.
    """
    with (
        zipfile.ZipFile(main) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as out,
    ):
        styles = source.read(STYLES)
        changed = {
            WORKBOOK: _workbook(source.read(WORKBOOK).decode(), more),
            RELATIONS: _relations(source.read(RELATIONS).decode(), more),
            TYPES: _types(source.read(TYPES).decode(), more),
        }
        for name in source.namelist():
            if name in changed:
                out.writestr(name, changed[name])
            else:
                _copy(source, name, out, name, b"")
        for number, item in enumerate(more, 1):
            with zipfile.ZipFile(item.path) as part:
                if part.read(STYLES) != styles:
                    raise ValueError(f"{item.title} was written with other formats")
                # every workbook has its first sheet selected; several in one would be edited as a group
                _copy(part, item.part, out, _part(number), b' tabSelected="1"')


def _copy(source: zipfile.ZipFile, name: str, out: zipfile.ZipFile, new_name: str, without: bytes) -> None:
    with source.open(name) as read, out.open(new_name, "w", force_zip64=True) as write:
        write.write(read.read(COPY_BYTES).replace(without, b"", 1) if without else b"")
        shutil.copyfileobj(read, write, COPY_BYTES)


def _part(number: int) -> str:
    return f"xl/worksheets/more{number}.xml"


def _workbook(text: str, more: list[Continued]) -> str:
    sheets = re.findall(r"<sheet [^>]*/>", text)
    order = []
    for place, sheet in enumerate(sheets):
        order.append(sheet)
        order += [
            f'<sheet name={quoteattr(item.title)} sheetId="{1000 + number}" r:id="rIdMore{number}"/>'
            for number, item in enumerate(more, 1) if item.after == place
        ]  # fmt: skip
    text = text.replace("".join(sheets), "".join(order))
    return LOCAL.sub(lambda match: f'localSheetId="{order.index(sheets[int(match[1])])}"', text)


def _relations(text: str, more: list[Continued]) -> str:
    added = "".join(
        f'<Relationship Id="rIdMore{number}" Type="{SHEET_RELATION}" Target="worksheets/more{number}.xml"/>'
        for number in range(1, len(more) + 1)
    )
    return text.replace("</Relationships>", f"{added}</Relationships>")


def _types(text: str, more: list[Continued]) -> str:
    added = "".join(
        f'<Override PartName="/{_part(number)}" ContentType="{SHEET_TYPE}"/>'
        for number in range(1, len(more) + 1)
    )
    return text.replace("</Types>", f"{added}</Types>")
