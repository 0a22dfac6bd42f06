"""What must hold of comments, files and stars before they are stored: whose they are, about what, how large."""

from typing import Any

from flask_babel import gettext
from sqlalchemy.orm import Session

from app.core import files, form_rules, media, settings
from app.core.errors import RuleError
from app.core.org import ApprovalRequest, Attachment, Comment, Favourite, Following, Task
from app.core.web import followed, mentions
from app.core.web.principal import current

KIND = "attachment"


@form_rules.fill(Comment, Attachment, Favourite, Following, Task, ApprovalRequest)
def belongs_to_who_adds_it(session: Any, row: Any, user_id: int | None) -> None:
    """Whoever adds it is its author; what it is about must be in his sight. Raises OutOfScope."""
    setattr(row, type(row).__scope__.owner, user_id)
    followed.target(session, row.entity, row.row_id, current())


@form_rules.fill(Attachment)
def keep_file(session: Session, row: Any, _user_id: int | None) -> None:
    """Keep what was uploaded and say what it is. Raises RuleError for a file that is too large or empty."""
    upload = row.file_key
    most = int(settings.read(session, "attachment_mb")) * files.MEGA
    head = upload.stream.read(media.HEAD)
    if not head:
        raise RuleError(gettext("The file is empty"), "file_key")
    upload.stream.seek(0)
    try:
        row.file_key = files.store(upload.stream, KIND, most_bytes=most)
    except RuleError as error:
        raise RuleError(error.message, "file_key") from error
    row.name = _fitting(files.shown_name(upload.filename or ""))
    row.media_type, row.size = media.kind_of(head), files.size_of(row.file_key)


@form_rules.check(Comment, about="text")
def keep_mentions(session: Any, comment: Any) -> Any:
    """Keep whom a comment mentions; warns of a name that is nobody who sees the record."""
    return mentions.keep(session, comment)


def _fitting(name: str) -> str:
    """As many letters of a name as its column holds; its ending stays."""
    most = Attachment.__table__.c.name.type.length
    stem, dot, ending = name.rpartition(".")
    return name if len(name) <= most else f"{stem[: most - len(dot + ending)]}{dot}{ending}"
