"""Records the platform keeps by itself: field history and runs of jobs."""

from datetime import date, datetime
from typing import Annotated, Any

from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, DateTime, Index, Numeric, String, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.entity import Entity, JobOf, link
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import (
    Choice,
    Code,
    Count,
    CreatedAt,
    Digest,
    Flag,
    Instant,
    Json,
    JsonList,
    Line,
    OpenedJson,
    WrittenIn,
    choice,
)

Head = Annotated[str, mapped_column(String(64), info={"kind": "code"})]
"""A SHA-256 in hexadecimal digits."""


class History(Entity):
    """One change of one row: who, when, from where, and each changed field as [before, after].

    Written only by triggers, partitioned by month, never updated. Personal values are stored under their person's key.
    """

    __scope__ = Scope.follows()
    __history__ = False
    __append_only__ = True
    __table_args__ = (
        Index("ix_history_row", "entity", "row_id", "id"),
        # rows come in nearly this order, so that it costs next to nothing when one is written
        Index(
            "ix_history_written_in",
            "written_in",
            postgresql_using="brin",
            postgresql_with={"autosummarize": "on"},
        ),
        # what jobs change, which is most of it, has nobody
        Index("ix_history_user_id", "user_id", postgresql_where=text("user_id IS NOT NULL")),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        primary_key=True,
        server_default=func.clock_timestamp(),
        info={"kind": "datetime"},
    )
    entity: Mapped[Code] = mapped_column(info={"words": "entity"})
    row_id: Mapped[int] = mapped_column(BigInteger, info={"kind": "number", "of": "entity"})
    action: Mapped[Code] = mapped_column(info={"words": "history_action"})
    user_id: Mapped[int | None] = link("user", index=False)
    source: Mapped[Code] = mapped_column(info={"words": "history_source"})
    reason: Mapped[Line | None]
    changes: Mapped[dict[str, Any]] = mapped_column(
        OpenedJson,
        default=dict,
        server_default="{}",
        info={"kind": "json", "of": "entity", "has_fields": True},
    )
    written_in: Mapped[WrittenIn]

    __screen__ = Screen(
        help=_(
            "Every change of every record: who, when, from which screen, file or program, and each field before and after. "
            "It is written by the database itself and can be neither changed nor deleted. You see the history of those "
            "records that you may see."
        ),
        guide="audit-and-erasing",
        menu=_("Audit"), title=_("History"), icon="history", list="at entity row_id action user source changes",
        show={_("Change"): "at entity row_id action user source reason changes"}, search="entity", operations="",
        filters="at entity row_id changes action user source reason", labels={"row": _("Record")},
    )  # fmt: skip


class AuditSeal(Entity):
    """A link of the chain over what is kept: the rows that it covers, and the head that stands for them and all before.

    What each column is for is told in docs/adr/0011 and, in the order of hashing, by `app.core.seals`.
    """

    __scope__ = Scope.house("kept for auditors")
    __history__ = False
    __append_only__ = True
    __called__ = "number"
    __table_args__ = (Index("ix_audit_seal_entity", "entity", "number"),)

    number: Mapped[int] = mapped_column(BigInteger, unique=True, info={"kind": "number"})
    at: Mapped[Instant]
    entity: Mapped[Code] = mapped_column(info={"words": "entity"})
    rows: Mapped[Count]
    filed: Mapped[int] = mapped_column(BigInteger, info={"kind": "number"})
    """The last seal whose head stood in the file outside of the database when this one was made."""
    last_in: Mapped[int] = mapped_column(BigInteger, info={"kind": "mark"})
    last_id: Mapped[int] = mapped_column(BigInteger, info={"kind": "mark"})
    """Transaction and id of the last row covered; the first is what follows the seal of the same entity before."""
    columns: Mapped[str] = mapped_column(Text, info={"kind": "mark"})
    """The columns that are covered, in their order: those added later are covered by later seals."""
    previous: Mapped[Head]
    head: Mapped[Head]
    entries: Mapped[Digest] = mapped_column(deferred=True, server_default="")
    """Id, instant and the beginning of the digest of each row, to name one that is no longer as it was."""

    __screen__ = Screen(
        help=_(
            "Links of a chain over history and access log: each sums up the rows it covers and all seals before it. Whoever"
            " alters a row later breaks the chain, and the check says where. A growing number of rows without a seal means "
            "that the sealing job does not run."
        ),
        guide="audit-and-erasing",
        menu=_("Audit"), title=_("Seals"), icon="shield", list="number at entity rows head", operations="", order="-number",
        show={_("Seal"): "number at entity rows filed previous head"}, filters="number at entity head",
        labels={"filed": _("Last seal in the file"), "previous": _("Head before"), "head": _("Head")},
    )  # fmt: skip


