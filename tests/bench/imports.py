"""import: a lender's workbook to customers, loans and schedules, against reading it and copying the same rows."""

import tempfile
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


def _import(bench: Bench, path: Path) -> float:
    """Seconds of an import into an installation that has the places and nothing of this lender."""
    with copied(bench, "bench_import"):
        return taken(lambda: run_import(path, LAYOUT, CLIENT))


def _results(bench: Bench, path: Path) -> dict[str, tuple[list[str], bytes]]:
    """What the import stored, by table: the columns and the rows."""
    with copied(bench, "bench_import") as copy:
        summary = run_import(path, LAYOUT, CLIENT)
        if summary.rejected:
            raise ValueError(f"the import refused rows: {summary.line}")
        with copy.superuser() as connection:
            found = {}
            for table in TABLES:
                columns = columns_of(connection, table)
                found[table] = (columns, rows_of(connection, f"SELECT {', '.join(columns)} FROM {table}"))
            return found


def imports(bench: Bench) -> Iterator[Line]:
    """The demonstration's book, or its first rows where the scale is smaller."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "portfolio.xlsx"
        loans = _workbook(path, bench.scale)
        results = _results(bench, path)
        with bench.superuser() as connection:
            copies = {table: like(connection, table) for table in results}

            def floor() -> float:
                connection.execute(f"TRUNCATE {', '.join(copies.values())}")
                return taken(read_and_copy)

            def read_and_copy() -> None:
                CalamineWorkbook.from_path(str(path)).get_sheet_by_name(SHEET).to_python()
                for table, (columns, rows) in results.items():
                    put(connection, copies[table], columns, rows)

            seconds = timed(lambda: _import(bench, path), floor, budget=0, warm=0)
            connection.rollback()
    yield Line("import", *seconds, 4, details=(f"{loans:,} loans, {loans / seconds[0]:,.0f} a second",))
