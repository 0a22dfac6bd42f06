"""A change of many rows under way or done: its progress, what came of it, and the rows that were refused."""

from typing import Any
from urllib.parse import urlencode

from flask import abort, render_template
from flask_appbuilder import expose, has_access
from flask_appbuilder.baseviews import BaseView
from flask_babel import format_decimal, gettext
from sqlalchemy import select
from sqlalchemy.orm import undefer

from app.core import labels, registry
from app.core.db import web_session
from app.core.org import BulkJob
from app.core.web import bulk, links
from app.core.web.chosen import LIST
from app.core.web.outcomes import MOST_LISTED
from app.core.web.pages import Cell, Col, Row, Table, Tile
from app.core.web.principal import current
from app.core.web.register import screen
from app.core.web.selecting import PARAMETER
from app.core.web.show_page import actions
from app.views.files import STATES

links.record_page("bulk_job", "/bulk_job/page/{id}")


@screen()
class BulkJobs(BaseView):
    """The page of a large change, for who asked for it and those who see everything."""

    route_base = "/bulk_job/page"
    class_permission_name = "Jobs"
    default_view = "show"

    @expose("/<id(bulk_job):job_id>")
    @has_access
    def show(self, job_id: int) -> Any:
        found = select(BulkJob).where(BulkJob.id == job_id).options(undefer(BulkJob.outcome))
        job = web_session().scalars(found).unique().one_or_none() or abort(404)
        page = {
            "title": job.title, "crumbs": [(labels.entity_label(BulkJob), links.list_url("bulk_job"))],
            "state": STATES.get(str(job.state), "failed"), "percent": job.progress, "text": _told(job), "error": job.message,
            "tiles": _tiles(job), "notes": _notes(job), "errors": _refused(job),
            "actions": actions(BulkJob, job, current(), lambda _verb: False), **_ways_on(job),
        }  # fmt: skip
        return render_template("job.html", page=page)


def _told(job: BulkJob) -> str:
    of = {"done": format_decimal(min(job.position, job.total)), "total": format_decimal(job.total)}
    return gettext("%(done)s of %(total)s rows", **of)


def _tiles(job: BulkJob) -> list[Tile]:
    """The counts that are not nothing; the refused rows are there to be opened."""
    found = [Tile(gettext("Done"), format_decimal(job.done))]
    if asked := job.outcome.get("asked"):
        found.append(Tile(gettext("Sent for approval"), format_decimal(asked)))
    found += [Tile(gettext("Unchanged"), format_decimal(job.unchanged))] * bool(job.unchanged)
    if job.refused:
        found.append(Tile(gettext("Rows refused"), format_decimal(job.refused), "red", _refused_url(job)))
    return found


def _refused_url(job: BulkJob) -> str | None:
    """The list of the refused rows; it is its owner's alone."""
    is_own = job.user_id == current().user_id and registry.has_entity(job.entity)
    return (
        links.list_url(job.entity, **{PARAMETER: job.selection_id}) if is_own and job.selection_id else None
    )


def _ways_on(job: BulkJob) -> dict[str, Any]:
    """Back to the list; or to the refused rows, which can be looked at, taken as a file, and tried again."""
    if not registry.has_entity(job.entity):
        return {}
    refused = _refused_url(job)
    if refused is None:
        return {"result_url": links.list_url(job.entity), "result_label": gettext("Back")}
    verb = f"/{job.entity}/do/{job.operation}" if job.operation else f"/{job.entity}/change"
    again = f"{verb}?{urlencode({LIST: f'?{PARAMETER}={job.selection_id}'})}"
    return {
        "result_url": refused,
        "result_label": gettext("Show the refused rows"),
        "others": [(again, gettext("Try these rows again"))],
    }


def _notes(job: BulkJob) -> list[str]:
    """What rules warn of, and how many refused rows the table does not name."""
    said = job.outcome.get("warned", [])
    names = _names(job, [row_id for row_id, _sentence in said])
    found = [f"{names.get(row_id, row_id)}: {sentence}" for row_id, sentence in said]
    more = job.refused - MOST_LISTED
    return found + [gettext("%(n)s more rows were refused", n=format_decimal(more))] * (more > 0)


def _refused(job: BulkJob) -> Table | None:
    """The first of the refused rows, each with its reason."""
    said = job.outcome.get("refused", [])[:MOST_LISTED]
    if not said:
        return None
    names = _names(job, [row_id for row_id, _sentence in said])
    columns = [Col("record", gettext("Record")), Col("reason", gettext("Reason"))]
    rows = []
    for row_id, sentence in said:
        name = names.get(row_id, str(row_id))
        url = links.show_url(job.entity, row_id) if row_id in names else None
        rows.append(Row(row_id, url, name, [Cell(name, url=url), Cell(sentence)]))
    return Table(gettext("Rows refused"), columns, rows, is_wide=True)


def _names(job: BulkJob, ids: list[int]) -> dict[int, str]:
    """What those of these rows are called that the reader sees and may open."""
    if not ids or not registry.has_entity(job.entity):
        return {}
    entity = registry.entity(job.entity)
    if not current().may("can_show", labels.subject(entity)):
        return {}
    return {
        row.id: str(row)
        for row in web_session().scalars(select(entity).where(bulk.among(entity, ids))).unique()
    }
