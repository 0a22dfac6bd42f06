"""What is written: columns with their kinds, sheets, and the page that says what the file is."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rustpy_xlsxwriter import Format

KINDS = {
    "text": "",
    "integer": "0",
    "money": "#,##0.00",
    "decimal": "General",
    "rate": "0.00####",
    "percent": "0.00%",
    "date": "yyyy-mm-dd",
    "datetime": "yyyy-mm-dd hh:mm",
    "bool": "",
}
"""Kind of a column → how a spreadsheet shows its numbers. A rate is in percent, a percent is a share."""
NUMERIC = frozenset({"integer", "money", "decimal", "rate", "percent"})
LEAST = {"date": 11.0, "datetime": 17.0, "money": 12.0}
MOST = 60.0
LOOKED_AT = 500
"""So many rows say how wide a column is."""
AIR = 3.0
"""Room for the arrow of the filter beside a header."""
Row = Sequence[Any] | Mapping[str, Any]
"""Values in the order of the columns, or by their keys."""
TITLE_LIMIT = 31
FORBIDDEN = str.maketrans("[]:*?/\\", "()-----")


@dataclass(frozen=True)
class Column:
    """A column: the key of its value in a row, its name for people, one of KINDS, its width in characters.

    Without a width it is as wide as its first rows need.
    """

    key: str
    label: Any
    kind: str = "text"
    width: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.key}: {self.kind} is none of {', '.join(KINDS)}")

    def format(self) -> Format:
        """How its cells look."""
        code = KINDS[self.kind]
        return Format().set_num_format(code) if code else Format()


@dataclass(frozen=True)
class Blocks:
    """Rows by their columns, some at a time: each block has for each column the values of the same rows."""

    blocks: Iterable[Sequence[Sequence[Any]]]


@dataclass(frozen=True)
class Sheet:
    """A sheet: its title, its columns, and rows from any iterable, taken once.

    A row is a tuple in the order of the columns, or a mapping by their keys. Who has the columns of some
    rows at a time gives them as they are: `Blocks(…)`.
    """

    title: Any
    columns: Sequence[Column]
    rows: Iterable[Row] | Blocks


@dataclass(frozen=True)
class About:
    """What the file is, for the person who finds it a year later."""

    title: Any
    who: str
    """Who had it made; "" for the system itself."""
    when: datetime
    filters: Any = ""
    """Which rows, in words: "Branch is Tongwei; overdue more than 30 days"."""
    notes: Sequence[tuple[Any, Any]] = ()
    """Further lines: (label, value)."""


def sheet_title(title: str, taken: set[str], number: int = 1) -> str:
    """A title that a workbook accepts and that is not taken yet, whatever its case; adds it to those taken.

    >>> sheet_title("Loans: 2018/06 [overdue]", set())
    'Loans- 2018-06 (overdue)'
    """
    plain = " ".join(str(title).translate(FORBIDDEN).split()).strip("'") or "Sheet"
    while True:
        tail = f" ({number})" if number > 1 else ""
        found = plain[: TITLE_LIMIT - len(tail)].rstrip() + tail
        if found.casefold() not in taken and found.casefold() != "history":
            taken.add(found.casefold())
            return found
        number += 1


def labels(columns: Sequence[Column]) -> list[str]:
    """The names of the columns, made different where two are the same: the writer knows columns by name."""
    found: dict[str, None] = {}
    for column in columns:
        label, number = str(column.label), 1
        while label in found:
            number += 1
            label = f"{column.label} ({number})"
        found[label] = None
    return list(found)


def widths(columns: Sequence[Column], names: Sequence[str], block: Sequence[Sequence[Any]]) -> list[float]:
    """Widths in characters: as asked for, or what the name and the first values of each column need."""
    found = []
    for column, name, values in zip(columns, names, block, strict=True):
        need = max(map(shown_width, values[:LOOKED_AT]), default=0.0)
        need = max(need + 1, shown_width(name) + AIR, LEAST.get(column.kind, 0.0))
        found.append(column.width or min(need, MOST))
    return found


def shown_width(value: Any) -> float:
    """How many characters wide a value is shown; an ideograph is two.

    >>> shown_width("通渭县"), shown_width(Decimal("28000.00")), shown_width(None)
    (6.0, 9.0, 0.0)
    """
    if value is None:
        return 0.0
    if isinstance(value, str):
        if value.isascii():
            return min(float(len(value)), float(int(MOST)))
        return float(
            sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in value[: int(MOST)])
        )
    if isinstance(value, date):
        return LEAST["datetime" if isinstance(value, datetime) else "date"]
    text = str(value)
    is_amount = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return float(len(text) + len(text.partition(".")[0].lstrip("-")) // 4) if is_amount else float(len(text))
