"""What every list asks for besides itself: rows to choose from, its file, its charts, verbs on many of its rows."""

from typing import Any

from flask import abort, jsonify, render_template, request
from flask_appbuilder import expose, has_access, permission_name

from app.core.web import bulk_page, charts, lookups, transfer
from app.core.web.entity_base import EntityBase
from app.core.web.fields import describe_all
from app.core.web.listing import Listing
from app.core.web.operate import operate
from app.core.web.principal import current
from app.core.web.steering import business_date


class ListDoors(EntityBase):
    """Routes of a list that every entity has."""

    @expose("/lookup/<column>")
    @has_access
    @permission_name("list")
    def lookup(self, column: str) -> Any:
        """Rows to choose for a link of this entity, by typing."""
        try:
            field = describe_all(self.entity, [column])[0]
        except KeyError:
            abort(404)
        if field.kind != "link":
            abort(404)
        near = lookups.near(field.target, request.args)
        return jsonify(lookups.rows(field.target, request.args.get("q", ""), current(), near))

    @expose("/export.xlsx")
    @has_access
    @permission_name("export")
    def export(self) -> Any:
        """Excel of exactly what the list shows; above 10 000 rows a job makes it."""
        return transfer.export_list(Listing(self.entity, request.args, current(), business_date()))

    @expose("/chart/<column>")
    @has_access
    @permission_name("chart")
    def chart(self, column: str) -> Any:
        if column not in charts.offered(self.entity):
            abort(404)
        if request.args.get("data") == "1":
            return jsonify(charts.chart_data(self.entity, column, request.args, current(), business_date()))
        page = charts.chart_page(self.entity, column, request.args)
        return render_template("generated/chart.html", page=page)

    @expose("/change", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def change(self) -> Any:
        """The form of one change to many rows, and its execution."""
        self.need("edit")
        return bulk_page.change(self.entity)

    @expose("/do/<name>", methods=["GET", "POST"])
    @has_access
    @permission_name("list")
    def operate(self, name: str) -> Any:
        """The form of an operation on one or many rows, and its execution."""
        return operate(self.entity, name)
