"""What people add to a record of any entity: comments with whom they mention, files, their stars and what they follow."""

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.core import codes, registry
from app.core.entity import Entity, link
from app.core.labels import singular
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import Code, Count, CreatedAt, Line, Name, Text


class About:
    """Of a row that is about one of any entity: the entity's slug and the row's id, which stay as they are."""

    entity: Mapped[Code] = mapped_column(info={"words": "followed", "is_fixed": True})
    row_id: Mapped[int] = mapped_column(
        BigInteger, info={"kind": "number", "of": "entity", "is_fixed": True, "is_target": True}
    )


class Comment(About, Entity):
    """What somebody wrote about a record; seen by whoever sees the record, changed by its author alone."""

    __scope__ = Scope.follows(author="author_id")
    __table_args__ = (Index("ix_comment_row", "entity", "row_id", "id"),)

    author_id: Mapped[int] = link("user")
    text: Mapped[Text]
    created_at: Mapped[CreatedAt]

    __screen__ = Screen(
        help=_(
            "What people wrote about records, of any kind. A comment is seen by whoever sees the record, and only its "
            "author changes it. Name a colleague as @login to have him told, if he sees the record."
        ),
        menu=_("Work"), title=_("Comments"), icon="messages", list="created_at entity row_id author text", position=60,
        form={_("Comment"): "entity row_id text"}, show={_("Comment"): "created_at entity row_id author text"},
        search="text", labels={"row": _("Record")},
    )  # fmt: skip


class Mention(About, Entity):
    """A user whom a comment names as @login; what tells him of it reads these rows."""

    __scope__ = Scope.follows(author="author_id")
    __history__ = False
    __table_args__ = (UniqueConstraint("comment_id", "user_id"), Index("ix_mention_user", "user_id", "id"))

    comment_id: Mapped[int] = link("comment", ondelete="CASCADE", index=False)
    author_id: Mapped[int] = link("user")
    user_id: Mapped[int] = link("user", ondelete="CASCADE", index=False)
    created_at: Mapped[CreatedAt]

    __screen__ = Screen(
        title=_("Mentions"), icon="user-check", list="created_at entity row_id author user comment", operations="",
        labels={"row": _("Record")},
    )  # fmt: skip


class Attachment(About, Entity):
    """A file that somebody put to a record; what sort it is was found in its content, not in its name."""

    __scope__ = Scope.follows(author="author_id")
    __table_args__ = (Index("ix_attachment_row", "entity", "row_id", "id"),)

    author_id: Mapped[int] = link("user")
    file_key: Mapped[Code] = mapped_column(info={"kind": "file", "is_fixed": True})
    name: Mapped[Name]
    media_type: Mapped[Code]
    size: Mapped[Count]
    note: Mapped[Line | None]
    created_at: Mapped[CreatedAt]

    __screen__ = Screen(
        help=_(
            "Files that people put to records. A file is seen by whoever sees the record. What sort it is was found in its "
            "content, not in its name: pictures, sound, film and PDF open in the page, everything else is only downloaded."
        ),
        menu=_("Work"), title=_("Attachments"), icon="paperclip", list="created_at entity row_id name media_type size author note",
        form={_("Attachment"): "entity row_id file_key note"}, search="name note", position=61,
        show={_("Attachment"): "created_at entity row_id name media_type size author note"},
        labels={"row": _("Record"), "file_key": _("File"), "size": _("Bytes"), "media_type": _("Sort of file"),
                "name": _("File name")},
    )  # fmt: skip


class FieldFile(About, Entity):
    """A file that stands, or stood, in a custom field of a record: where its content is kept.

    Seen by whoever sees the record and may see the field. It stays when another file takes its place or the field is
    emptied, since the history names it. No attachment: those are seen by everybody who sees the record.
    """

    __scope__ = Scope.follows(author="author_id")
    __history__ = False
    __custom__ = False
    __table_args__ = (Index("ix_field_file_row", "entity", "row_id", "field"),)

    author_id: Mapped[int] = link("user")
    field: Mapped[Code] = mapped_column(info={"kind": "mark"})
    """The code of the custom field."""
    file_key: Mapped[Code] = mapped_column(info={"kind": "file", "is_fixed": True})
    name: Mapped[Name]
    media_type: Mapped[Code] = mapped_column(info={"kind": "mark"})
    size: Mapped[Count]
    created_at: Mapped[CreatedAt]


class _Marked(About):
    """What a user keeps for himself of a record."""

    user_id: Mapped[int] = link("user", ondelete="CASCADE", index=False)
    created_at: Mapped[CreatedAt]

    @declared_attr.directive
    def __table_args__(cls) -> Any:  # noqa: N805
        return (UniqueConstraint("user_id", "entity", "row_id"),)


class Favourite(_Marked, Entity):
    """A record that a user starred, to find it again on his home page."""

    __scope__ = Scope.owned("user_id")
    __history__ = False

    __screen__ = Screen(
        title=_("Favourites"), icon="star", list="created_at entity row_id", form={_("Favourite"): "entity row_id"},
        operations="add delete", labels={"row": _("Record")},
    )  # fmt: skip


class Following(_Marked, Entity):
    """A record of whose comments, files and changes a user wants to be told."""

    __scope__ = Scope.owned("user_id")
    __history__ = False
    __table_args__ = (
        UniqueConstraint("user_id", "entity", "row_id"),
        Index("ix_following_row", "entity", "row_id"),
    )

    __screen__ = Screen(
        title=_("Followed records"), icon="bell", list="created_at entity row_id", form={_("Following"): "entity row_id"},
        operations="add delete", labels={"row": _("Record")},
    )  # fmt: skip


class RecentRecord(About, Entity):
    """A record whose page a user opened, to find it again; the newest of each user are kept."""

    __scope__ = Scope.owned("user_id")
    __history__ = False
    __custom__ = False
    __table_args__ = (
        UniqueConstraint("user_id", "entity", "row_id"),
        Index("ix_recent_record_user", "user_id", "opened_at"),
    )

    user_id: Mapped[int] = link("user", ondelete="CASCADE", index=False)
    opened_at: Mapped[CreatedAt]


def _followed() -> codes.Words:
    return {cls.slug(): singular(cls) for cls in registry.followed(Comment)}


codes.add("followed", _followed)
