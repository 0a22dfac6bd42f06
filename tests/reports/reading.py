"""Reads a report as its readers do: the page's table with its links, and the workbook."""

from decimal import Decimal
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

from openpyxl import load_workbook


class Page(HTMLParser):
    """The tables of a page as rows of (text, address) cells."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[tuple[str, str]]]] = []
        self._cell: list[str] | None = None
        self._address = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self._cell, self._address = [], ""
        elif tag == "a" and self._cell is not None:
            self._address = dict(attrs).get("href") or ""
        elif tag == "span" and self._cell is not None and dict(attrs).get("class") == "cell-sub":
            self._cell.append("|")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._cell is not None and self.tables and self.tables[-1]:
            self.tables[-1][-1].append(("".join(self._cell).strip(), self._address))
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)


def number(text: str) -> Decimal | None:
    """A figure of a page in English; None for a dash."""
    plain = text.replace(",", "").replace("%", "").strip()
    return None if plain in ("", "–") else Decimal(plain)


def table(html: str) -> dict[str, dict[str, tuple[str, str]]]:
    """Row name → column → (text, address) of the page's first table, the totals among the rows."""
    head, *rows = Page(html).tables[0]
    columns = [text for text, _address in head]
    return {row[0][0].partition("|")[0]: dict(zip(columns, row, strict=True)) for row in rows}


def figures(html: str) -> dict[str, dict[str, Decimal | None]]:
    """Row name → column → figure."""
    return {
        name: {column: number(text) for column, (text, _a) in list(row.items())[1:]}
        for name, row in table(html).items()
    }


def workbook(content: bytes) -> dict[str, list[dict[str, Any]]]:
    """Sheet → rows by column name."""
    found = {}
    for sheet in load_workbook(BytesIO(content)).worksheets:
        head, *rows = sheet.iter_rows(values_only=True)
        found[sheet.title] = [dict(zip(head, row, strict=True)) for row in rows]
    return found
