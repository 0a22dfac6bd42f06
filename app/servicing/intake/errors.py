"""The refused rows of a file, as they came and with their reasons, to be corrected and imported again."""

from collections.abc import Iterator
from pathlib import Path

from flask_babel import lazy_gettext as _

from app.core import clock, i18n
from app.core.sheets.convert import Problem
from app.core.sheets.errorbook import BadRow, write_error_workbook
from app.core.sheets.table import Table
from app.core.workbook import About
from app.servicing.intake.layouts import Source
from app.servicing.intake.problems import Problems
from app.servicing.intake.staging import open_source


def write_refused(source: Source, path: Path, problems: Problems, target: Path) -> None:
    """Write the rows with problems as a workbook in the columns of the file."""
    about = About(_("Refused rows of %(file)s", file=path.name), "", clock.now())
    with open_source(source, path) as table:
        write_error_workbook(target, table.header, _refused(table, problems), about)


def _refused(table: Table, problems: Problems) -> Iterator[BadRow]:
    told: dict[int, dict[Problem, None]] = {}
    for each in problems.found:
        told.setdefault(each.row, {})[Problem(each.column, i18n.shown(each.value or ""), each.reason)] = None
    for row, values in table.rows():
        if row in told:
            yield row, values, list(told[row])
