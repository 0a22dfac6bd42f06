"""export: the list as a workbook, processor time, against the writer alone fed from memory."""

import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import rustpy_xlsxwriter

from app import create_app
from app.core.web.transfer import KINDS, write_list
from app.core.web.values import Values
from app.core.workbook import Column
from app.models import Loan
from tests.bench.database import Bench
from tests.bench.measure import Line, interleaved
from tests.bench.viewers import viewer

ROUNDS_BUDGET = 40


def export(bench: Bench) -> Iterator[Line]:
    """All loans that a manager of everything sees, with the columns of the list."""
    reader = viewer("all")
    with (
        create_app().test_request_context("/loan/list/"),
        reader.session() as session,
        tempfile.TemporaryDirectory() as folder,
    ):
        listing = reader.listing(Loan)
        names = [str(field.label) for field in listing.columns]
        values = chain.from_iterable(zip(*block, strict=True) for block in Values(listing).blocks(session))
        rows = [dict(zip(names, row, strict=True)) for row in values]
        path = str(Path(folder) / "list.xlsx")
        formats = {
            "Loans": [
                Column(field.name, field.label, KINDS.get(field.kind, "text")).format()
                for field in listing.columns
            ]
        }
        seconds = interleaved(
            lambda: write_list(listing, session, path),
            lambda: rustpy_xlsxwriter.write_worksheets([("Loans", iter(rows))], path, column_formats=formats),
            clock=time.process_time, budget=ROUNDS_BUDGET, warm=0,
        )  # fmt: skip
    detail = f"{len(rows):,} rows of {len(names)} columns, {len(rows) / seconds[0]:,.0f} a second of processor time"
    yield Line("export", *seconds, 1.5, details=(detail,))
