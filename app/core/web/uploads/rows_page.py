"""The page of an upload that is under way or done: counts, rows that were refused and can be mended, what to do next."""

from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask_babel import format_decimal, gettext, ngettext
from sqlalchemy import func, select

from app.core import labels, registry
from app.core.db import web_session
from app.core.org import RowState, Upload, UploadRow, UploadState
from app.core.sheets import LayoutError
from app.core.web import links
from app.core.web.fields import describe
from app.core.web.pages import Cell, Col, Row, Table, Tile
from app.core.web.principal import current
from app.core.web.show_page import actions
from app.core.web.uploads import undoing
from app.core.web.uploads.cells import shown
from app.core.web.uploads.columns_page import steps
from app.core.web.uploads.plan import Plan
from app.core.web.uploads.staging import MENDABLE, READY

BUSY = (UploadState.CHECKING, UploadState.STORING, UploadState.UNDOING)
RIGHT = (RowState.NEW, RowState.CHANGED, RowState.CREATED, RowState.UPDATED)
MOST_KEPT = 50
MOST_INPUTS, FEWEST_ROWS, MOST_ROWS = 240, 5, 25


@dataclass
class GridCell:
    """A cell that can be mended."""

    place: int
    text: str
    is_wrong: bool


@dataclass
class GridRow:
    """A refused row, its cells, and why it is refused."""

    id: int
    number: int
    cells: list[GridCell]
    reason: str


def columns_of(upload: Upload) -> list[tuple[int, str, str]]:
    """The columns that hold a field: (place, header, field), in the order of the file."""
    plan, header = Plan.from_json(upload.plan), list(upload.source.get("header", ()))
    if not plan.fields:
        return []
    try:
        mapping = plan.layout().match(header).mapping
    except LayoutError:
        return []
    return sorted((places[0], header[places[0]], field) for field, places in mapping.items())


