"""Changes of more rows than one request makes: an edit or an operation that a worker carries out part by part."""

from flask_babel import lazy_gettext as _
from sqlalchemy import ARRAY, BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.entity import Entity, JobOf, link
from app.core.org.records import JobState
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import Code, Count, CreatedAt, Flag, Instant, Json, Line, choice


class BulkJob(Entity):
    """One edit or one operation on many rows, asked for by a form: what is to be done to which, and what came of it."""

    __called__ = "title"
    __scope__ = Scope.owned("user_id")
    __history__ = False
    __job__ = JobOf(
        "user_id", roles=("Manager", "Officer", "Clerk", "Agent"), needs="row_ids",
        stays=_("What is done stays done. Run again, it goes on with the rows that are left."),
    )  # fmt: skip
    __table_args__ = (
        Index("ix_bulk_job_open", "id", postgresql_where=text("state IN ('waiting', 'running')")),
    )

    user_id: Mapped[int] = link("user", ondelete="CASCADE")
    title: Mapped[Line]
    entity: Mapped[Code] = mapped_column(info={"words": "entity"})
    operation: Mapped[Code | None] = mapped_column(info={"kind": "mark"})
    """Its name; of a change of fields none."""
    arguments: Mapped[Json] = mapped_column(info={"is_code": True})
    """What the form says, by column or argument, as a program would say it."""
    reason: Mapped[Line | None]
    row_ids: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), default=list, server_default="{}", deferred=True, info={"kind": "json"}
    )
    state: Mapped[JobState] = choice(JobState, default=JobState.WAITING)
    progress: Mapped[Count] = mapped_column(default=0, server_default="0")
    """Percent."""
    total: Mapped[Count] = mapped_column(default=0, server_default="0")
    position: Mapped[Count] = mapped_column(default=0, server_default="0")
    """So many of the rows have been worked on; written in the transaction that does it."""
    done: Mapped[Count] = mapped_column(default=0, server_default="0")
    unchanged: Mapped[Count] = mapped_column(default=0, server_default="0")
    refused: Mapped[Count] = mapped_column(default=0, server_default="0")
    outcome: Mapped[Json] = mapped_column(deferred=True, info={"is_code": True})
    """Under "refused" and "warned" the first [id, sentence] of each; under "asked" how many rows wait for approval."""
    selection_id: Mapped[int | None] = link("selection", ondelete="SET NULL", index=False)
    """The refused rows, as a list."""
    message: Mapped[Line | None]
    is_to_stop: Mapped[Flag]
    """Its owner wants no more of it: the worker stops before its next part."""
    created_at: Mapped[CreatedAt]
    ended_at: Mapped[Instant | None]

    __screen__ = Screen(
        help=_(
            "Changes and operations on more rows than can be done while you wait, up to 100 000 at a time. They are done part "
            "by part with your rights and within your scope, so that you may leave the page; you are told when one ends. "
            "Refused rows are listed with their reasons and can be tried again. What is stopped keeps what is done."
        ),
        menu=_("Work"), title=_("Large changes"), icon="stack-2", position=71, operations="", order="-id", search="title",
        list="created_at title entity state progress total done unchanged refused user",
        show={_("Change"): "title entity state progress total done unchanged refused message reason created_at ended_at user"},
        filters="title entity state created_at user", labels={"entity": _("Records"), "total": _("Rows")},
    )  # fmt: skip
