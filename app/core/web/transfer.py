"""Excel of a list as it is shown, by request or by job; and the words for what a database refused."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flask import flash, redirect, request, send_file
from flask_babel import get_locale, gettext
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.core import clock, files, labels
from app.core.db import unscoped, web_session
from app.core.org import AuditEvent, FileJob
from app.core.web import kept, links
from app.core.web.cells import here
from app.core.web.chips import in_words
from app.core.web.fields import FieldInfo
from app.core.web.listing import COUNT_CAP, Listing
from app.core.web.principal import Principal, current
from app.core.web.values import BATCH, Values

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS = {
    "money": "money", "rate": "rate", "number": "integer", "days": "integer", "date": "date", "datetime": "datetime",
    "bool": "bool", "id": "integer",
}  # fmt: skip


def plain_reason(error: IntegrityError) -> str:
    """What an integrity error means to a person; the database's own words stay inside."""
    state = getattr(error.orig, "sqlstate", "")
    if state == "23505":
        return gettext("There is one like this already")
    if state in ("23503", "23001"):
        told = gettext("Other records belong to this one, so it cannot be deleted")
        return ": ".join((told, *_kind_of_those(error)))
    if state == "23502":
        return gettext("Something needed is missing")
    if state == "23P01":
        return gettext("This overlaps another one")
    return gettext("This cannot be stored as it is")


def _kind_of_those(error: IntegrityError) -> list[str]:
    """What the records are called that belong to another one, if people have a list of them."""
    table = getattr(getattr(error.orig, "diag", None), "table_name", None)
    return [labels.entity_label(cls) for cls in links.shown_entities() if cls.__table__.name == table]


def describe_filters(listing: Listing, session: Session) -> str:
    """The filters in words, as the workbook's first sheet says them."""
    return in_words(listing, session) or gettext("none")


def write_list(
    listing: Listing, session: Session, path: str, *, tell: Callable[[int], object] = int, every: int = BATCH
) -> int:
    """Write the list to a workbook; returns the number of rows. The export is logged by the caller.

    `tell` is told how many rows have passed each time that so many more follow.
    """
    from app.core.workbook import About, Blocks, Column, Sheet, write_workbook

    columns = [Column(f.name, f.label, _kind(f)) for f in listing.columns]
    about = About(
        title=labels.entity_label(listing.entity), who=listing.principal.full_name, when=here(clock.now()),
        filters=describe_filters(listing, session),
    )  # fmt: skip

    def watched() -> Iterator[list[Any]]:
        passed, due = 0, every
        for block in Values(listing).blocks(session, min(BATCH, every)):
            if passed >= due:
                tell(passed)
                due += every
            passed += len(block[0])
            yield block

    return write_workbook(path, [Sheet(about.title, columns, Blocks(watched()))], about)


def _kind(field: FieldInfo) -> str:
    """How a spreadsheet shows the field's values."""
    return "decimal" if field.custom and field.custom.places else KINDS.get(field.kind, "text")


def log_export(listing: Listing, rows: int) -> None:
    """Who took what away."""
    with unscoped("access log", user_id=listing.principal.user_id) as session:
        session.add(AuditEvent(
            kind="export", user_id=listing.principal.user_id, entity=listing.entity.slug(),
            details={"rows": rows, "filters": kept.stored(listing.args.to_dict(flat=False), listing.entity.slug())},
        ))  # fmt: skip


def export_list(listing: Listing) -> Any:
    """The workbook itself, or for more than 10 000 rows a job with progress."""
    session = web_session()
    if listing.count(session) > COUNT_CAP:
        return start_job(listing)
    with files.scratch("export.xlsx") as path:
        log_export(listing, write_list(listing, session, str(path)))
        return sent(path, file_name(listing))


def sent(path: Path, name: str) -> Any:
    """The answer with a workbook that stands in a scratch folder, under this name.

    The file may be removed with its folder at once and is read until it is sent: nothing is left behind, whatever happens.
    """
    content, size = path.open("rb"), path.stat().st_size
    response = send_file(content, mimetype=XLSX, as_attachment=True, download_name=name)
    response.content_length = size
    return response


def file_name(listing: Listing) -> str:
    return f"{listing.entity.slug()}-{listing.on.isoformat()}.xlsx"


def start_job(listing: Listing) -> Any:
    """Queue the export; the worker picks it up, or finds it again after a crash."""
    session = web_session()
    wanted = {
        "entity": listing.entity.slug(),
        "query": list(map(list, request.args.items(multi=True))),
        "language": str(get_locale()),
    }
    job = FileJob(
        user_id=current().user_id,
        title=labels.entity_label(listing.entity),
        request=wanted,
        file_name=file_name(listing),
    )
    session.add(job)
    session.commit()
    flash(gettext("More than 10 000 rows: the file is being made"), "info")
    return redirect(f"/files/{job.id}")


def listing_of(wanted: dict[str, Any], principal: Principal, on: Any) -> Listing:
    """The listing that a stored request means."""
    from app.core import registry

    return Listing(
        registry.entity(wanted["entity"]), MultiDict([tuple(pair) for pair in wanted["query"]]), principal, on
    )
