"""The doors of reports: a page, a chart and a workbook for each, and the page that lists them."""

from typing import Any

from flask import jsonify, render_template, request
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_babel import gettext, lazy_gettext as _

from app.core import registry
from app.core.db import web_session
from app.core.report import Reader, Report
from app.core.web import report_chart, report_file, report_form, report_map, report_page
from app.core.web.builder import keeping
from app.core.web.principal import current
from app.core.web.register import MenuEntry
from app.core.web.report_data import Figures
from app.core.web.report_form import Question
from app.core.web.steering import business_date


class ReportView(BaseView):
    """Base of the generated views; `report` is set by `view_for`."""

    report: Any = None
    default_view = "page"

    def question(self) -> Question:
        """What the address asks."""
        reader = Reader(web_session(), business_date(), current().user_id)
        return report_form.read(self.report, reader, current())

    def figures(self) -> Figures:
        """The figures asked for. Raises RuleError for what cannot be asked."""
        return Figures(report_form.need_valid(self.question()), request.args.get("by", ""))

    @expose("/")
    @has_access
    @permission_name("open")
    def page(self) -> Any:
        question = self.question()
        if not question.is_valid:
            by = self.report.dimension(request.args.get("by", ""))
            return render_template(self.report.template, page=report_page.frame(question, by)), 422
        result = Figures(question, request.args.get("by", "")).result(self.report.most_rows)
        page = report_page.page(result)
        return render_template(self.report.template, page=page | report_map.pictures(result))

    @expose("/chart")
    @has_access
    @permission_name("open")
    def chart(self) -> Any:
        return jsonify(report_chart.chart_data(self.figures().result(self.report.most_rows)))

    @expose("/export.xlsx")
    @has_access
    @permission_name("open")
    def export(self) -> Any:
        return report_file.export(self.figures())


def view_for(report: Report) -> type[ReportView]:
    """The view class of a report, for Flask-AppBuilder to register."""
    name = f"report_{report.name.replace('-', '_')}"
    attributes = {"report": report, "route_base": report.url, "class_permission_name": report.subject}
    return type(name, (ReportView,), attributes)


def menu_entry(report: Report) -> MenuEntry:
    """Its line in the menu."""
    permission = (report.permission, report.subject)
    return MenuEntry(
        _("Reports"), report.title, f"{report.url}/", report.icon, permission, report.position, report.help
    )


INDEX = MenuEntry(
    "",
    _("Reports"),
    "/report/",
    "report",
    ("can_index", "Reports"),
    help=_(
        "All reports that you may open, those of the product and those that users built. Figures are "
        "always of your own data scope. Numbers lead to the rows behind them, and each report has an "
        "Excel file of exactly what is shown."
    ),
    guide="reports-and-mail",
)


class Reports(BaseView):
    """The reports this person may open."""

    route_base = "/report"
    class_permission_name = "Reports"
    default_view = "index"

    @expose("/")
    @has_access
    def index(self) -> Any:
        may = [one for one in registry.reports() if current().may(one.permission, one.subject)]
        ordered = sorted(may, key=lambda one: one.position)
        return render_template(
            "report_index.html",
            page={
                "title": gettext("Reports"),
                "subtitle": None,
                "crumbs": [],
                "actions": [],
                "kept": keeping.lines(current()),
                "build_url": "/user_report/new" if current().may("can_build", "UserReport") else None,
                "reports": [(one.title, f"{one.url}/", one.icon, groups(one)) for one in ordered],
            },
        )


def groups(report: Report) -> str:
    """What a report can be grouped by, in words."""
    return ", ".join(str(one.label) for one in report.dimensions)
