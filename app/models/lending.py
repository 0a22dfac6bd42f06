"""Clients, products, loans and what falls due."""

from datetime import date

from flask_babel import lazy_gettext as _, lazy_pgettext
from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import file_names
from app.core.derived import DaysSince
from app.core.entity import Entity, link
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import (
    Choice,
    Code,
    Count,
    Currency,
    Days,
    Factor,
    Flag,
    Json,
    Line,
    Money,
    Name,
    Rate,
    Text,
    choice,
)


class Client(Entity):
    """The lender whose portfolio is worked (委托方): one's own bank, or a bank that placed its loans."""

    __scope__ = Scope(client="id", opened_in=("customer_reach", "client_id"))

    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]
    currency: Mapped[Currency]
    country: Mapped[Code] = mapped_column(info={"words": "country"})
    zone: Mapped[Code] = mapped_column(info={"form": "zone"})
    language: Mapped[Code] = mapped_column(info={"words": "language"})
    contact_pack: Mapped[Code] = mapped_column(
        default="default", server_default="default", info={"words": "contact_pack"}
    )
    names_in_files: Mapped[Text | None]

    __screen__ = Screen(
        help=_(
            "The lenders whose loans are worked: your own bank, or banks that placed a portfolio. A client gives its loans the currency, the clock "
            "and the contact rules of its country. Customers are kept apart for each client; a data grant can be limited to one."
        ),
        menu=_("Portfolio"), title=_("Clients"), icon="briefcase", position=30,
        list="code name currency country language contact_pack",
        form={_("Client"): "code name currency country zone language contact_pack names_in_files"}, search="name code",
        order="code",
        hints={
            "currency": _("Three letters, such as UAH"), "zone": _("Such as Europe/Kyiv"),
            "names_in_files": file_names.HINT,
        },
    )  # fmt: skip


class ProductKind(Choice):
    """What the money is for; partners can be limited to one kind."""

    LIVESTOCK = "livestock", _("Livestock"), "green"
    SMALLHOLDER = "smallholder", _("Smallholder"), "lime"
    BUSINESS = "business", _("Small business"), "blue"
    CONSUMER = "consumer", _("Consumer"), "purple"
    HOUSING = "housing", _("Housing"), "orange"
    CROPS = "crops", _("Crops"), "teal"
    OTHER = "other", _("Other"), "secondary"


class ProductStatus(Choice):
    """Life of a product."""

    PLANNED = "planned", _("Planned"), "secondary"
    ACTIVE = "active", _("Active"), "green"
    EXPIRED = "expired", _("Expired"), "red"


class Method(Choice):
    """How principal and interest are repaid; the words of `app.servicing.schedule`."""

    ANNUITY = "annuity", _("Equal instalments")
    EQUAL_PRINCIPAL = "equal_principal", _("Equal principal")
    INTEREST_ONLY = "interest_only", _("Interest only, principal at the end")
    BULLET = "bullet", _("All at maturity")
    FLAT = "flat", _("Flat interest")


class Product(Entity):
    """A kind of loan and the terms its loans start with."""

    __scope__ = Scope.shared("the price list")
    __table_args__ = (UniqueConstraint("client_id", "code", postgresql_nulls_not_distinct=True),)

    client_id: Mapped[int | None] = link("client")
    code: Mapped[Code]
    name: Mapped[Name]
    kind: Mapped[ProductKind] = choice(ProductKind, default=ProductKind.OTHER)
    status: Mapped[ProductStatus] = choice(ProductStatus, default=ProductStatus.ACTIVE)
    currency: Mapped[Currency]
    method: Mapped[Method] = choice(Method, default=Method.ANNUITY)
    frequency: Mapped[Code] = mapped_column(
        default="monthly", server_default="monthly", info={"words": "frequency"}
    )
    day_count: Mapped[Code] = mapped_column(
        default="30/360", server_default="30/360", info={"words": "day_count"}
    )
    rounding_mode: Mapped[Code] = mapped_column(
        default="half_up", server_default="half_up", info={"words": "rounding_mode"}
    )
    rounding_unit: Mapped[Money] = mapped_column(default="0.01", server_default="0.01")
    rate_digits: Mapped[Count | None]
    """Significant digits to which the lender's system held the periodic rate; empty means exact."""
    principal_grace: Mapped[Count] = mapped_column(default=0, server_default="0")
    """Instalments at the start that pay interest only."""
    grace_days: Mapped[Days] = mapped_column(default=0, server_default="0")
    """Days after the due date on which a late payment does not count as overdue."""
    allocation_order: Mapped[Line] = mapped_column(info={"read": "allocation_order"})
    """Order in which a payment pays, as `app.servicing.waterfall` reads it."""
    penalty_factor: Mapped[Factor | None]
    names_in_files: Mapped[Text | None]

    __screen__ = Screen(
        help=_(
            "The kinds of loans and the terms with which they start. An import gives method, day count and rounding to new loans. Days of grace and "
            "the order in which a payment pays are read at each posting and each night, so a change of these touches loans that are there, too."
        ),
        menu=_("Portfolio"), title=_("Products"), icon="tag", position=40, charts={"kind": "count"},
        list="name client kind status currency method grace_days code",
        form={_("Product"): "client code name kind status currency names_in_files",
              _("Terms"): "method frequency day_count rounding_mode rounding_unit rate_digits principal_grace grace_days allocation_order penalty_factor"},
        search="name code", order="code",
        hints={
            "names_in_files": file_names.HINT,
            "currency": _("Three letters, such as UAH"),
            "rate_digits": _("Significant digits to which the lender's system holds the periodic rate; empty means exact"),
            "allocation_order": _("Such as: overdue: penalty fee interest principal; due: penalty fee interest principal; advance: interest principal"),
        },
    )  # fmt: skip


