"""The doors of files in custom fields: for whoever sees the record and is shown the field; else there is no such file."""

from typing import Any, ClassVar

from flask import abort
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_appbuilder.security.decorators import protect
from sqlalchemy import select

from app.core import registry
from app.core.db import web_session
from app.core.org import FieldFile
from app.core.web import followed, openapi
from app.core.web.api_base import Api
from app.core.web.attachments import send
from app.core.web.entity_api import EntityApi
from app.core.web.fields import as_id, customs
from app.core.web.principal import current
from app.core.web.register import screen


def field_file(pk: Any) -> FieldFile:
    """The file with that id, of a record in sight and in a field that the reader is shown unmasked; else 404."""
    wanted = as_id(FieldFile, pk)
    one = select(FieldFile).where(FieldFile.id == wanted, *followed.open_to(FieldFile, current()))
    found = (web_session().scalar(one) if wanted is not None else None) or abort(404)
    shown = (field for field in customs(registry.entity(found.entity)) if field.is_open_to(current()))
    if not any(field.custom and field.custom.code == found.field for field in shown if field.kind == "file"):
        abort(404)
    return found


@screen()
class FieldFiles(BaseView):
    """What lists and pages of records show of files in their fields."""

    route_base = "/field_file"
    class_permission_name = "Files"

    @expose("/<id(field_file):field_file_id>/preview")
    @has_access
    @permission_name("show")
    def preview(self, field_file_id: int) -> Any:
        return send(field_file(field_file_id), in_page=True)

    @expose("/<id(field_file):field_file_id>/download")
    @has_access
    @permission_name("show")
    def download(self, field_file_id: int) -> Any:
        return send(field_file(field_file_id), in_page=False)


@screen()
class FieldFileContent(Api):
    """`/api/v1/field_file/<id>/content`: the file for programs."""

    resource_name = "field_file"
    class_permission_name = openapi_spec_tag = "Files"
    openapi_spec_methods: ClassVar[dict[str, Any]] = {"content": openapi.CONTENT}
    operation_helper = EntityApi.operation_helper

    @expose("/<digits:pk>/content", methods=["GET"])
    @protect()
    @permission_name("show")
    def content(self, pk: str) -> Any:
        """The file as it was uploaded."""
        return send(field_file(pk), in_page=False)
