"""The doors of built reports: the builder of every entity, its workbook, and reports kept under a name."""

from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import MultiDict

from app.core import labels, registry
from app.core.db import web_session
from app.core.errors import RuleError
from app.core.org import Role, UserReport
from app.core.web import links
from app.core.web.builder import file, form, home, keeping, page, sending_views
from app.core.web.builder.asked import Asked, own_of, read
from app.core.web.fields import as_id
from app.core.web.principal import current
from app.core.web.register import screen
from app.core.web.sending import Sending, say
from app.core.web.steering import business_date
from app.core.web.transfer import plain_reason

links.record_page("user_report", "/user_report/open/{id}")


def entity_of(slug: str) -> Any:
    """The entity whose list the reader may open; anything else does not exist."""
    if not registry.has_entity(slug) or not links.is_shown(registry.entity(slug)):
        abort(404)
    entity = registry.entity(slug)
    if not current().may("can_list", labels.subject(entity)):
        abort(404)
    return entity


def _asked(entity: Any, args: MultiDict[str, str]) -> Asked:
    return read(entity, args, current(), business_date())


@screen()
class UserReports(BaseView):
    """Building a report, looking at it, and keeping it."""

    route_base = "/user_report"
    class_permission_name = "UserReport"
    default_view = "new"

    @expose("/new")
    @has_access
    @permission_name("build")
    def new(self) -> Any:
        """What a report can be about: every entity whose list the reader may open."""
        shown = {"title": gettext("New report"), "subtitle": gettext("What is it about?"), "actions": [],
                 "crumbs": [(gettext("Reports"), "/report/")], "groups": keeping.subjects(current())}  # fmt: skip
        return render_template("builder/new.html", page=shown)

    @expose("/build/<slug>")
    @has_access
    @permission_name("build")
    def build(self, slug: str) -> Any:
        """The form and what it gives; with X-Partial what it gives alone."""
        entity, args = entity_of(slug), MultiDict(list(request.args.items(multi=True)))
        if not own_of(args):
            args.update(form.usual(entity, current()))
        report = keeping.found(args.get("_report", ""))
        shown = page.frame(entity, args, current(), report)
        is_part, status = bool(request.headers.get("X-Partial")), 200
        try:
            shown |= page.result(_asked(entity, args), shown["title"])
        except RuleError as error:
            if is_part:
                raise
            # what is chosen stays in the form, with the reason in the place of the figures
            shown |= {"error": str(error), "chips": [], "footer": []}
            status = 400
        if is_part:
            return render_template("builder/_result.html", page=shown)
        shown["roles"] = (
            web_session().scalars(select(Role).order_by(Role.name)).all() if keeping.may_share() else []
        )
        shown["actions"], shown["puts"] = keeping.actions(report, current()), home.puts(report)
        shown["sending"] = sending_views.form(report)
        return render_template("builder/build.html", page=shown), status

    @expose("/build/<slug>/export.xlsx")
    @has_access
    @permission_name("build")
    def export(self, slug: str) -> Any:
        """The workbook; for who may take the entity's list away as one."""
        entity, args = entity_of(slug), MultiDict(list(request.args.items(multi=True)))
        if not current().may("can_export", labels.subject(entity)):
            abort(403)
        report = keeping.found(args.get("_report", ""))
        if not own_of(args):
            args.update(form.usual(entity, current()))
        return file.export(_asked(entity, args), report.name if report else form.title_of(entity))

    @expose("/open/<pk>")
    @has_access
    @permission_name("show")
    def open(self, pk: str) -> Any:
        """A kept report, as its reader sees it."""
        wanted = as_id(UserReport, pk)
        report = keeping.found(str(wanted)) if wanted is not None else None
        if report is None:
            abort(404)
        entity_of(report.entity)
        return redirect(keeping.address(report))

    @expose("/save", methods=["POST"])
    @has_access
    def save(self) -> Any:
        """Keep a report under a name; under one that is known already, in its place."""
        entity, sent = entity_of(request.form.get("entity", "")), Sending.now()
        try:
            if (before := sent.row_before(web_session(), UserReport)) is not None:
                say(is_again=True)
                return redirect(keeping.address(before))
            report = keeping.stored(entity, request.form, lambda args: _asked(entity, args))
            sent.keep(web_session(), report.id)
        except (RuleError, IntegrityError) as error:
            web_session().rollback()
            flash(plain_reason(error) if isinstance(error, IntegrityError) else str(error), "danger")
            query = request.form.get("query", "").lstrip("?")
            return redirect(
                f"/user_report/build/{entity.slug()}"
                + (f"?{query}" if len(query) <= keeping.LONGEST_QUERY else "")
            )
        web_session().commit()
        say(is_again=False)
        return redirect(keeping.address(report))