class Bucket(Entity):
    """A delinquency bucket: loans whose days past due lie between two bounds."""

    __scope__ = Scope.shared("a reference list")

    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]
    from_days: Mapped[Days] = mapped_column(unique=True)
    """The bucket reaches up to the next one's first day."""
    colour: Mapped[Code] = mapped_column(info={"words": "colour"})

    __screen__ = Screen(
        help=_(
            "Ranges of days past due, each from its first day up to the next one. The night puts every overdue loan into its bucket, and reports on "
            "asset quality have a column for each. A changed bound counts from the next night on."
        ),
        menu=_("Portfolio"), title=_("Delinquency buckets"), icon="list", position=60, list="code name from_days colour",
        form={_("Bucket"): "code name from_days colour"}, order="from_days", search="name",
        hints={"from_days": _("Days past due from which a loan is in this bucket, up to the next bucket")},
    )  # fmt: skip


class LoanStatus(Choice):
    """Where the loan stands on the business date."""

    CURRENT = "current", _("Current"), "green"
    GRACE = "grace", _("In grace"), "yellow"
    OVERDUE = "overdue", _("Overdue"), "red"
    SETTLED = "settled", _("Settled"), "secondary"
    WRITTEN_OFF = "written_off", _("Written off"), "dark"


class Loan(Entity):
    """A credit agreement, its terms and what is still owed on it."""

    __scope__ = Scope(
        branch="branch_id", officer="officer_id", region="region_id", client="client_id", product_kind="product_id",
        opens="customer", carries=("joint_group_id",),
    )  # fmt: skip
    __table_args__ = (
        # The number first: this is also the index of numbers. A loan that falls overdue writes every index anew, so
        # each has to be worth that; branch and place are found by their tree numbers, never by their ids.
        UniqueConstraint("number", "client_id"),
        *(Index(f"ix_loan_{key}", key, "id") for key in ("branch_lft", "region_lft", "officer_id", "client_id")),
        *(Index(f"ix_loan_late_{key}", key, "overdue_since", "id", postgresql_where=text("overdue_since IS NOT NULL"))
          for key in ("branch_lft", "region_lft", "officer_id", "client_id")),
        Index("ix_loan_overdue_since", "overdue_since", postgresql_where=text("overdue_since IS NOT NULL")),
        Index("ix_loan_group", "joint_group_id", postgresql_where=text("joint_group_id IS NOT NULL")),
    )  # fmt: skip

    client_id: Mapped[int] = link("client", index=False)
    number: Mapped[Code]
    contract_number: Mapped[Code | None]
    customer_id: Mapped[int] = link("customer")
    product_id: Mapped[int] = link("product")
    branch_id: Mapped[int | None] = link("branch", index=False)
    officer_id: Mapped[int | None] = link("user", index=False)
    region_id: Mapped[int | None] = link("region", index=False)
    joint_group_id: Mapped[int | None] = link("joint_liability_group", index=False)
    repayment_account: Mapped[Code | None]
    purpose: Mapped[Line | None]
    currency: Mapped[Currency]
    principal: Mapped[Money]
    annual_rate: Mapped[Rate]
    disbursed_on: Mapped[date]
    matures_on: Mapped[date]
    method: Mapped[Method] = choice(Method)
    terms: Mapped[Json]
    """Frequency, due day, day count, rounding and grace as agreed; `app.servicing.terms` reads them."""
    principal_outstanding: Mapped[Money] = mapped_column(default=0, server_default="0")
    overdue_principal: Mapped[Money] = mapped_column(default=0, server_default="0")
    overdue_interest: Mapped[Money] = mapped_column(default=0, server_default="0")
    overdue_since: Mapped[date | None]
    """Due date of the oldest instalment that counts as overdue; days past due derive from it."""
    next_due_on: Mapped[date | None] = mapped_column(index=True)
    bucket_id: Mapped[int | None] = link("bucket")
    status: Mapped[LoanStatus] = choice(LoanStatus, default=LoanStatus.CURRENT)
    settled_on: Mapped[date | None]
    written_off_on: Mapped[date | None]
    taken_over_on: Mapped[date | None]
    """The day of the ledger with which the loan came when it was already running: of what was paid before, only the
    sum is known. Empty for a loan whose every payment is known."""
    is_dunning_stopped: Mapped[Flag]
    days_past_due = DaysSince("overdue_since")

    __screen__ = Screen(
        help=_(
            "Credit agreements with their terms and what is still owed on the business date. Loans come in by import; balances, arrears and status "
            "are kept by postings and by the night and cannot be typed. Branch, officer and region of a loan decide who sees it and its customer."
        ),
        menu=_("Portfolio"), title=_("Loans"), icon="cash", position=20,
        list="number customer product status days_past_due overdue_principal principal_outstanding officer",
        form={_("Agreement"): "client number contract_number customer product branch officer region joint_group",
              _("Terms"): "currency principal annual_rate disbursed_on matures_on method purpose repayment_account"},
        show={lazy_pgettext("loan", "Position"): "principal_outstanding overdue_principal overdue_interest overdue_since days_past_due "
                           "next_due_on bucket status is_dunning_stopped",
              _("Agreement"): "client number contract_number customer product branch officer region joint_group purpose",
              _("Terms"): "currency principal annual_rate disbursed_on taken_over_on matures_on method repayment_account"},
        filters="number customer product client branch officer region joint_group status bucket days_past_due is_dunning_stopped "
                "overdue_since next_due_on disbursed_on taken_over_on matures_on principal principal_outstanding overdue_principal method currency",
        tabs="instalment repayment allocation message", search="number contract_number customer.name",
        charts={"status": "count sum(principal_outstanding)", "bucket": "count sum(principal_outstanding)",
                "product": "count sum(principal_outstanding)", "branch": "count sum(principal_outstanding)"},
        operations="edit",
    )  # fmt: skip


