"""export: the list as a workbook, processor time, against the writer alone that makes the same file from memory."""

import gc
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import rustpy_xlsxwriter

from app import create_app
from app.core.web.transfer import write_list
from app.models import Loan
from tests.bench.database import Bench
from tests.bench.measure import Line, interleaved
from tests.bench.viewers import viewer

ROUNDS_BUDGET = 40
WRITER = rustpy_xlsxwriter.write_worksheets


class Heard:
    """Stands where the writer is called and keeps what it was called with, the rows in memory."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, list[dict[str, Any]]]] = []
        self.options: dict[str, Any] = {}

    def __call__(self, sheets: Any, path: str, **options: Any) -> None:
        # our rows are one record filled anew, so each is copied
        self.sheets = [(title, [dict(row) for row in rows]) for title, rows in sheets]
        self.options = options
        self.write(path)

    def write(self, path: str) -> None:
        """Have the same workbook written again, by the writer alone."""
        WRITER([(title, iter(rows)) for title, rows in self.sheets], path, **self.options)


def export(bench: Bench) -> Iterator[Line]:
    """All loans that a manager of everything sees, with the columns of the list."""
    reader, heard = viewer("all"), Heard()
    with (
        create_app().test_request_context("/loan/list/"),
        reader.session() as session,
        tempfile.TemporaryDirectory() as folder,
    ):
        gc.collect()
        gc.freeze()  # as the web server does: the program itself is not looked through with every thousand rows
        listing, path = reader.listing(Loan), str(Path(folder) / "list.xlsx")
        rustpy_xlsxwriter.write_worksheets = heard
        try:
            rows = write_list(listing, session, path)
        finally:
            rustpy_xlsxwriter.write_worksheets = WRITER
        seconds = interleaved(
            lambda: write_list(listing, session, path),
            lambda: heard.write(str(Path(folder) / "floor.xlsx")),
            clock=time.process_time, budget=ROUNDS_BUDGET, warm=0,
        )  # fmt: skip
    assert len(heard.sheets[0][1]) == rows
    detail = f"{rows:,} rows of {len(listing.columns)} columns, {rows / seconds[0]:,.0f} a second of processor time"
    yield Line("export", *seconds, 1.5, details=(detail,))
