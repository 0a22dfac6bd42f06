"""A file's rows in a temporary table, typed, with what is wrong with them: where the set-based checks begin."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.contact.phones import PhoneError
from app.core.errors import RuleError
from app.core.sheets.convert import Converted, Converter
from app.core.sheets.errors import Reason, SheetError
from app.core.sheets.table import Table, open_table
from app.servicing.intake.fields import TARGETS
from app.servicing.intake.layouts import Source
from app.servicing.intake.phones import in_e164
from app.servicing.intake.problems import Problems

Progress = Callable[[int], object]
"""Called with how many rows have been read."""


def cursor(session: Session) -> Any:
    """The driver's cursor of the session's transaction, for COPY."""
    return session.connection().connection.driver_connection.cursor()  # type: ignore[union-attr]


def run(session: Session, statement: str, **values: Any) -> Any:
    """Execute a statement on the staged rows."""
    return session.execute(text(statement), values)


def stage(
    session: Session, source: Source, path: str | Path, country: str, problems: Problems, progress: Progress,
    extra: str = "",
) -> int:  # fmt: skip
    """Read a file into the temporary table `staged` (row, bad, a column for every field of its target).

    Returns how many rows. Cells that cannot be read, and fields the layout lacks, are NULL there; the former
    are told to `problems`. `extra` is a further column as SQL. Raises SheetError for a file that cannot
    be read at all and RuleError where needed columns are missing.
    """
    fields = [item.field for item in source.layout.fields]
    specs = TARGETS[source.target]
    columns = ", ".join(f"{name} {spec.sql}" for name, spec in specs.items())
    columns += f", {extra}" if extra else ""
    run(
        session,
        f"CREATE TEMP TABLE staged (row int PRIMARY KEY, bad boolean NOT NULL, {columns}) ON COMMIT DROP",
    )
    names = sql.SQL(", ").join(map(sql.Identifier, ["row", "bad", *fields]))
    count = 0
    with (
        open_source(source, path) as table,
        cursor(session).copy(sql.SQL("COPY staged ({}) FROM STDIN").format(names)) as copy,
    ):
        for block in converted(source, table, country, problems):
            bad = [row in problems.rows for row in block.numbers]
            for row in zip(block.numbers, bad, *(block.values[name] for name in fields), strict=True):
                copy.write_row(row)
            count += len(block.numbers)
            progress(count)
    run(session, "ANALYZE staged")
    return count


def open_source(source: Source, path: str | Path) -> Table:
    """Open the sheet that a layout reads, or the first one where it has all columns needed. Raises SheetError.

    The latter is how a workbook of refused rows comes back, whose sheet has a name of its own.
    """
    layout = source.layout
    manner: dict[str, Any] = {"header_row": layout.header_row, "encoding": layout.encoding}
    try:
        return open_table(path, sheet=layout.sheet, **manner)
    except SheetError as error:
        if error.reason is not Reason.NO_SUCH_SHEET:
            raise
        table = open_table(path, **manner)
        if layout.match(table.header).missing:
            table.close()
            raise
        return table


def converted(source: Source, table: Table, country: str, problems: Problems) -> Iterator[Converted]:
    """The rows of an open table as values, block by block; what is wrong goes to `problems`.

    Raises RuleError where the header lacks a column that is needed.
    """
    match = source.layout.match(table.header)
    if match.missing:
        raise RuleError(_("The file has no column %(names)s", names=", ".join(match.missing)))
    problems.columns = {field: table.header[places[0]] for field, places in match.mapping.items()}
    specs = TARGETS[source.target]
    problems.personal = {
        table.header[place]: personal
        for field, places in match.mapping.items() if (personal := specs[field].personal) for place in places
    }  # fmt: skip
    phones = [item.field for item in source.layout.fields if specs[item.field].type == "phone"]
    texts = [item.field for item in source.layout.fields if specs[item.field].sql == "text"]
    converter = Converter(source.layout, match.mapping, table.header)
    for numbers, columns in table.blocks():
        block = converter.block(numbers, columns)
        for index, found in block.problems.items():
            for problem in found:
                problems.add(numbers[index], problem.column, problem.value, problem.reason)
        for name in phones:
            block.values[name] = _numbers(name, block, country, problems)
        for name in texts:
            _refuse_nulls(name, block, problems)
        yield block


def _numbers(name: str, block: Converted, country: str, problems: Problems) -> list[str | None]:
    known: dict[str | None, str | None] = {None: None}
    found: list[str | None] = []
    for row, written in zip(block.numbers, block.values[name], strict=True):
        if written not in known:
            try:
                known[written] = in_e164(written, country)
            except PhoneError as error:
                problems.add(row, problems.columns.get(name, name), written, error.sentence)
                found.append(None)
                continue
        found.append(known[written])
    return found


def _refuse_nulls(name: str, block: Converted, problems: Problems) -> None:
    """The database cannot keep the character NUL, which broken exports hold."""
    values = block.values[name]
    for index, value in enumerate(values):
        if value is not None and "\0" in value:
            column, shown = problems.columns.get(name, name), value.replace("\0", "\u2400")
            problems.add(block.numbers[index], column, shown, _("holds a character that is no text"))
            values[index] = None


def mark_bad(session: Session, problems: Problems) -> None:
    """Leave the rows with problems out of what follows."""
    if problems.rows:
        run(
            session,
            "UPDATE staged SET bad = true WHERE row = ANY(:rows) AND NOT bad",
            rows=list(problems.rows),
        )


def fill(session: Session, into: str, types: str, *columns: Any) -> None:
    """Put columns of values into a small temporary table: `fill(session, "t (a, b)", "text[], int[]", [...], [...])`."""
    given = {f"c{place}": list(values) for place, values in enumerate(columns)}
    arrays = ", ".join(f"CAST(:c{place} AS {kind})" for place, kind in enumerate(types.split(", ")))
    run(session, f"INSERT INTO {into} SELECT * FROM unnest({arrays})", **given)
