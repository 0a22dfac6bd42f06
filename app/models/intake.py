"""Imports: layouts as data, runs, and what was wrong with which row."""

from datetime import date

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy.orm import Mapped, mapped_column

from app.core import codes, registry
from app.core.entity import Entity, JobOf, link
from app.core.labels import column_label
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import (
    Choice,
    Code,
    Count,
    CreatedAt,
    Flag,
    Instant,
    Json,
    Line,
    Name,
    PersonalKind,
    Text,
    choice,
)
from app.models.lending import LoanStatus, Method


class ImportLayout(Entity):
    """How a file of one sort is read: names of columns, transforms, defaults, what it may create."""

    __called__ = "title"
    __scope__ = Scope.shared("a description of files")

    name: Mapped[Code] = mapped_column(unique=True)
    title: Mapped[Name] = mapped_column(info={"said": "import_layout"})
    """In the reader's language for a layout that comes with the product, until an administrator renames it."""
    target: Mapped[Code] = mapped_column(info={"words": "import_target"})
    """What it imports: regions, portfolio, repayments."""
    definition: Mapped[Json] = mapped_column(info={"is_code": True})

    __screen__ = Screen(
        help=_(
            "How portfolio files of one sort are read: their columns, transforms and what they may create. Layouts come "
            "with the product and with your installation and are only read here. Files of any other records are sent from "
            "their own list, where you choose the columns yourself."
        ),
        menu=_("Administration"), title=_("Import layouts"), icon="columns", list="name title target",
        show={_("Layout"): "name title target definition"}, search="name title", order="name", operations="",
        labels={"name": _("Code")},
    )  # fmt: skip

    def __str__(self) -> str:
        return codes.say("import_layout", self.title)


class ImportState(Choice):
    """How far an import has come."""

    WAITING = "waiting", _("Waiting"), "secondary"
    RUNNING = "running", _("Running"), "blue"
    DONE = "done", _("Done"), "green"
    FAILED = "failed", _("Failed"), "red"
    STOPPED = "stopped", _("Stopped"), "orange"


class ImportRun(Entity):
    """One file imported: by whom, with which layout, what came of each row."""

    __called__ = "file_name"
    __scope__ = Scope(client="client_id", officer="started_by_id")
    __history__ = False
    __job__ = JobOf(
        "started_by_id", roles=("Clerk",), source="file_key", result="/imports/{id}",
        stays=_("Nothing of the file is stored."),
    )  # fmt: skip

    layout_id: Mapped[int] = link("import_layout")
    client_id: Mapped[int | None] = link("client")
    file_name: Mapped[Line]
    file_key: Mapped[Code | None] = mapped_column(info={"kind": "file"})
    error_file_key: Mapped[Code | None] = mapped_column(info={"kind": "file"})
    state: Mapped[ImportState] = choice(ImportState, default=ImportState.WAITING)
    progress: Mapped[Count] = mapped_column(default=0, server_default="0")
    """Percent."""
    rows: Mapped[Count] = mapped_column(default=0, server_default="0")
    created: Mapped[Count] = mapped_column(default=0, server_default="0")
    updated: Mapped[Count] = mapped_column(default=0, server_default="0")
    unchanged: Mapped[Count] = mapped_column(default=0, server_default="0")
    rejected: Mapped[Count] = mapped_column(default=0, server_default="0")
    message: Mapped[Text | None] = mapped_column(info={"told_by": "said"})
    """Why the whole file was refused, in English; people read what `said` makes of it in their language."""
    said: Mapped[Json]
    """The message's sentence and values (`app.core.i18n.kept`)."""
    is_to_stop: Mapped[Flag]
    """Somebody wants it no more: it stops at its next safe point, and nothing of it is stored."""
    started_at: Mapped[CreatedAt]
    ended_at: Mapped[Instant | None]
    started_by_id: Mapped[int | None] = link("user")

    __screen__ = Screen(
        help=_(
            "Portfolio files that were imported: by whom, with which layout, and what came of their rows. A wrong row never"
            " stops the good ones; it is listed under Rows refused with its reason and can be sent again. The same file "
            "sent twice changes nothing."
        ),
        menu=_("Portfolio"), title=_("Imports"), icon="upload", position=70, operations="",
        list="started_at layout file_name state rows created updated unchanged rejected client started_by",
        show={_("Import"): "layout file_name client state rows created updated unchanged rejected message started_at ended_at started_by"},
        tabs="import_problem stated_difference", search="file_name",
    )  # fmt: skip


