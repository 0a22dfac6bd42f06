"""Files in custom fields, stored with the record whose form or call they come with.

A form or a program sends a file, or names an attachment of the record, whose content is then the field's, too. Whatever
takes its place later, the line of a file stays: the history names it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from sqlalchemy import func, select

from app.core import custom
from app.core.custom_column import PREFIX
from app.core.custom_file import HeldFile
from app.core.db import ScopedSession
from app.core.errors import RuleError
from app.core.org import Attachment, FieldFile
from app.core.web import followed
from app.core.web.principal import current
from app.core.web.sent_file import Sent, keep


@dataclass(frozen=True)
class Taken:
    """The values of a row with what the row keeps of each file, and the lines of these files."""

    values: dict[str, Any]
    lines: list[FieldFile]

    def store(self, session: ScopedSession, row: Any) -> None:
        """Store the lines once the row has its id."""
        for line in self.lines:
            line.row_id = row.id
        session.add_all(self.lines)
        session.flush()

    def refuse_waiting(self) -> None:
        """Raise RuleError where a file would have to wait for approval with what else was changed."""
        if self.lines:
            told = gettext("A file cannot wait for approval with the other changes: store it by itself")
            raise RuleError(told, PREFIX + self.lines[0].field)


def take(session: ScopedSession, entity: Any, row: Any, values: Mapping[str, Any]) -> Taken:
    """Keep the files among the values of a row, or of a new one when `row` is None.

    Raises RuleError for a file that is too large or empty, and for what is no attachment of the row.
    """
    taken = Taken(dict(values), [])
    for name, given in values.items():
        if (
            given is None
            or not name.startswith(PREFIX)
            or custom.column_of(entity, name).info["kind"] != "file"
        ):
            continue
        is_sent = hasattr(given, "stream")
        sent = keep(session, given, name) if is_sent else _of_attachment(session, entity, row, given, name)
        number = session.scalar(
            select(func.nextval(func.pg_get_serial_sequence(FieldFile.__tablename__, "id")))
        )
        taken.lines.append(FieldFile(
            id=number, entity=entity.slug(), field=name.removeprefix(PREFIX), author_id=current().user_id,
            file_key=sent.file_key, name=sent.name, media_type=sent.media_type, size=sent.size,
        ))  # fmt: skip
        taken.values[name] = HeldFile(int(number or 0), sent.name, sent.media_type)
    return taken


def _of_attachment(session: ScopedSession, entity: Any, row: Any, number: int, column: str) -> Sent:
    """The content of an attachment of the row that the reader sees."""
    about = Attachment.entity == entity.slug(), Attachment.row_id == (None if row is None else row.id)
    wanted = Attachment.id == number, *about, *followed.open_to(Attachment, current())
    found = session.scalar(select(Attachment).where(*wanted))
    if found is None:
        raise RuleError(gettext("This record has no such attachment"), column)
    return Sent(found.file_key, found.name, found.media_type, found.size)