def refused_rows(upload: Upload) -> list[GridRow]:
    """The first rows that were refused, as many as a page can hold."""
    columns, entity = columns_of(upload), registry.entity(upload.entity)
    most = max(FEWEST_ROWS, min(MOST_ROWS, MOST_INPUTS // max(len(columns), 1)))
    query = select(UploadRow).where(UploadRow.upload_id == upload.id, UploadRow.state == RowState.REFUSED)
    found = web_session().scalars(query.order_by(UploadRow.number).limit(most))
    return [
        GridRow(
            row.id, row.number,
            [GridCell(place, shown(row.cells[place]), field in row.reasons) for place, _header, field in columns],
            "; ".join(sentences(entity, row.reasons)),
        )
        for row in found
    ]  # fmt: skip


def sentences(entity: Any, reasons: dict[str, list[str]]) -> list[str]:
    """Why a row was refused, each reason with the field that it is about."""
    return [
        f"{_label(entity, name)}: {one}" if name else one for name, each in reasons.items() for one in each
    ]


def _label(entity: Any, name: str) -> str:
    try:
        return describe(entity, name).label
    except KeyError:
        return name


def rows_page(upload: Upload) -> Any:
    """The page; its rows are shown to nobody but who sent the file."""
    is_own = upload.user_id == current().user_id
    is_known = registry.has_entity(upload.entity)
    can_mend = is_own and is_known and upload.state in MENDABLE
    rows = refused_rows(upload) if can_mend else []
    title = labels.entity_label(registry.entity(upload.entity)) if is_known else upload.entity
    ready, rest = _ready(upload), left(upload) if upload.state == UploadState.DONE else 0
    page = {
        "title": gettext("Import: %(records)s", records=title), "subtitle": upload.file_name, "upload": upload,
        "crumbs": [(title, links.list_url(upload.entity))] if is_known else [(gettext("Uploads"), "/upload/list/")],
        "state": "stopped" if rest else _STATES.get(str(upload.state), "done"),
        "state_label": gettext("Stopped") if rest else upload.state.label, "percent": upload.progress or None,
        "text": _text(upload), "step": 4 if upload.state in (UploadState.DONE, UploadState.UNDONE) else 3,
        "action": f"/upload/{upload.id}", "tiles": _tiles(upload), "rows": rows, "is_own": is_own,
        "columns": [(place, header) for place, header, _field in columns_of(upload)] if rows else [],
        "refused": upload.refused, "ready": ready, "steps": steps(), "store_label": _store_label(upload, ready),
        "list_url": links.list_url(upload.entity, picked=upload.selection_id) if is_own and upload.selection_id else None,
        "can_ask": is_own and undoing.is_open(upload) and upload.undo_asked_at is None,
        "is_asked": undoing.is_open(upload) and upload.undo_asked_at is not None,
        "can_approve": undoing.may_approve(upload, current()), "kept": _kept(upload) if is_known and upload.state == UploadState.UNDONE else None,
        "notes": _notes(upload) if can_mend else None,
        "can_go_back": upload.state == UploadState.FAILED or (upload.state == UploadState.CHECKED and not upload.ended_at),
        "is_busy": upload.state in BUSY, "error": upload.message,
        "left": rest if is_own else 0,
        "stops": actions(Upload, upload, current(), lambda _verb: False) if is_own and upload.state in BUSY else [],
    }  # fmt: skip
    return render_template("upload/rows.html", page=page)


def _kept(upload: Upload) -> Table | None:
    """The records that could not be undone, each with the reason."""
    query = select(UploadRow.number, UploadRow.row_id, UploadRow.reasons).where(
        UploadRow.upload_id == upload.id, UploadRow.state.in_(undoing.STORED)
    )
    found = web_session().execute(query.order_by(UploadRow.number).limit(MOST_KEPT)).all()
    entity, ids = registry.entity(upload.entity), [row.row_id for row in found]
    named = {
        one.id: str(one) for one in web_session().scalars(select(entity).where(entity.id.in_(ids))).unique()
    }
    columns = [
        Col("row", gettext("Row"), "number"),
        Col("record", gettext("Record")),
        Col("reason", gettext("Reason")),
    ]
    lines = [
        Row(row_id, None, "", [Cell(format_decimal(number)), _cell(upload.entity, row_id, named), Cell("; ".join(reasons.get("", ())))])
        for number, row_id, reasons in found
    ]  # fmt: skip
    return Table(gettext("Records that stay as they are"), columns, lines) if lines else None


def _notes(upload: Upload) -> Table | None:
    """What the rules warn of in rows that are right."""
    query = select(UploadRow.id, UploadRow.number, UploadRow.reasons).where(
        UploadRow.upload_id == upload.id, UploadRow.state.in_(RIGHT), UploadRow.reasons != {}
    )
    found = web_session().execute(query.order_by(UploadRow.number).limit(MOST_KEPT)).all()
    columns = [Col("row", gettext("Row"), "number"), Col("note", gettext("Note"))]
    entity = registry.entity(upload.entity)
    lines = [
        Row(row_id, None, "", [Cell(format_decimal(number)), Cell("; ".join(sentences(entity, reasons)))])
        for row_id, number, reasons in found
    ]
    return Table(gettext("To be looked at"), columns, lines) if lines else None


def _cell(slug: str, row_id: int | None, named: dict[int, str]) -> Cell:
    return Cell(named.get(row_id or 0, row_id), url=links.show_url(slug, row_id))


_STATES = {
    "checking": "running", "storing": "running", "undoing": "running", "failed": "failed", "checked": "done",
    "done": "done", "draft": "queued", "undone": "done",
}  # fmt: skip


def _store_label(upload: Upload, ready: int) -> str:
    """What the button says that stores what can be stored."""
    if upload.refused:
        return ngettext("Import %(n)s row, leave out the others", "Import %(n)s rows, leave out the others", ready, n=ready)  # fmt: skip
    return ngettext("Import the %(n)s row", "Import all %(n)s rows or none", ready, n=ready)


def _ready(upload: Upload) -> int:
    """How many rows wait to be stored, where they can be."""
    return left(upload) if upload.state == UploadState.CHECKED else 0


def left(upload: Upload) -> int:
    """How many rows were found to be right and are not stored."""
    waiting = UploadRow.upload_id == upload.id, UploadRow.state.in_(READY)
    return web_session().scalar(select(func.count()).where(*waiting)) or 0


def _text(upload: Upload) -> str:
    n = format_decimal(upload.rows)
    if upload.state == UploadState.CHECKED:
        return gettext("Rows tried: %(n)s; nothing is stored yet.", n=n)
    return gettext("Rows: %(n)s", n=n) if upload.rows else ""


def _tiles(upload: Upload) -> list[Tile]:
    if upload.state in (UploadState.DRAFT, UploadState.CHECKING):
        return []
    is_done = upload.state in (UploadState.DONE, UploadState.UNDOING, UploadState.UNDONE)
    return [
        Tile(gettext("Created") if is_done else gettext("New"), format_decimal(upload.created)),
        Tile(gettext("Updated") if is_done else gettext("Changed"), format_decimal(upload.updated)),
        Tile(gettext("Unchanged"), format_decimal(upload.unchanged)),
        Tile(gettext("Rejected"), format_decimal(upload.refused), "red" if upload.refused else None),
    ]
