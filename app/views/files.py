"""Files made for a user in the background: progress, then download, which is for him alone."""

from typing import Any

from flask import abort, redirect, render_template, send_file
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_babel import format_decimal, gettext
from sqlalchemy import select

from app.core.db import unscoped, web_session
from app.core.org import AuditEvent, FileJob
from app.core.web import links
from app.core.web.principal import current
from app.core.web.register import screen
from app.core.web.show_page import actions
from app.core.web.transfer import XLSX

links.record_page("file_job", "/files/{id}")
STATES = {"waiting": "queued", "running": "running", "done": "done", "failed": "failed", "stopped": "stopped"}


def seen_job(job_id: int) -> FileJob:
    """A job within the user's scope: his own, or any for those who see all data; 404 for all others."""
    job = web_session().scalars(select(FileJob).where(FileJob.id == job_id)).one_or_none()
    return job if job is not None else abort(404)


def is_own(job: FileJob) -> bool:
    """Whether the user asked for it himself: nobody else gets the file, which holds what he may see unmasked."""
    return job.user_id == current().user_id


@screen()
class Files(BaseView):
    """Progress and download of background exports."""

    route_base = "/files"
    class_permission_name = "Files"
    default_view = "show"

    @expose("/<id(file_job):job_id>")
    @has_access
    def show(self, job_id: int) -> Any:
        job = seen_job(job_id)
        state = STATES.get(str(job.state), "failed")
        page = {
            "title": job.title, "subtitle": job.file_name, "crumbs": [(gettext("My files"), "/file_job/list/")], "state": state,
            "percent": job.progress, "text": gettext("Rows: %(n)s", n=format_decimal(job.rows)), "error": job.message,
            "actions": actions(FileJob, job, current(), lambda _verb: False),
            "result_url": f"/files/{job.id}/download" if job.file_key and is_own(job) else None, "result_label": gettext("Download"),
        }  # fmt: skip
        return render_template("job.html", page=page)

    @expose("/<id(file_job):job_id>/download")
    @has_access
    @permission_name("show")
    def download(self, job_id: int) -> Any:
        job = seen_job(job_id)
        if not is_own(job):
            abort(404)
        if not job.file_key:
            return redirect(f"/files/{job_id}")
        from app.core import files

        try:
            content = files.open_file(job.file_key)
        except FileNotFoundError:
            abort(404)
        with unscoped("access log", user_id=current().user_id) as house:
            house.add(AuditEvent(
                kind="export", user_id=job.user_id, entity=job.request.get("entity"), about=job.file_name,
                details={FileJob.slug(): job.id, "rows": job.rows},
            ))  # fmt: skip
        return send_file(content, mimetype=XLSX, as_attachment=True, download_name=job.file_name)
