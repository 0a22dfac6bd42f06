"""REST for every entity: /api/v1/<entity>/, with OpenAPI, cursors, the screens' filters, scope and rights.

Written on Flask-AppBuilder's BaseApi (tokens, permissions, OpenAPI registration); rows are read and written
by the same machinery as the screens, so nothing can be reached here that a screen would refuse.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import abort, request
from flask_appbuilder.api import BaseApi, expose
from flask_appbuilder.security.decorators import permission_name, protect
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core import registry
from app.core.db import web_session
from app.core.errors import RuleError
from app.core.labels import subject
from app.core.personal import mask
from app.core.types import Choice
from app.core.web import bodies, forms, kept, links, openapi, operations, transfer
from app.core.web.cells import as_told
from app.core.web.fields import FieldInfo, as_id, describe_all, listable
from app.core.web.listing import Listing
from app.core.web.principal import Principal, current
from app.core.web.steering import business_date
from app.core.web.writing import write


def json_value(field: FieldInfo, row: Any, principal: Principal, on: date) -> Any:
    """A value for JSON: money and rates as text so that no float touches them, links as {id, text}."""
    value = as_told(field, row, field.value(row, on))
    if value is None:
        return None
    if field.kind == "link":
        return {"id": value.id, "text": str(value)}
    if personal := field.masked_as(row, principal):
        return mask(str(value), personal)
    if field.kind == "json":
        of = None if field.path else field.column.info.get("of")
        return kept.masked(value, of and getattr(row, of), principal)
    if isinstance(value, (Decimal, Choice)):
        return str(value)
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def resource(row: Any, fields: list[FieldInfo]) -> dict[str, Any]:
    """A row as JSON."""
    principal, on = current(), business_date()
    return {"id": row.id, **{field.name: json_value(field, row, principal, on) for field in fields}}


class EntityApi(BaseApi):
    """Base of the generated resources; `entity` is set by `api_for`."""

    entity: Any = None
    allow_browser_login = False

    def operation_helper(
        self,
        path: str | None = None,
        operations: Any = None,
        methods: Any = None,
        func: Any = None,
        **_more: Any,
    ) -> None:
        """Say what the declaration says; Flask-AppBuilder would read docstrings written for it."""
        for method in methods:
            operations[method.lower()] = self.openapi_spec_methods[func.__name__][method.lower()]

    def _need(self, verb: str) -> None:
        if verb not in self.entity.__screen__.operations.split():
            abort(404)

    def _row(self, pk: str) -> Any:
        wanted = as_id(self.entity, pk)
        if wanted is None:
            abort(404)
        found = web_session().scalars(select(self.entity).where(self.entity.id == wanted))
        return found.unique().one_or_none() or abort(404)

    @expose("/", methods=["GET"])
    @protect()
    @permission_name("list")
    def get_list(self) -> Any:
        """Rows by the screens' filters; `next` is the cursor of the next page or null."""
        listing = Listing(self.entity, request.args, current(), business_date())
        session = web_session()
        found = listing.page(session)
        rows = [resource(row, listing.columns) for row in found.rows]
        following = listing.cursor(found.rows[-1]) if found.has_more else None
        return self.response(200, result=rows, next=following, count=listing.count(session))

    @expose("/<pk>", methods=["GET"])
    @protect()
    @permission_name("show")
    def get(self, pk: str) -> Any:
        return self.response(200, result=resource(self._row(pk), listable(self.entity)))

    @expose("/", methods=["POST"])
    @protect()
    @permission_name("add")
    def post(self) -> Any:
        self._need("add")
        return self._write(None, 201)

    @expose("/<pk>", methods=["PUT"])
    @protect()
    @permission_name("edit")
    def put(self, pk: str) -> Any:
        self._need("edit")
        return self._write(self._row(pk), 200)

    @expose("/<pk>", methods=["DELETE"])
    @protect()
    @permission_name("delete")
    def delete(self, pk: str) -> Any:
        self._need("delete")
        session = web_session()
        try:
            session.delete(self._row(pk))
            session.commit()
        except IntegrityError as error:
            session.rollback()
            return self.response(422, message=transfer.plain_reason(error))
        return self.response(200, message=gettext("Deleted"))

    @expose("/<pk>/do/<name>", methods=["POST"])
    @protect()
    @permission_name("show")
    def operate(self, pk: str, name: str) -> Any:
        """Run an operation on one row; its arguments are the body."""
        from app.core.web.operate import find

        operation, session = find(self.entity, name), web_session()
        row_id = self._row(pk).id
        said = bodies.body()
        try:
            form = operations.form_for(operation, session, posted=bodies.arguments(said))
        except RuleError as error:
            return self._refused(error)
        if not form.validate():
            return self.response(422, message=gettext("Some values are not right"), errors=form.errors)
        arguments = {p.name: form[p.name].data for p in operation.arguments}
        [outcome] = operations.run(operation, session, [row_id], current(), arguments)
        session.commit()
        if not outcome.is_done:
            return self._refused(RuleError(outcome.sentence, outcome.field))
        return self.response(200, message=outcome.sentence)

    def _write(self, row: Any, status: int) -> Any:
        """Check the body as the form would, then store it; 422 names each field and why."""
        fields = [
            f
            for f in describe_all(self.entity, self.entity.__screen__.form_columns)
            if f.is_open_to(current())
        ]
        said = bodies.body()
        unknown = sorted(set(said) - {f.name for f in fields} - {f.column.key for f in fields})
        if unknown:
            return self.response(422, message=gettext("Unknown fields: %(names)s", names=", ".join(unknown)))
        if row is not None:
            fields = [f for f in fields if f.name in said or f.column.key in said]
        try:
            form = forms.entity_form(fields, web_session(), row, posted=bodies.row(fields, said))
        except RuleError as error:
            return self._refused(error)
        if not form.validate():
            return self.response(422, message=gettext("Some values are not right"), errors=form.errors)
        return self._store(form, fields, row, status)

    def _store(self, form: Any, fields: list[FieldInfo], row: Any, status: int) -> Any:
        try:
            written = write(self.entity, row, forms.values(form, fields))
        except RuleError as error:
            return self._refused(error)
        return self.response(status, result={"id": written.id}, warnings=written.warnings)

    def _refused(self, error: RuleError) -> Any:
        """What a rule says, and the field it is about."""
        reasons = {error.field: [str(error)]} if error.field else {}
        return self.response(422, message=str(error), errors=reasons)


def api_for(entity: Any) -> type[EntityApi]:
    """The resource of an entity, for Flask-AppBuilder to register."""
    return type(f"api_{entity.slug()}", (EntityApi,), {
        "entity": entity, "resource_name": entity.slug(), "class_permission_name": subject(entity),
        "openapi_spec_tag": subject(entity), "openapi_spec_methods": openapi.methods(entity),
    })  # fmt: skip


def registered() -> list[type[EntityApi]]:
    """A resource for each entity that has a screen."""
    return [api_for(cls) for cls in registry.entities() if links.is_shown(cls)]
