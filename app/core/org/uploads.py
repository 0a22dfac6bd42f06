"""Files that people fill records from: the upload, its rows, and layouts in which columns are remembered."""

from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.entity import Entity, JobOf, link
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import Choice, Code, Count, CreatedAt, Flag, Instant, Json, JsonList, Line, Name, choice


class UploadState(Choice):
    """How far a file has come on its way to records."""

    DRAFT = "draft", _("Columns to be chosen"), "secondary"
    CHECKING = "checking", _("Being checked"), "blue"
    CHECKED = "checked", _("Checked"), "orange"
    STORING = "storing", _("Being stored"), "blue"
    DONE = "done", _("Done"), "green"
    FAILED = "failed", _("Failed"), "red"
    UNDOING = "undoing", _("Being undone"), "blue"
    UNDONE = "undone", _("Undone"), "secondary"


class Upload(Entity):
    """A file whose rows become records of one entity: what its columns mean, and what came of the rows."""

    __called__ = "file_name"
    __scope__ = Scope.owned("user_id")
    __history__ = False
    __job__ = JobOf(
        "user_id", open=("checking", "storing", "undoing"), stops=("checking", "storing"), roles=("Manager", "Officer", "Clerk"),
        stays=_("An import of all rows or none then stores none. Of any other, what is stored stays and can be undone."),
    )  # fmt: skip

    user_id: Mapped[int] = link("user", ondelete="CASCADE")
    entity: Mapped[Code] = mapped_column(info={"words": "entity"})
    file_name: Mapped[Line]
    file_key: Mapped[Code | None] = mapped_column(info={"kind": "file"})
    state: Mapped[UploadState] = choice(UploadState, default=UploadState.DRAFT)
    source: Mapped[Json] = mapped_column(info={"is_code": True})
    """Where the table is in the file and how that is written: sheet, header row, encoding, separator, and its header."""
    plan: Mapped[Json] = mapped_column(info={"is_code": True})
    """What its columns mean (`app.core.web.uploads.plan`)."""
    is_whole: Mapped[Flag]
    """Whether all rows are stored or none."""
    language: Mapped[Code] = mapped_column(default="en", server_default="en", info={"words": "language"})
    progress: Mapped[Count] = mapped_column(default=0, server_default="0")
    """Percent."""
    rows: Mapped[Count] = mapped_column(default=0, server_default="0")
    created: Mapped[Count] = mapped_column(default=0, server_default="0")
    updated: Mapped[Count] = mapped_column(default=0, server_default="0")
    unchanged: Mapped[Count] = mapped_column(default=0, server_default="0")
    refused: Mapped[Count] = mapped_column(default=0, server_default="0")
    message: Mapped[Line | None]
    is_to_stop: Mapped[Flag]
    selection_id: Mapped[int | None] = link("selection", ondelete="SET NULL")
    """The records that it made and changed, as a list."""
    created_at: Mapped[CreatedAt]
    ended_at: Mapped[Instant | None]
    undo_asked_at: Mapped[Instant | None]
    undone_by_id: Mapped[int | None] = link("user", ondelete="SET NULL")

    __screen__ = Screen(
        help=_(
            "Files whose rows became records, sent from Import on a list. Every row is tried by the rules of the form "
            "before anything is stored, and refused ones can be mended on the page. For a day an upload can be undone by a "
            "second person."
        ),
        guide="imports-and-layouts fill-records-from-a-file",
        menu=_("Work"), title=_("Uploads"), icon="table-import", position=70, operations="", search="file_name",
        list="created_at entity file_name state user undo_asked_at rows created updated unchanged refused",
        show={_("Upload"): "file_name entity state rows created updated unchanged refused message created_at ended_at user undo_asked_at undone_by"},
        filters="entity file_name state created_at user undo_asked_at",
        labels={"entity": _("Records"), "undo_asked_at": _("Undo asked for"), "undone_by": _("Undone by")},
    )  # fmt: skip


class RowState(Choice):
    """What is known of a row of an upload: found by trying it, or done."""

    WAITING = "waiting", _("Waiting"), "secondary"
    NEW = "new", _("New"), "green"
    CHANGED = "changed", _("Changed"), "blue"
    SAME = "same", _("Unchanged"), "secondary"
    REFUSED = "refused", _("Rejected"), "red"
    CREATED = "created", _("Created"), "green"
    UPDATED = "updated", _("Updated"), "blue"
    UNDONE = "undone", _("Undone"), "secondary"


class UploadRow(Entity):
    """One row of an uploaded file, as it was read or mended since, and what came of it."""

    __scope__ = Scope.owned("user_id")
    __history__ = False
    __table_args__ = (UniqueConstraint("upload_id", "number"),)

    upload_id: Mapped[int] = link("upload", ondelete="CASCADE", index=False)
    user_id: Mapped[int] = link("user", ondelete="CASCADE", index=False)
    number: Mapped[Count]
    """Its number in the file."""
    cells: Mapped[JsonList]
    """Its cells (`app.core.web.uploads.cells`)."""
    state: Mapped[RowState] = choice(RowState, default=RowState.WAITING)
    reasons: Mapped[Json]
    """Field → why it is refused; under "" what is about the whole row, or what a rule warns of."""
    row_id: Mapped[int | None] = mapped_column(BigInteger, info={"kind": "number"})
    """The record that it became or changed."""
    before: Mapped[Json]
    """What it changed, as it was: field → value as a program would say it."""


class UploadLayout(Entity):
    """What the columns of files mean, kept under a name; offered to who keeps it and to the role it is shared with."""

    __scope__ = Scope.owned("user_id", lent_to="role_id")
    __table_args__ = (UniqueConstraint("user_id", "entity", "name"),)

    user_id: Mapped[int] = link("user", ondelete="CASCADE", index=False)
    entity: Mapped[Code] = mapped_column(info={"words": "entity"})
    name: Mapped[Name]
    plan: Mapped[Json] = mapped_column(info={"is_code": True})
    role_id: Mapped[int | None] = link("role", ondelete="SET NULL")
    created_at: Mapped[CreatedAt]

    __screen__ = Screen(
        title=_("Upload layouts"), icon="columns", list="name entity role user created_at", form={_("Layout"): "name"},
        show={_("Layout"): "name entity role user created_at"}, search="name", filters="entity name role user",
        order="name", operations="edit delete", labels={"role": _("Shared with"), "entity": _("Records")},
    )  # fmt: skip
