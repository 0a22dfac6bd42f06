"""Small books for tests of imports: rows of the demonstration ledger, changed as a test wants them."""

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from app.core import clock
from app.core.db import unscoped
from app.core.sheets.table import open_table
from app.seeds import seed
from app.servicing.intake import Summary, run_import

DEMO = Path(__file__).resolve().parents[2] / "demo"
LEDGER, RECEIPTS = DEMO / "portfolio_dingxi.xlsx", DEMO / "repayments_dingxi.xlsx"
ON = date(2018, 6, 25)
Row = dict[str, Any]


@cache
def sheet(path: Path, name: str | None = None) -> tuple[Row, ...]:
    """All rows of a sheet by the names of its columns."""
    with open_table(path, sheet=name) as table:
        return tuple(dict(zip(table.header, values, strict=True)) for _row, values in table.rows())


def rows(count: int, start: int = 0) -> list[Row]:
    """Copies of rows of the ledger."""
    return [dict(row) for row in sheet(LEDGER)[start : start + count]]


def some_loans(count: int = 120) -> list[Row]:
    """Rows of the ledger: the first ones, and besides every written-off loan and some of each status."""
    rows = sheet(LEDGER)
    chosen = {row["借据编号"]: row for row in rows[:count]}
    for status, wanted in {"核销": 7, "逾期": 12, "宽限期": 8, "结清": 20}.items():
        found = [row for row in rows if row["状态"] == status][:wanted]
        chosen |= {row["借据编号"]: row for row in found}
    return [dict(row) for row in chosen.values()]


def receipts_of(loans: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """The payments and the write-offs of some loans."""
    numbers = {row["借据编号"] for row in loans}
    return tuple(  # type: ignore[return-value]
        [dict(row) for row in sheet(RECEIPTS, name) if row["借据编号"] in numbers]
        for name in ("还款流水", "核销")
    )


def workbook(path: Path, sheets: dict[str, Sequence[Row]]) -> Path:
    """Write rows as a workbook; the columns are those of each sheet's first row."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        page = book.create_sheet(title)
        names = list(rows[0]) if rows else ["-"]
        page.append(names)
        for row in rows:
            page.append([row.get(name) for name in names])
    book.save(path)
    return path


def ledger(folder: Path, rows: Sequence[Row], name: str = "ledger.xlsx") -> Path:
    """Write rows of the ledger as a ledger."""
    return workbook(folder / name, {"贷款台账": rows})


def regions(
    folder: Path, keep: Callable[[str], bool] = lambda code: code == "62" or code.startswith("6211")
) -> Path:
    """The classifier of Dingxi alone."""
    path = folder / "regions.csv"
    with (DEMO / "regions_cn_gansu.csv").open(encoding="utf-8-sig", newline="") as whole, path.open(
        "w", encoding="utf-8", newline=""
    ) as part:  # fmt: skip
        reader = csv.DictReader(whole)
        writer = csv.DictWriter(part, reader.fieldnames or [])
        writer.writeheader()
        writer.writerows(row for row in reader if keep(row["code"]))
    return path


def settle_in(folder: Path) -> Summary:
    """An installation's first data, the business date, and the classifier of Dingxi."""
    seed()
    with unscoped("a test's installation") as session:
        clock.set_business_date(session, ON)
    return run_import(regions(folder), "regions-cn")
