"""import: a lender's workbook to customers, loans and schedules, against reading it and copying the same rows."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import rustpy_xlsxwriter
from python_calamine import CalamineWorkbook

from app.servicing.intake import run_import
from tests.bench.copies import columns_of, like, put, rows_of
from tests.bench.database import Bench, copied
from tests.bench.measure import Line, taken, timed

BOOK, SHEET = Path(__file__).parents[2] / "demo" / "portfolio_dingxi.xlsx", "贷款台账"
LAYOUT, CLIENT = "dingxi-b", "dingxi-b"
Rows = dict[str, tuple[list[str], bytes]]
"""table → its columns and rows, as COPY writes them"""
TABLES = (
    "customer", "phone", "address", "customer_link", "joint_liability_group", "loan", "instalment", "repayment",
    "allocation", "customer_reach",
)  # fmt: skip


def _workbook(path: Path, rows: int) -> int:
    """The first rows of the demonstration's book as a file; how many."""
    header, *lines = CalamineWorkbook.from_path(str(BOOK)).get_sheet_by_name(SHEET).to_python()
    chosen = lines[:rows]
    records = (
        dict(zip(header, (cell if cell != "" else None for cell in line), strict=True)) for line in chosen
    )
    rustpy_xlsxwriter.write_worksheets([(SHEET, records)], str(path))
    return len(chosen)


def _import(bench: Bench, path: Path) -> tuple[float, Rows]:
    """An import into an installation that has the places and nothing of this lender: seconds, and what it stored."""
    with copied(bench, "bench_import") as copy:
        began = time.perf_counter()
        summary = run_import(path, LAYOUT, CLIENT)
        seconds = time.perf_counter() - began
        if summary.rejected:
            raise ValueError(f"the import refused rows: {summary.line}")
        with copy.superuser() as connection:
            found = {}
            for table in TABLES:
                columns = columns_of(connection, table)
                found[table] = (columns, rows_of(connection, f"SELECT {', '.join(columns)} FROM {table}"))
            return seconds, found


def imports(bench: Bench) -> Iterator[Line]:
    """The demonstration's book, or its first rows where the scale is smaller."""
    with tempfile.TemporaryDirectory() as folder, bench.superuser() as connection:
        path = Path(folder) / "portfolio.xlsx"
        loans = _workbook(path, bench.scale)
        first, stored = _import(bench, path)
        copies = {table: like(connection, table) for table in stored}

        def read_and_copy() -> None:
            CalamineWorkbook.from_path(str(path)).get_sheet_by_name(SHEET).to_python()
            for table, (columns, rows) in stored.items():
                put(connection, copies[table], columns, rows)

        def floor() -> float:
            connection.execute(f"TRUNCATE {', '.join(copies.values())}")
            return taken(read_and_copy)

        given = iter([first])  # the first run is a round like the others
        seconds = timed(lambda: next(given, None) or _import(bench, path)[0], floor, budget=0, warm=0)
        connection.rollback()
    yield Line("import", *seconds, 4, details=(f"{loans:,} loans, {loans / seconds[0]:,.0f} a second",))
