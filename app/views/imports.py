"""Importing a file: choose the layout, upload, watch it, take back the rows that were refused."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, send_file
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_babel import format_decimal, gettext, lazy_gettext as _
from sqlalchemy import select

from app.core import files, i18n
from app.core.db import unscoped, web_session
from app.core.errors import RuleError
from app.core.web import links
from app.core.web.cells import cell
from app.core.web.fields import describe_all
from app.core.web.pages import Col, Row, Table, Tile
from app.core.web.principal import current
from app.core.web.register import MenuEntry, screen
from app.core.web.sending import Sending, say
from app.core.web.show_page import actions
from app.core.web.steering import business_date
from app.core.web.transfer import XLSX
from app.models import ImportProblem, ImportRun
from app.servicing.intake import rights
from app.servicing.intake.summary import Step

links.record_page("import_run", "/imports/{id}")
STATES = {"waiting": "queued", "running": "running", "done": "done", "failed": "failed", "stopped": "stopped"}
ENDED = ("done", "failed", "stopped")
SHOWN_PROBLEMS = 50
MADE = {"repayments": "repayment", "write_offs": "write_off"}
"""What an import makes, by its target; any other makes loans."""


@screen(
    MenuEntry(
        _("Portfolio"),
        _("Import a file"),
        "/imports/new",
        "cloud-upload",
        ("can_add", "Imports"),
        69,
        help=_(
            "Sends a portfolio file: loans with customers and schedules, repayments, write-offs or "
            "regions. Choose the layout that fits the file and the client whose book it is. Branches and "
            "officers that the file names must be entered before; wrong rows are listed and stop no good "
            "ones."
        ),
        guide="imports-and-layouts",
    )
)
class Imports(BaseView):
    """Upload and result of imports."""

    route_base = "/imports"
    class_permission_name = "Imports"
    default_view = "add"

    @expose("/new", methods=["GET", "POST"])
    @has_access
    @permission_name("add")
    def add(self) -> Any:
        errors: list[str] = []
        if request.method == "POST":
            run_id = self._start(errors)
            if run_id:
                return redirect(f"/imports/{run_id}")
        layouts = rights.offered(web_session())
        if not layouts and not web_session().reach.is_all:
            errors.append(str(rights.REFUSED))
        page = {
            "title": gettext("Import a file"), "subtitle": None, "crumbs": [(gettext("Imports"), "/import_run/list/")],
            "action": "/imports/new", "csrf": None, "hidden": [], "fields": [], "errors": errors, "cancel_url": "/import_run/list/",
            "layouts": [{"value": one.name, "label": str(one), "help": None, "checked": False} for one, _client in layouts.values()],
            "accept": ".xlsx,.xls,.xlsb,.ods,.csv,.txt", "submit_label": gettext("Import"),
            "max_bytes": files.MOST_BYTES["import"],
        }  # fmt: skip
        return render_template("import/new.html", page=page), (
            422 if errors and request.method == "POST" else 200
        )

    def _start(self, errors: list[str]) -> int | None:
        """Keep the file and queue its import; None with the reason in `errors`."""
        upload = request.files.get("file")
        layout, client_id = rights.offered(web_session()).get(request.form.get("layout", ""), (None, None))
        if layout is None:
            errors.append(gettext("Say what the file holds"))
        if upload is None or not upload.filename:
            errors.append(gettext("Choose a file"))
        if errors or layout is None or upload is None:
            return None
        run = ImportRun(layout_id=layout.id, client_id=client_id, started_by_id=current().user_id)
        try:
            return _queued(run, upload)
        except RuleError as error:
            errors.append(str(error))
            return None

    def _run(self, run_id: int) -> ImportRun:
        run = web_session().scalars(select(ImportRun).where(ImportRun.id == run_id)).unique().one_or_none()
        return run if run is not None else abort(404)

    @expose("/<id(import_run):run_id>")
    @has_access
    def show(self, run_id: int) -> Any:
        run = self._run(run_id)
        state, step = STATES[str(run.state)], Step.at(run.progress)
        counts = [(gettext("Created"), run.created, None), (gettext("Updated"), run.updated, None), (gettext("Unchanged"), run.unchanged, None),
                  (gettext("Rejected"), run.rejected, "red" if run.rejected else None)]  # fmt: skip
        page = {
            "title": run.file_name, "subtitle": str(run.layout), "crumbs": [(gettext("Imports"), "/import_run/list/")], "badges": [],
            "step": 4 if state in ENDED else 3 if step is Step.STORING else 2, "state": state, "percent": run.progress, "text": _rows(run, state, step),
            "tiles": [Tile(label, format_decimal(n), colour) for label, n, colour in counts] if state in ENDED else [],
            "errors": self._problems(run), "error": i18n.told({"reason": run.message, **run.said}) or None, "actions": [],
            "verbs": actions(ImportRun, run, current(), lambda _verb: False),
            "error_file_url": f"/imports/{run.id}/errors.xlsx" if run.error_file_key and _may_see_rows(run) else None,
            "result_url": _made(run) if run.client_id and state == "done" else None,
        }  # fmt: skip
        return render_template("import/run.html", page=page)

    def _problems(self, run: ImportRun) -> Table | None:
        query = (
            select(ImportProblem)
            .where(ImportProblem.run_id == run.id)
            .order_by(ImportProblem.row, ImportProblem.id)
        )
        rows = web_session().scalars(query.limit(SHOWN_PROBLEMS)).all()
        if not rows:
            return None
        fields, on = describe_all(ImportProblem, ("row", "column", "value", "reason")), business_date()
        columns = [Col(f.name, f.label, "number" if f.name == "row" else "text") for f in fields]
        lines = [Row(p.id, None, str(p.row), [cell(f, p, current(), on) for f in fields]) for p in rows]
        return Table(
            gettext("Rows refused"), columns, lines, url=links.list_url("import_problem", run=run.id)
        )

    @expose("/<id(import_run):run_id>/errors.xlsx")
    @has_access
    @permission_name("show")
    def errors(self, run_id: int) -> Any:
        run = self._run(run_id)
        if not run.error_file_key:
            flash(gettext("No row was refused"), "info")
            return redirect(f"/imports/{run_id}")
        if not _may_see_rows(run):
            abort(403)
        return send_file(
            files.open_file(run.error_file_key),
            mimetype=XLSX,
            as_attachment=True,
            download_name=f"errors-{run_id}.xlsx",
        )


def _queued(run: ImportRun, upload: Any) -> int:
    """Keep the file and queue the import, once for its form; its id. Raises RuleError."""
    sent = Sending.now()
    with unscoped("an import sees the whole client's book", user_id=current().user_id) as session:
        before = sent.before(session)
        if before is not None:
            say(is_again=True)
            return before
        run.file_name, run.file_key = (
            files.shown_name(upload.filename or ""),
            files.store(upload.stream, "import"),
        )
        session.add(run)
        session.flush()
        sent.keep(session, run.id)
        return int(run.id)


def _may_see_rows(run: ImportRun) -> bool:
    """Whether whole rows of the file, its personal numbers in full, are shown: they are no news to who sent them."""
    return current().may_reveal or run.started_by_id == current().user_id


def _rows(run: ImportRun, state: str, step: Step) -> str:
    """How many rows the file has as far as that is known, and what is done with them."""
    n = format_decimal(run.rows)
    if state in ENDED:
        return str(gettext("Rows: %(n)s", n=n))
    if not run.rows:
        return ""
    return str({
        Step.READING: gettext("Reading: %(rows)s rows", rows=n), Step.CHECKING: gettext("Checking: %(rows)s rows", rows=n),
        Step.STORING: gettext("Storing: %(rows)s rows", rows=n),
    }[step])  # fmt: skip


def _made(run: ImportRun) -> str:
    """The list in which stands what an import made."""
    slug = MADE.get(run.layout.target, "loan")
    return links.list_url(slug, **({} if slug == "write_off" else {"client": run.client_id}))
