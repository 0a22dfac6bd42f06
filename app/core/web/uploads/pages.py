"""The screens of filling records from a file: upload, columns, check, result. Only who sent a file sees its rows."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, send_file
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_babel import get_locale, gettext
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from app.core import clock, files, labels, registry
from app.core.db import web_session
from app.core.errors import RuleError
from app.core.org import RowState, Upload, UploadLayout, UploadRow, UploadState
from app.core.sheets import SheetError
from app.core.web import links
from app.core.web.fields import as_id
from app.core.web.offers import is_fillable
from app.core.web.principal import current
from app.core.web.register import screen
from app.core.web.sending import Sending
from app.core.web.transfer import XLSX, plain_reason
from app.core.web.uploads import error_file, guess, keeping, looking, staging, undoing, work
from app.core.web.uploads.columns_page import columns_page, steps
from app.core.web.uploads.plan import Plan
from app.core.web.uploads.posted import fill_form, plan_of
from app.core.web.uploads.rows_page import columns_of, left, rows_page
from app.core.web.uploads.staging import MENDABLE

links.record_page("upload", "/upload/{id}")
AT_ONCE = 200
"""Rows that are tried or stored while their sender waits; a worker does more."""
SMALL = 512 * 1024
"""Bytes of a file that is read while its sender waits."""
ACCEPTED = ".xlsx,.xls,.xlsb,.ods,.csv,.tsv,.txt"


@screen()
class Uploads(BaseView):
    """Filling records of an entity from a file."""

    route_base = "/upload"
    class_permission_name = "Upload"
    default_view = "new"

    @expose("/new/<slug>", methods=["GET", "POST"])
    @has_access
    @permission_name("add")
    def new(self, slug: str) -> Any:
        """Ask for the file, and look into it."""
        entity = registry.entity(slug) if registry.has_entity(slug) else None
        if entity is None or not is_fillable(entity, current()):
            abort(404)
        errors: list[str] = []
        if request.method == "POST":
            upload_id = keeping.keep(slug, errors)
            if upload_id is not None:
                return redirect(f"/upload/{upload_id}")
        title = labels.entity_label(entity)
        page = {
            "title": gettext("Import: %(records)s", records=title), "crumbs": [(title, links.list_url(slug))], "step": 1,
            "action": f"/upload/new/{slug}", "csrf": None, "errors": errors, "cancel_url": links.list_url(slug), "accept": ACCEPTED,
            "max_bytes": files.MOST_BYTES["import"], "steps": steps(), "submit_label": gettext("Upload"),
            "limit_text": gettext("Excel (.xlsx, .xls, .xlsb), .ods or a text table (.csv)"),
        }  # fmt: skip
        return render_template("import/new.html", page=page), 422 if errors else 200

    @expose("/<id(upload):upload_id>")
    @has_access
    def show(self, upload_id: int) -> Any:
        """Where the upload stands: its columns to be named, its rows to be mended, or what came of it."""
        upload = keeping.upload_of(upload_id)
        is_own = upload.user_id == current().user_id and registry.has_entity(upload.entity)
        if not is_own or upload.state != UploadState.DRAFT or not upload.file_key:
            return rows_page(upload)
        keeping.own(upload_id, UploadState.DRAFT)
        return self._columns(upload)

    def _columns(self, upload: Upload) -> Any:
        seen, session = keeping.seen_in(upload), web_session()
        plan, header = Plan.from_json(upload.plan), looking.header_of(seen)
        known = guess.layouts(session, upload.entity, current())
        wanted = as_id(UploadLayout, request.args.get("layout", ""))
        layout = next((one for one in known if one.id == wanted), None)
        if layout is None and not plan.fields and "layout" not in request.args:
            layout = guess.fitting(known, header)
        if layout is not None:
            plan = Plan.from_json(layout.plan)
        elif not plan.fields:
            plan = guess.guessed(registry.entity(upload.entity), header, current())
        return columns_page(upload, seen, plan, layout, [])

    @expose("/<id(upload):upload_id>/table", methods=["POST"])
    @has_access
    @permission_name("add")
    def table(self, upload_id: int) -> Any:
        """Say where the table is in the file, or how it is written, where that was guessed wrongly."""
        upload = keeping.own(upload_id, UploadState.DRAFT)
        said: dict[str, Any] = {name: request.form.get(name) for name in ("sheet", "encoding", "separator")}
        row = request.form.get("header_row", "")
        said["header_row"] = int(row) if row.isdecimal() and len(row) < len("10000") else None
        if said["sheet"] != upload.source.get("sheet"):
            said["header_row"] = None
        try:
            seen = looking.look(upload.file_key or "", said)
        except (SheetError, FileNotFoundError) as error:
            flash(str(error) if isinstance(error, SheetError) else str(keeping.GONE), "danger")
            return redirect(f"/upload/{upload_id}")
        # where there is no table, what was said still stands, to be mended
        upload.source, upload.plan = looking.source_of(seen) | ({} if seen.fault is None else said), {}
        web_session().commit()
        return redirect(f"/upload/{upload_id}")

    @expose("/<id(upload):upload_id>/check", methods=["POST"])
    @has_access
    @permission_name("add")
    def check(self, upload_id: int) -> Any:
        """Keep what the columns mean, and try the rows."""
        sent = Sending.now()
        if keeping.is_again(sent):
            return redirect(f"/upload/{upload_id}")
        upload = keeping.own(upload_id, UploadState.DRAFT)
        entity, session = registry.entity(upload.entity), web_session()
        header, form = list(upload.source.get("header", ())), fill_form(entity, session, current())
        plan, errors = plan_of(entity, header, request.form, form, current())
        if errors:
            return columns_page(upload, keeping.seen_in(upload), plan, None, errors, form)
        if name := request.form.get("u-name", "").replace("\x00", "").strip()[:200]:
            keeping.remember(upload.entity, name, plan)
        upload.plan = plan.to_json()
        session.execute(delete(UploadRow).where(UploadRow.upload_id == upload.id))
        is_small = keeping.size_of(upload) <= SMALL
        try:
            keeping.turn(upload, UploadState.CHECKING, sent, rows=0, progress=0)
        except IntegrityError as error:
            # two who keep their first layout under one name at once
            raise RuleError(plain_reason(error)) from error
        if is_small:
            work.run(upload_id, AT_ONCE)
        return redirect(f"/upload/{upload_id}")

    @expose("/<id(upload):upload_id>/mend", methods=["POST"])
    @has_access
    @permission_name("add")
    def mend(self, upload_id: int) -> Any:
        """Take over mended cells, and try their rows again."""
        upload, session = keeping.own(upload_id, *MENDABLE), web_session()
        places = {place for place, _header, _field in columns_of(upload)}
        said = {int(one) for one in request.form.getlist("row") if as_id(UploadRow, one) is not None}
        query = select(UploadRow).where(
            UploadRow.upload_id == upload.id, UploadRow.state == RowState.REFUSED, UploadRow.id.in_(said)
        )
        rows = session.scalars(query).all()
        for row in rows:
            row.cells = [
                keeping.mended(row.id, place, cell) if place in places else cell
                for place, cell in enumerate(row.cells)
            ]
        ids = [row.id for row in rows]
        session.commit()
        work.try_again(upload_id, ids)
        return redirect(f"/upload/{upload_id}")

    @expose("/<id(upload):upload_id>/store", methods=["POST"])
    @has_access
    @permission_name("add")
    def store(self, upload_id: int) -> Any:
        """Store what was found to be right: all of it or none, or what still is."""
        sent = Sending.now()
        if keeping.is_again(sent):
            return redirect(f"/upload/{upload_id}")
        upload = keeping.own(upload_id, UploadState.CHECKED)
        is_whole = request.form.get("whole") == "1"
        if is_whole and upload.refused:
            raise RuleError(gettext("Some rows are refused, so nothing was stored"))
        is_small = upload.created + upload.updated <= AT_ONCE
        keeping.turn(upload, UploadState.STORING, sent, is_whole=is_whole, progress=0)
        if is_small:
            work.run(upload_id)
        return redirect(f"/upload/{upload_id}")

    @expose("/<id(upload):upload_id>/again", methods=["POST"])
    @has_access
    @permission_name("add")
    def again(self, upload_id: int) -> Any:
        """Back to the columns of a file of which nothing is stored yet; of one that ended half way, to what is left."""
        upload = keeping.own(upload_id, UploadState.CHECKED, UploadState.FAILED, UploadState.DONE)
        if upload.ended_at is None and not keeping.has_stored(upload):
            keeping.turn(upload, UploadState.DRAFT)
        elif upload.state == UploadState.FAILED or left(upload):
            keeping.turn(upload, UploadState.CHECKED, None, **staging.counts(web_session(), upload_id))
        return redirect(f"/upload/{upload_id}")

    @expose("/<id(upload):upload_id>/undo", methods=["POST"])
    @has_access
    @permission_name("add")
    def undo(self, upload_id: int) -> Any:
        """Ask a second person to have the import undone."""
        upload = keeping.own(upload_id, UploadState.DONE)
        if not undoing.is_open(upload):
            raise RuleError(gettext("An import can be undone for a day"))
        upload.undo_asked_at = upload.undo_asked_at or clock.now()
        web_session().commit()
        flash(gettext("A second person who sees all records can now undo it"), "info")
        return redirect(f"/upload/{upload_id}")

    @expose("/<id(upload):upload_id>/approve", methods=["POST"])
    @has_access
    @permission_name("undo")
    def approve(self, upload_id: int) -> Any:
        """Undo somebody's import who asked for it."""
        upload = keeping.upload_of(upload_id)
        if not undoing.may_approve(upload, current()):
            abort(404)
        undoing.begin(upload, current(), str(get_locale()))
        if upload.created + upload.updated <= AT_ONCE:
            work.run(upload_id)
        return redirect(f"/upload/{upload_id}")

    @expose("/<id(upload):upload_id>/errors.xlsx")
    @has_access
    @permission_name("show")
    def errors(self, upload_id: int) -> Any:
        """The refused rows as a workbook, to be mended and sent again."""
        upload = keeping.upload_of(upload_id)
        if (
            upload.user_id != current().user_id
            or not registry.has_entity(upload.entity)
            or not upload.refused
        ):
            abort(404)
        content = error_file.made(upload)
        return send_file(content, mimetype=XLSX, as_attachment=True, download_name=f"errors-{upload.id}.xlsx")
