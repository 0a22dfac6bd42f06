"""A file looked into for its owner: where its table is, the names of its columns, a few values of each."""

from typing import Any

from flask_babel import lazy_gettext as _

from app.core import files
from app.core.org import Upload
from app.core.sheets.layout import is_remark
from app.core.sheets.peek import Peek, peek

SAMPLES = 3
LONGEST = 60
ENCODINGS = {
    "utf-8": _("Unicode (UTF-8)"), "gb18030": _("Chinese, simplified (GB18030)"), "big5": _("Chinese, traditional (Big5)"),
    "cp1251": _("Cyrillic (Windows-1251)"), "utf-16": _("Unicode (UTF-16)"), "latin-1": _("Western European (Latin-1)"),
}  # fmt: skip
"""Encodings that can be chosen, in words."""
SEPARATORS = {",": _("Comma"), ";": _("Semicolon"), "\t": _("Tab"), "|": _("Vertical bar")}


def look(key: str, said: dict[str, Any] | None = None) -> Peek:
    """Look into a kept file, as far as something is said of how it is written.

    Raises SheetError for a file that cannot be opened, FileNotFoundError for one that is gone.
    """
    where = {
        name: (said or {}).get(name) or None for name in ("sheet", "header_row", "encoding", "separator")
    }
    with files.open_file(key):
        return peek(files.path_of(key), **where)


def source_of(seen: Peek) -> dict[str, Any]:
    """What an upload keeps of where its table is."""
    return {
        "sheet": seen.sheet, "header_row": seen.header_row, "encoding": seen.encoding, "separator": seen.separator,
        "header": header_of(seen) if seen.fault is None else [],
    }  # fmt: skip


def header_of(seen: Peek) -> list[str]:
    """The names of the columns."""
    names = next((list(cells) for number, cells in seen.rows if number == seen.header_row), [])
    while names and not names[-1]:
        names.pop()
    return names


def samples(seen: Peek, place: int) -> list[str]:
    """A few different values of a column."""
    below = [cells for number, cells in seen.rows if number > (seen.header_row or 0)]
    values = (cells[place][:LONGEST] for cells in below if place < len(cells) and cells[place])
    return list(dict.fromkeys(values))[:SAMPLES]


def usable(header: list[str]) -> list[tuple[int, str]]:
    """The columns that can hold a field, with their places: those with a name that is no remark of ours."""
    return [(place, name) for place, name in enumerate(header) if name and not is_remark(name)]


def is_described(upload: Upload) -> bool:
    """Whether a table was found in the file."""
    return bool(upload.source.get("header"))
