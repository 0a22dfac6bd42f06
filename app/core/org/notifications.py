"""What users are told of, and by which way each wants to be told of what."""

from typing import Any

from flask_babel import lazy_gettext as _, lazy_pgettext
from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import codes
from app.core.entity import Entity, link
from app.core.scope import Scope
from app.core.types import Choice, Code, Count, CreatedAt, Instant, Line, choice

_INSIDE = {"kind": "mark"}
"""Of columns that nobody reads."""


class NotificationKind(Choice):
    """Of what a user can be told."""

    MENTION = "mention", _("Somebody mentions you"), "blue"
    ASSIGNED = "assigned", _("Somebody puts you down on a record"), "orange"
    COMMENT = "comment", _("Comment on a record that you follow"), "teal"
    FILE = "file", _("File on a record that you follow"), "teal"
    CHANGE = "change", _("Change of a record that you follow"), "gray"
    JOB = "job", _("Your job has ended or your file is ready"), "green"
    APPROVAL = "approval", _("A request waits for your approval, or yours is decided"), "orange"
    TASK = "task", _("A task for you, your role or your team"), "blue"
    STOPPED = "stopped", _("A rule or webhook was switched off by itself"), "red"
    REPORT = "report", _("A report that is sent on set days"), "purple"


class NotificationWay(Choice):
    """By which way a user is told."""

    SCREEN = "screen", lazy_pgettext("notification", "On the screen"), "blue"
    MAIL = "mail", lazy_pgettext("notification", "On the screen and by e-mail"), "green"
    NONE = "none", lazy_pgettext("notification", "Not at all"), "secondary"


class MailState(Choice):
    """What became of the e-mail about a notification."""

    WAITING = "waiting", _("Waiting"), "secondary"
    SENDING = "sending", _("Sending"), "blue"
    SENT = "sent", _("Sent"), "green"
    FAILED = "failed", _("Failed"), "red"
    UNKNOWN = "unknown", _("Unknown"), "orange"


class Notification(Entity):
    """Something that a user is told of: noted with the deed itself, told once it is found that he sees the record.

    It holds no word of the record: what he reads is made when he reads it, of what he sees then.
    """

    __scope__ = Scope.owned("user_id")
    __history__ = False
    __custom__ = False
    __table_args__ = (
        Index("ix_notification_user", "user_id", "id"),
        Index("ix_notification_unread", "user_id", "id", postgresql_where=text("read_at IS NULL")),
        Index("ix_notification_new", "id", postgresql_where=text("checked_at IS NULL")),
        # one notification of a report for each day on which it is sent
        Index("uq_notification_report", "user_id", "row_id", "about", unique=True, postgresql_where=text("kind = 'report'")),
        Index("ix_notification_mail", "mail_due_at", postgresql_where=text("mail_state IN ('waiting', 'sending')")),
    )  # fmt: skip

    user_id: Mapped[int] = link("user", ondelete="CASCADE", index=False)
    kind: Mapped[NotificationKind] = choice(NotificationKind)
    entity: Mapped[Code] = mapped_column(info={"words": "entity"})
    row_id: Mapped[int] = mapped_column(
        BigInteger, info={"kind": "number", "of": "entity", "is_target": True}
    )
    about: Mapped[Code | None] = mapped_column(info=dict(_INSIDE))
    """The column in which he was put down, how the job ended, what is with the request, why it was
    switched off, by what the task is his, or the day of the report."""
    actor_id: Mapped[int | None] = link("user", ondelete="SET NULL", index=False)
    comment_id: Mapped[int | None] = link("comment", ondelete="CASCADE")
    times: Mapped[Count] = mapped_column(default=1, server_default="1")
    """Of so many like deeds it tells; the last one is what the other columns say."""
    created_at: Mapped[CreatedAt]
    checked_at: Mapped[Instant | None] = mapped_column(info=dict(_INSIDE))
    read_at: Mapped[Instant | None]
    mail_state: Mapped[MailState | None] = choice(MailState)
    mail_tries: Mapped[Count] = mapped_column(default=0, server_default="0", info=dict(_INSIDE))
    mail_due_at: Mapped[Instant | None] = mapped_column(info=dict(_INSIDE))
    mail_claimed_at: Mapped[Instant | None] = mapped_column(info=dict(_INSIDE))
    mail_problem: Mapped[Line | None] = mapped_column(info=dict(_INSIDE))


class NotificationChoice(Entity):
    """The way by which a user wants to be told of one kind of thing; without it he is told by the usual one."""

    __scope__ = Scope.owned("user_id")
    __history__ = False
    __custom__ = False
    __table_args__: Any = (UniqueConstraint("user_id", "kind"),)

    user_id: Mapped[int] = link("user", ondelete="CASCADE", index=False)
    kind: Mapped[Code] = mapped_column(info={"words": "notification_kind"})
    way: Mapped[NotificationWay] = choice(NotificationWay, default=NotificationWay.SCREEN)


codes.add("notification_kind", {kind.value: kind.label for kind in NotificationKind})
