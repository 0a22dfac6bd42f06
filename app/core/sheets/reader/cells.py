"""Cells before they travel: their kinds, and one cell or row of an .xlsx read with every care."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import lru_cache, partial
from xml.etree import ElementTree as ET

from app.core.sheets.reader.faults import CellFault, FileFault, index_of

HIDDEN = re.compile("_x([0-9A-Fa-f]{4})_")
EPOCHS = {False: date(1899, 12, 30), True: date(1904, 1, 1)}
LAST_SERIAL = 2958465
FALSE_LEAP_DAY = 60
"""Serial 60 is 1900-02-29, which never was; the days before it count from one day later."""
REF = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")


class Number(str):
    """A number as the text that stands in the file."""

    __slots__ = ()


class Moment(str):
    """A date, a date with time, or a time, in ISO form."""

    __slots__ = ()


Cell = str | float | bool | date | datetime | time | timedelta | CellFault
KINDS: dict[type, str] = {
    str: "s", Number: "n", float: "n", int: "n", Moment: "d", date: "d", datetime: "d", time: "d",
    timedelta: "s", bool: "b", CellFault: "e",
}  # fmt: skip


def plain(text: str) -> str:
    """Text with the workbook's own escapes undone: _x000D_ is a control character."""
    return HIDDEN.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def moment(serial: str, is_1904: bool) -> Moment | CellFault:
    """The instant of a day number, to the millisecond.

    >>> moment("43276", False), moment("41814", True), moment("43832.12783564815", False)
    ('2018-06-25', '2018-06-25', '2020-01-02T03:04:05')
    """
    try:
        value = float(serial)
    except ValueError:
        return CellFault("bad_date", serial)
    if not 0 <= value <= LAST_SERIAL:
        return CellFault("bad_date", serial)
    days, milliseconds = divmod(round(value * 86_400_000), 86_400_000)
    if not is_1904 and 0 < days < FALSE_LEAP_DAY:
        days += 1
    day = EPOCHS[is_1904] + timedelta(days=days)
    if not milliseconds:
        return Moment(day)
    instant = datetime.combine(day, time()) + timedelta(milliseconds=milliseconds)
    return Moment(instant.isoformat() if days else instant.time().isoformat())


class RowReader:
    """Turns the XML of one row into cells, whatever shape it has."""

    def __init__(self, strings: dict[str, str], kind_of: Callable[[str, str], str], is_1904: bool) -> None:
        self._strings, self._kind_of = strings, kind_of
        self._moment = lru_cache(maxsize=100_000)(partial(moment, is_1904=is_1904))

    def read(self, text: str, row: int) -> dict[int, Cell]:
        """{column from 0: cell} of the text between <row …> and </row>. Raises FileFault `damaged`."""
        try:
            root = ET.fromstring(f"<row>{text}</row>")  # noqa: S314 - see the import
        except ET.ParseError as error:
            raise FileFault("damaged", row=row, detail=str(error)) from error
        found: dict[int, Cell] = {}
        column = -1
        for item in root.findall("c"):
            ref = REF.fullmatch(item.get("r", ""))
            column = index_of(ref[1]) if ref else column + 1
            value = self._cell(item)
            if value != "":
                found[column] = value
        return found

    def _cell(self, item: ET.Element) -> Cell:
        kind = self._kind_of(item.get("s", ""), item.get("t", ""))
        inline, value = item.find("is"), item.find("v")
        if inline is not None:
            return plain(runs(inline))
        if value is None or not value.text:
            is_uncounted = item.find("f") is not None and kind != "s"
            return CellFault("formula_without_value", "") if is_uncounted else ""
        return self.cell(kind, value.text)

    def cell(self, kind: str, text: str) -> Cell:
        """The cell of a kind (see `Shape`) from the text of its value."""
        if kind == "S":
            return self._strings.get(text, "")
        if kind == "D":
            return self._moment(text)
        if kind == "e":
            return CellFault("error_cell", text)
        if kind == "b":
            return text == "1"
        if kind == "d":
            return Moment(text.removesuffix("T00:00:00"))
        return Number(text) if kind == "n" else plain(text)


def runs(item: ET.Element) -> str:
    """The text of a string in one or several formats, without the readings printed above ideographs."""
    parts = [part for child in item for part in ([child] if child.tag == "t" else child.findall("t"))
             if child.tag in ("t", "r")]  # fmt: skip
    return "".join(part.text or "" for part in parts)