class ImportProblem(Entity):
    """One thing wrong with one row of an imported file."""

    __scope__ = Scope.through("run")
    __history__ = False

    run_id: Mapped[int] = link("import_run", ondelete="CASCADE")
    row: Mapped[Count]
    column: Mapped[Name | None]
    value: Mapped[Text | None] = mapped_column(info={"holds_days": True, "personal_by": "personal"})
    reason: Mapped[Text] = mapped_column(info={"told_by": "said"})
    """In English, a day in it as 2018-06-25; people read what `said` makes of it in their language."""
    said: Mapped[Json]
    """The reason's sentence and values (`app.core.i18n.kept`)."""
    personal: Mapped[PersonalKind | None]

    __screen__ = Screen(
        title=_("Rows refused"), icon="alert-triangle", list="row column value reason", operations="", order="row",
        filters="row column value",
    )  # fmt: skip


def _stated_fields() -> codes.Words:
    """What a ledger may state otherwise, by its label on the loan."""
    loan, customer = registry.entity("loan"), registry.entity("customer")
    names = (
        "number", "principal_outstanding", "overdue_since", "status", "principal", "annual_rate", "disbursed_on", "matures_on",
        "method", "currency", "product",
    )  # fmt: skip
    own = {
        "customer_name": gettext("Customer's name"),
        "identity_number": column_label(customer, "identity_number"),
    }
    return {name: column_label(loan, name) for name in names} | own


codes.add("stated_field", _stated_fields)
codes.add("stated_value", {each.value: each.label for kind in (LoanStatus, Method) for each in kind})
codes.add(
    "import_target",
    {
        "regions": _("Regions"),
        "portfolio": _("Portfolio"),
        "repayments": _("Repayments"),
        "write_offs": _("Write-offs"),
    },
)
codes.add(
    "import_layout",
    {
        "Loans of Dingxi from pay-out, without their history": _(
            "Loans of Dingxi from pay-out, without their history"
        ),
        "Loan ledger of Dingxi": _("Loan ledger of Dingxi"),
        "Divisions of China by their statistical codes": _("Divisions of China by their statistical codes"),
        "Administrative units of Ukraine by KATOTTG": _("Administrative units of Ukraine by KATOTTG"),
        "Repayments of the ledger of Dingxi": _("Repayments of the ledger of Dingxi"),
        "Repayments of the Ukrainian demonstration lender": _(
            "Repayments of the Ukrainian demonstration lender"
        ),
        "Loan book of the Ukrainian demonstration lender": _(
            "Loan book of the Ukrainian demonstration lender"
        ),
        "Write-offs of the ledger of Dingxi": _("Write-offs of the ledger of Dingxi"),
        "Write-offs of the Ukrainian demonstration lender": _(
            "Write-offs of the Ukrainian demonstration lender"
        ),
    },
)


class StatedDifference(Entity):
    """Where a file states another balance, overdue date or status than the journal gives. Listed, never applied."""

    __scope__ = Scope.through("loan")
    __history__ = False

    run_id: Mapped[int] = link("import_run", ondelete="CASCADE")
    loan_id: Mapped[int] = link("loan", ondelete="CASCADE")
    as_of: Mapped[date]
    field: Mapped[Code] = mapped_column(info={"words": "stated_field"})
    stated: Mapped[Line | None] = mapped_column(
        info={"said": "stated_value", "holds_days": True, "personal_by": "personal"}
    )
    computed: Mapped[Line | None] = mapped_column(
        info={"said": "stated_value", "holds_days": True, "personal_by": "personal"}
    )
    personal: Mapped[PersonalKind | None]

    __screen__ = Screen(
        help=_(
            "Where a file states another balance, overdue date or status than the journal gives. Nothing is changed by it: "
            "find out which side is right, and correct the source or post what is missing."
        ),
        menu=_("Portfolio"), title=_("Stated differences"), icon="alert-circle", position=75, operations="",
        list="loan as_of field stated computed run", filters="field as_of loan run",
    )  # fmt: skip
