"""What must hold of comments, files and stars before they are stored: whose they are, about what, how large."""

from typing import Any

from sqlalchemy.orm import Session

from app.core import form_rules
from app.core.org import ApprovalRequest, Attachment, Comment, Favourite, Following, Task
from app.core.web import followed, mentions
from app.core.web.principal import current
from app.core.web.sent_file import keep


@form_rules.fill(Comment, Attachment, Favourite, Following, Task, ApprovalRequest)
def belongs_to_who_adds_it(session: Any, row: Any, user_id: int | None) -> None:
    """Whoever adds it is its author; what it is about must be in his sight. Raises OutOfScope."""
    setattr(row, type(row).__scope__.owner, user_id)
    followed.target(session, row.entity, row.row_id, current())


@form_rules.fill(Attachment)
def keep_file(session: Session, row: Any, _user_id: int | None) -> None:
    """Keep what was uploaded and say what it is. Raises RuleError for a file that is too large or empty."""
    sent = keep(session, row.file_key, "file_key")
    row.file_key, row.name, row.media_type, row.size = sent.file_key, sent.name, sent.media_type, sent.size


@form_rules.check(Comment, about="text")
def keep_mentions(session: Any, comment: Any) -> Any:
    """Keep whom a comment mentions; warns of a name that is nobody who sees the record."""
    return mentions.keep(session, comment)
