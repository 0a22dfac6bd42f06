"""Reports that users put together over the records of an entity, kept under a name."""

from flask_babel import lazy_gettext as _
from sqlalchemy import ARRAY, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.entity import Entity, link
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import Choice, Code, Count, CreatedAt, Flag, Instant, Name, Text, choice


class UserReport(Entity):
    """A table of figures that a user put together; seen by who made it, the role it is shared with and who receives it.

    It keeps what is asked, never figures: whoever opens it sees those of his own scope, by his own rights.
    """

    __scope__ = Scope.owned("user_id", lent_to="role_id", shown_to="receivers")
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    user_id: Mapped[int] = link("user", ondelete="CASCADE", index=False)
    entity: Mapped[Code] = mapped_column(info={"words": "entity"})
    name: Mapped[Name]
    query: Mapped[Text] = mapped_column(default="", server_default="")
    """What is asked, as the builder's address says it: "_row=status&_m=count&principal__gt=30000"."""
    role_id: Mapped[int | None] = link("role", ondelete="SET NULL")
    receivers: Mapped[list[int] | None] = mapped_column(ARRAY(Integer), info={"kind": "mark"})
    """Users to whom its maker has it sent, by their ids."""
    created_at: Mapped[CreatedAt]

    __screen__ = Screen(
        help=_(
            "Your own tables of figures: choose what is counted, by what it is grouped and for which period. A report keeps"
            " the question, never the figures, so everyone who opens it sees those of his own scope. Kept under a name it "
            "can be shared with a role and put on a home page."
        ),
        guide="reports-and-mail",
        title=_("User reports"), icon="report-analytics", list="name entity role user created_at",
        form={_("Report"): "name"}, show={_("Report"): "name entity role user created_at"}, search="name",
        filters="entity name role user", order="name", operations="edit delete", labels={"role": _("Shared with")},
    )  # fmt: skip


class ReportSending(Entity):
    """A report that is sent by e-mail again and again: when, and whether to the holders of its role, too.

    That of its maker also goes to the report's receivers.

    Each receiver gets the figures of his own scope, in his own language, and nothing once he may not read it any more.
    """

    __scope__ = Scope.owned("user_id")
    __history__ = False
    __custom__ = False
    __table_args__ = (UniqueConstraint("user_id", "report_id"),)

    user_id: Mapped[int] = link("user", ondelete="CASCADE", index=False)
    report_id: Mapped[int] = link("user_report", ondelete="CASCADE")
    days: Mapped[Code] = mapped_column(info={"kind": "mark"})
    """On which days: "day", "week-1" (every Monday) to "week-7", "month-1" to "month-28"."""
    hour: Mapped[Count]
    is_for_role: Mapped[Flag]
    next_at: Mapped[Instant] = mapped_column(index=True)


class TileKind(Choice):
    """How a home page shows a report."""

    NUMBER = "number", _("Number")
    CHART = "chart", _("Chart")


class HomeTile(Entity):
    """A report on a home page: on its owner's, or on those of all who hold the role it is lent to."""

    __scope__ = Scope.owned("user_id", lent_to="role_id")
    __history__ = False
    __table_args__ = (
        UniqueConstraint("user_id", "report_id", "role_id", postgresql_nulls_not_distinct=True),
    )

    user_id: Mapped[int] = link("user", ondelete="CASCADE", index=False)
    report_id: Mapped[int] = link("user_report", ondelete="CASCADE")
    role_id: Mapped[int | None] = link("role", ondelete="CASCADE")
    kind: Mapped[TileKind] = choice(TileKind, default=TileKind.CHART)
    position: Mapped[Count] = mapped_column(default=0, server_default="0")