class JobState(Choice):
    """How far a run of a job has come."""

    RUNNING = "running", _("Running"), "blue"
    DONE = "done", _("Done"), "green"
    FAILED = "failed", _("Failed"), "red"
    STOPPED = "stopped", _("Stopped"), "orange"
    WAITING = "waiting", _("Waiting"), "secondary"
    MISSED = "missed", _("Missed"), "orange"


class JobRun(Entity):
    """One run of one step of a job for one business date: what it did, how long it took, what went wrong."""

    __scope__ = Scope.house("how the installation is run")
    __history__ = False
    __job__ = JobOf(
        "user_id", only={"step": "request"},
        stays=_("The steps that are done stay done; the step under way is ended first. Run again, it goes on with the others."),
    )  # fmt: skip
    __table_args__ = (UniqueConstraint("job", "step", "business_on", postgresql_nulls_not_distinct=True),)

    job: Mapped[Code] = mapped_column(info={"words": "job"})
    step: Mapped[Code] = mapped_column(info={"words": "job_step"})
    business_on: Mapped[date | None]
    state: Mapped[JobState] = choice(JobState, default=JobState.WAITING)
    rows: Mapped[Count] = mapped_column(default=0, server_default="0")
    errors: Mapped[JsonList]
    """[{"row": …, "reason": …}] — a bad row never stops a job; it is listed here."""
    result: Mapped[Json]
    started_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]
    seconds: Mapped[float | None] = mapped_column(Numeric(10, 3), info={"kind": "number"})
    attempts: Mapped[Count] = mapped_column(default=0, server_default="0")
    user_id: Mapped[int | None] = link("user")
    progress: Mapped[Count] = mapped_column(default=0, server_default="0")
    """Of a request: percent of its steps."""
    is_to_stop: Mapped[Flag]
    """Of a request: somebody wants the job to stop before its next step."""

    __screen__ = Screen(
        help=_(
            "What the installation did by itself: each step of the night and of housekeeping with its rows, seconds and "
            "errors. A failed step is run again from where it stopped; a bad row is listed here and stops nothing."
        ),
        menu=_("Administration"), title=_("Job runs"), icon="clock", operations="",
        list="job step business_on state rows seconds started_at", order="-id", search="job step",
        show={_("Run"): "job step business_on state rows seconds started_at ended_at attempts user errors result"},
    )  # fmt: skip


class FileJob(Entity):
    """A file being made for a user in the background: an export too large for one request."""

    __called__ = "title"
    __scope__ = Scope.owned("user_id")
    __history__ = False
    __job__ = JobOf(
        "user_id", roles=("Manager", "Officer", "Clerk", "Agent", "Partner", "Auditor"), result="/files/{id}/download",
        stays=_("Nothing is kept of a file that is not finished."),
    )  # fmt: skip

    user_id: Mapped[int] = link("user", ondelete="CASCADE")
    title: Mapped[Line]
    state: Mapped[JobState] = choice(JobState, default=JobState.WAITING)
    progress: Mapped[Count] = mapped_column(default=0, server_default="0")
    """Percent."""
    rows: Mapped[Count] = mapped_column(default=0, server_default="0")
    request: Mapped[Json]
    """What to export: {"entity": …, "query": …}."""
    file_key: Mapped[Code | None] = mapped_column(info={"kind": "file"})
    file_name: Mapped[Line | None]
    message: Mapped[Line | None]
    is_to_stop: Mapped[Flag]
    """Its owner wants it no more: the worker stops at its next safe point."""
    created_at: Mapped[CreatedAt]

    __screen__ = Screen(
        help=_(
            "Files that are made for you in the background because they are large. You are told when one is ready and may "
            "leave the page meanwhile. A file has the rows that you saw when it was made, and taking it is kept in the "
            "access log."
        ),
        menu=_("Work"), title=_("My files"), icon="file-spreadsheet", operations="", order="-id",
        list="created_at title state progress rows file_name", show={_("File"): "created_at title state progress rows message"},
    )  # fmt: skip
