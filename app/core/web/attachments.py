"""Files of records as they leave the program: in a page only what can run nothing, all else to be kept.

Whoever opens one sees the record it belongs to. Where that record is a person's, the access log keeps who took it.
"""

from datetime import timedelta
from typing import Any, ClassVar

from flask import abort, send_file
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_appbuilder.security.decorators import protect
from sqlalchemy import select

from app.core import clock, db, files, media, registry
from app.core.db import unscoped, web_session
from app.core.org import Attachment, AuditEvent
from app.core.web import followed, openapi
from app.core.web.api_base import Api
from app.core.web.entity_api import EntityApi
from app.core.web.fields import as_id
from app.core.web.principal import current
from app.core.web.register import screen
from app.core.web.show_page import is_personal

SANDBOX = "default-src 'none'; img-src 'self'; media-src 'self'; frame-ancestors 'self'; form-action 'none'; base-uri 'none'; sandbox"
"""A file is a document of no origin: it runs nothing, and asks nothing of this address."""
AGAIN = timedelta(minutes=10)
"""So long the same file is opened once by the same user from the same place: a player asks for it piece by piece."""


def attachment(pk: Any) -> Attachment:
    """The attachment with that id, of a record in sight; anything else does not exist."""
    wanted = as_id(Attachment, pk)
    one = select(Attachment).where(Attachment.id == wanted, *followed.open_to(Attachment, current()))
    return (web_session().scalar(one) if wanted is not None else None) or abort(404)


def send(one: Attachment, *, in_page: bool) -> Any:
    """The file, shown in a page or to be kept. 404 where it is gone from the store."""
    if in_page and not media.shown_as(one.media_type):
        abort(404)
    try:
        answer = send_file(
            files.path_of(one.file_key), mimetype=one.media_type, as_attachment=not in_page,
            download_name=one.name, conditional=True,
        )  # fmt: skip
    except (FileNotFoundError, ValueError):
        abort(404)
    _log(one)
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _log(one: Attachment) -> None:
    """Keep who took a person's file, or any part of it; one who took it some minutes ago took it once."""
    if not is_personal(registry.entity(one.entity)):
        return
    said = {
        "kind": "file", "user_id": current().user_id, "entity": one.entity, "row_id": one.row_id,
        "details": {one.slug(): one.id}, "source": db.source.get(), "network_address": db.network_address.get(),
    }  # fmt: skip
    same = select(AuditEvent.id).filter_by(**said).where(AuditEvent.at > clock.now() - AGAIN)
    with unscoped("access log", user_id=current().user_id) as house:
        if house.scalar(same.limit(1)) is None:
            house.add(AuditEvent(about=one.name, **said))


class FileDoors(BaseView):
    """What a page shows of a file, and what it offers to keep; `find` gives the file to who may open it, else 404."""

    @staticmethod
    def find(pk: Any) -> Any:
        raise NotImplementedError

    @expose("/<digits:pk>/preview")
    @has_access
    @permission_name("show")
    def preview(self, pk: str) -> Any:
        return send(self.find(pk), in_page=True)

    @expose("/<digits:pk>/download")
    @has_access
    @permission_name("show")
    def download(self, pk: str) -> Any:
        return send(self.find(pk), in_page=False)


class FileContent(Api):
    """`/api/v1/<resource>/<id>/content`: the file for programs."""

    @staticmethod
    def find(pk: Any) -> Any:
        raise NotImplementedError

    openapi_spec_methods: ClassVar[dict[str, Any]] = {"content": openapi.CONTENT}
    operation_helper = EntityApi.operation_helper

    @expose("/<digits:pk>/content", methods=["GET"])
    @protect()
    @permission_name("show")
    def content(self, pk: str) -> Any:
        """The file as it was uploaded."""
        return send(self.find(pk), in_page=False)


@screen()
class Attachments(FileDoors):
    """The attachments of records."""

    route_base = "/attachment"
    class_permission_name = "Attachment"
    find = staticmethod(attachment)


@screen()
class AttachmentContent(FileContent):
    """The same for programs."""

    resource_name = "attachment"
    class_permission_name = openapi_spec_tag = "Attachment"
    find = staticmethod(attachment)
