"""The doors of files in custom fields: for whoever sees the record and is shown the field; else there is no such file."""

from typing import Any

from flask import abort
from sqlalchemy import select

from app.core import registry
from app.core.db import web_session
from app.core.org import FieldFile
from app.core.web import followed
from app.core.web.attachments import FileContent, FileDoors
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
class FieldFiles(FileDoors):
    """What lists and pages of records show of files in their fields."""

    route_base = "/field_file"
    class_permission_name = "Files"
    find = staticmethod(field_file)


@screen()
class FieldFileContent(FileContent):
    """The same for programs."""

    resource_name = "field_file"
    class_permission_name = openapi_spec_tag = "Files"
    find = staticmethod(field_file)
