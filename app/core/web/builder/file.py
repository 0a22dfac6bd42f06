"""A built report as a workbook: all its lines with true types, and a page that says what it is. Each one is logged."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask_babel import gettext

from app.core import clock, files
from app.core.db import unscoped, web_session
from app.core.org import AuditEvent
from app.core.web import kept
from app.core.web.builder import table
from app.core.web.builder.asked import Asked
from app.core.web.builder.cube import Cube, cube
from app.core.web.builder.page import capped, in_short, period_words
from app.core.web.builder.table import Head, Shown, Table
from app.core.web.cells import here
from app.core.web.chips import in_words
from app.core.web.transfer import sent
from app.core.workbook import About, Column, Sheet, write_workbook

MOST_GROUPS = 100_000
KINDS = {"money": "money", "days": "integer", "percent": "percent", "rate": "rate"}


def export(asked: Asked, title: str) -> Any:
    """The workbook of everything that the report tells."""
    with files.scratch("report.xlsx") as path:
        log(asked, write(asked, title, path))
        return sent(path, name_of(asked))


def name_of(asked: Asked) -> str:
    """What the file is called."""
    return f"{asked.entity.slug()}-{asked.on.isoformat()}.xlsx"


def write(asked: Asked, title: str, path: Path) -> int:
    """Write the workbook; returns the number of lines. The export is logged by the caller."""
    made = cube(asked, web_session(), MOST_GROUPS)
    shown = table.made(made, None)
    columns = [Column(f"group_{n}", head.label) for n, head in enumerate(shown.names or [Head("")])]
    columns += [Column(f"figure_{n}", head.whole, _kind(shown, n)) for n, head in enumerate(shown.figures)]
    write_workbook(path, [Sheet(title, columns, _rows(shown))], _about(made, title))
    return len(shown.lines)


def _kind(shown: Table, place: int) -> str:
    figure = shown.figures[place].figure
    if figure is None or figure.kind in KINDS:
        return KINDS[figure.kind] if figure else "text"
    values = (line.entries[place].value for line in shown.lines)
    return "decimal" if any(isinstance(value, Decimal) and value % 1 for value in values) else "integer"


def _rows(shown: Table) -> Iterator[tuple[Any, ...]]:
    for line in [*shown.lines, *([shown.total] if shown.total else [])]:
        yield (*line.names, *(_value(shown, line, place) for place in range(len(line.entries))))


def _value(shown: Table, line: Shown, place: int) -> Any:
    value, figure = line.entries[place].value, shown.figures[place].figure
    return value / 100 if value is not None and figure is not None and figure.kind == "percent" else value


def _about(made: Cube, title: str) -> About:
    asked = made.asked
    notes = [(gettext("Figures"), in_short(asked))]
    if asked.compared is not None:
        notes.append((gettext("Period"), period_words(asked)))
    if made.groups.is_capped:
        notes.append((gettext("Note"), capped(made, MOST_GROUPS)))
    return About(
        title, asked.principal.full_name, here(clock.now()), in_words(asked.listing, web_session()), notes
    )


def log(asked: Asked, rows: int) -> None:
    """Who took what away."""
    with unscoped("access log", user_id=asked.principal.user_id) as session:
        session.add(AuditEvent(
            kind="export", user_id=asked.principal.user_id, entity=asked.entity.slug(),
            details={"rows": rows, "by": [axis.name for axis in asked.axes],
                     "filters": kept.stored(asked.listing.args.to_dict(flat=False), asked.entity.slug())},
        ))  # fmt: skip