class Instalment(Entity):
    """One line of a loan's schedule and how much of it is paid."""

    __scope__ = Scope.through("loan")
    __history__ = False
    __table_args__ = (
        UniqueConstraint("loan_id", "number"),
        Index("ix_instalment_open", "due_on", "loan_id", postgresql_where=text("paid_on IS NULL")),
        Index("ix_instalment_due", "due_on"),
    )

    loan_id: Mapped[int] = link("loan", ondelete="CASCADE", index=False)
    customer_id: Mapped[int] = link("customer", ondelete="CASCADE")
    number: Mapped[Count]
    due_on: Mapped[date]
    principal: Mapped[Money]
    interest: Mapped[Money]
    balance: Mapped[Money]
    """Principal still owed after this instalment when all is paid as planned."""
    principal_paid: Mapped[Money] = mapped_column(default=0, server_default="0")
    interest_paid: Mapped[Money] = mapped_column(default=0, server_default="0")
    paid_on: Mapped[date | None]
    """Day on which the last part was paid; empty while something is open."""
    is_before_takeover: Mapped[Flag]
    """Fell due before its loan was taken over, so what was paid of it on which day is not known."""

    __screen__ = Screen(
        help=_(
            "The lines of the schedules: what falls due on which day, and how much of it is paid. They are made with the loan and changed only by "
            "repayments and reversals."
        ),
        menu=_("Portfolio"), title=_("Instalments"), icon="calendar", position=25, operations="", order="due_on",
        list="loan customer number due_on principal interest principal_paid interest_paid paid_on balance",
        show={_("Instalment"): "loan customer number due_on principal interest principal_paid interest_paid paid_on balance is_before_takeover"},
        search="loan.number", filters="loan customer due_on paid_on is_before_takeover principal",
    )  # fmt: skip
