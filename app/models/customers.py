"""The customer base: people and organisations, how to reach them, and who is linked to whom."""

from datetime import date, datetime

from flask_babel import lazy_gettext as _, lazy_pgettext
from sqlalchemy import BigInteger, DateTime, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import codes, file_names
from app.core.entity import Entity, link
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import (
    Choice,
    Code,
    Flag,
    Line,
    Name,
    PersonalData,
    Phone as PhoneNumber,
    Text,
    choice,
    of_person,
)


class CustomerKind(Choice):
    """Person or organisation."""

    PERSON = "person", lazy_pgettext("customer", "Person"), "blue"
    ORGANISATION = "organisation", lazy_pgettext("customer", "Organisation"), "purple"


class CustomerStatus(Choice):
    """Where the customer stands with the lender."""

    POTENTIAL = "potential", _("Potential"), "secondary"
    NEW = "new", _("New"), "cyan"
    ACTIVE = "active", lazy_pgettext("customer", "Active"), "green"
    INACTIVE = "inactive", lazy_pgettext("customer", "Inactive"), "secondary"


class Sex(Choice):
    """Sex as stated in the identity document."""

    MALE = "male", _("Male")
    FEMALE = "female", _("Female")


class Customer(Entity):
    """A person or organisation that borrows, guarantees or may borrow. Separate for each client."""

    __is_person__ = True
    __scope__ = Scope(
        branch="branch_id",
        officer="manager_id",
        client="client_id",
        opened_in=("customer_reach", "customer_id"),
    )
    __table_args__ = (
        UniqueConstraint("client_id", "identity_number"),
        Index("ix_customer_client_id", "client_id", "id"),
        Index("ix_customer_branch_lft", "branch_lft", "id"),
        Index("ix_customer_name", "name", postgresql_ops={"name": "text_pattern_ops"}),
    )

    client_id: Mapped[int] = link("client", index=False)
    kind: Mapped[CustomerKind] = choice(CustomerKind, default=CustomerKind.PERSON)
    name: Mapped[Name] = of_person()
    identity_number: Mapped[PersonalData | None] = mapped_column(index=True)
    sex: Mapped[Sex | None] = choice(Sex)
    born_on: Mapped[date | None] = of_person()
    manager_id: Mapped[int | None] = link("user")
    branch_id: Mapped[int | None] = link("branch")
    language: Mapped[Code] = mapped_column(server_default="en", info={"words": "language", "empty": ""})
    """In which he is written to; that of his client where a typed customer's is left open."""
    zone: Mapped[Code | None] = mapped_column(info={"form": "zone"})
    """Time zone in which the contact hours count; unknown means those of the telephone number."""
    status: Mapped[CustomerStatus] = choice(CustomerStatus, default=CustomerStatus.ACTIVE)
    is_do_not_contact: Mapped[Flag]
    is_vulnerable: Mapped[Flag]
    remark: Mapped[Text | None] = of_person()

    __screen__ = Screen(
        help=_(
            "People and organisations that borrow, guarantee or may borrow. A customer is seen by whoever sees one of his "
            "loans, by his manager and by his branch. Do not contact and vulnerable stop or limit messages at once."
        ),
        menu=_("Portfolio"), title=_("Customers"), icon="users", position=10,
        list="name kind identity_number status branch manager is_do_not_contact client",
        form={_("Customer"): "client kind name identity_number sex born_on status",
              _("Service"): "branch manager language zone", _("Contact"): "is_do_not_contact is_vulnerable remark"},
        tabs="loan phone address customer_link message contact_note repayment",
        search="name identity_number", charts={"status": "count"},
        hints={
            "language": _("Empty means the client's language"),
            "zone": _("Such as Europe/Kyiv; empty means the client's"),
        },
        labels={"name": lazy_pgettext("person", "Name")},
    )  # fmt: skip


class CustomerReach(Entity):
    """For each customer, the distinct scope keys of his loans and his own: who may see him. Kept by triggers."""

    __scope__ = Scope(
        branch="branch_lft",
        region="region_lft",
        officer="officer_id",
        client="client_id",
        product_kind="product_kind",
    )
    __history__ = False
    __table_args__ = (
        UniqueConstraint(
            "customer_id", "branch_lft", "region_lft", "officer_id", "client_id", "product_kind", "joint_group_id",
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_customer_reach_branch", "branch_lft", "customer_id"),
        Index("ix_customer_reach_region", "region_lft", "customer_id"),
        Index("ix_customer_reach_officer", "officer_id", "customer_id"),
        Index("ix_customer_reach_client", "client_id", "customer_id"),
        Index("ix_customer_reach_group", "joint_group_id"),
    )  # fmt: skip

    customer_id: Mapped[int] = link("customer", ondelete="CASCADE")
    branch_lft: Mapped[int | None] = mapped_column(BigInteger, info={"kind": "scope_key"})
    region_lft: Mapped[int | None] = mapped_column(BigInteger, info={"kind": "scope_key"})
    officer_id: Mapped[int | None] = link("user", index=False)
    client_id: Mapped[int | None] = link("client", index=False)
    product_kind: Mapped[Code | None] = mapped_column(info={"kind": "scope_key"})
    joint_group_id: Mapped[int | None] = link("joint_liability_group", ondelete="CASCADE", index=False)

    __screen__ = Screen(operations="")


class PhoneKind(Choice):
    """What sort of line it is."""

    MOBILE = "mobile", _("Mobile"), "blue"
    LANDLINE = "landline", _("Landline"), "secondary"
    WORK = "work", lazy_pgettext("address", "Work"), "purple"


class PhoneState(Choice):
    """What is known of the line from use."""

    UNKNOWN = "unknown", _("Not tried"), "secondary"
    GOOD = "good", _("Works"), "green"
    DEAD = "dead", _("Dead"), "red"
    BLOCKED = "blocked", _("Do not use"), "red"


codes.add("phone_source", {"import": _("From a file")})


class Phone(Entity):
    """A telephone number of a customer, whose it is and what is known of it."""

    __goes_with_person__ = True
    __scope__ = Scope.through("customer")
    __table_args__ = (
        UniqueConstraint("customer_id", "number"),
        Index("uq_phone_primary", "customer_id", unique=True, postgresql_where=text("is_primary")),
    )

    customer_id: Mapped[int] = link("customer", ondelete="CASCADE", index=False)
    number: Mapped[PhoneNumber] = mapped_column(index=True)
    kind: Mapped[PhoneKind] = choice(PhoneKind, default=PhoneKind.MOBILE)
    holder: Mapped[Name | None] = of_person()
    """Who answers when it is not the customer: spouse, neighbour."""
    is_primary: Mapped[Flag]
    state: Mapped[PhoneState] = choice(PhoneState, default=PhoneState.UNKNOWN)
    source: Mapped[Code | None] = mapped_column(info={"said": "phone_source"})

    __screen__ = Screen(
        title=_("Phones"), icon="phone", list="customer number kind holder is_primary state source",
        form={_("Phone"): "customer number kind holder is_primary state source"}, search="number",
        labels={"number": _("Telephone number")},
    )  # fmt: skip


class AddressKind(Choice):
    """Which address of the customer it is."""

    HOME = "home", lazy_pgettext("address", "Home"), "blue"
    REGISTERED = "registered", _("Registered"), "secondary"
    WORK = "work", lazy_pgettext("address", "Work"), "purple"


class Address(Entity):
    """An address of a customer: a place of the classifier and the house in it."""

    __goes_with_person__ = True
    __scope__ = Scope.through("customer")
    __table_args__ = (
        UniqueConstraint("customer_id", "kind", "region_id", "house", postgresql_nulls_not_distinct=True),
    )

    customer_id: Mapped[int] = link("customer", ondelete="CASCADE")
    kind: Mapped[AddressKind] = choice(AddressKind, default=AddressKind.HOME)
    region_id: Mapped[int | None] = link("region")
    house: Mapped[Line | None] = of_person()
    is_blocked: Mapped[Flag]

    __screen__ = Screen(
        title=_("Addresses"), icon="map-pin", list="customer kind region house is_blocked",
        form={_("Address"): "customer kind region house is_blocked"}, search="house",
    )  # fmt: skip


class LinkKind(Choice):
    """How two customers belong together."""

    SPOUSE = "spouse", _("Spouse"), "pink"
    GUARANTOR = "guarantor", _("Guarantor"), "blue"
    CO_BORROWER = "co_borrower", _("Co-borrower"), "purple"
    MORTGAGOR = "mortgagor", _("Mortgagor"), "orange"
    RELATIVE = "relative", _("Relative"), "secondary"


class CustomerLink(Entity):
    """Somebody linked to a customer; a customer himself where he is known, else a name and a number."""

    __goes_with_person__ = True
    __scope__ = Scope.through("customer")
    __table_args__ = (
        UniqueConstraint("customer_id", "kind", "name", "phone", postgresql_nulls_not_distinct=True),
    )

    customer_id: Mapped[int] = link("customer", ondelete="CASCADE")
    kind: Mapped[LinkKind] = choice(LinkKind)
    linked_id: Mapped[int | None] = link("customer", ondelete="SET NULL")
    name: Mapped[Name] = of_person()
    phone: Mapped[PhoneNumber | None]

    __screen__ = Screen(
        title=_("Linked people"), icon="link", list="customer kind name phone linked",
        form={_("Link"): "customer kind name phone linked"}, search="name", labels={"name": lazy_pgettext("person", "Name")},
    )  # fmt: skip


class JointLiabilityGroup(Entity):
    """Borrowers who answer for each other's loans (联保小组)."""

    __scope__ = Scope(
        branch="branch_id",
        region="region_id",
        client="client_id",
        opened_in=("customer_reach", "joint_group_id"),
    )
    __table_args__ = (UniqueConstraint("client_id", "region_id", "name", postgresql_nulls_not_distinct=True),)

    client_id: Mapped[int] = link("client")
    name: Mapped[Name]
    branch_id: Mapped[int | None] = link("branch")
    region_id: Mapped[int | None] = link("region")
    names_in_files: Mapped[Text | None]

    __screen__ = Screen(
        help=_(
            "Borrowers who answer for each other's loans. A group is found in files by its name and the further names that "
            "you give here; its loans stand on its page."
        ),
        menu=_("Portfolio"), title=_("Joint liability groups"), icon="users-group", list="name branch region client",
        form={_("Group"): "client name branch region names_in_files"}, tabs="loan", search="name",
        hints={"names_in_files": file_names.HINT},
    )  # fmt: skip


class ContactWay(Choice):
    """How the contact took place."""

    PHONE = "phone", _("Phone"), "blue"
    MEETING = "meeting", _("Meeting"), "green"
    VISIT = "visit", _("Visit"), "orange"
    MESSAGE = "message", _("Message"), "cyan"
    LETTER = "letter", _("Letter"), "purple"


class ContactNote(Entity):
    """A contact with a customer as its author tells it: when, how, where and what was said."""

    __scope__ = Scope.through("customer")
    __table_args__ = (Index("ix_contact_note_customer", "customer_id", "at"),)

    customer_id: Mapped[int] = link("customer", ondelete="CASCADE", index=False)
    at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), info={"kind": "datetime", "is_filled": True}
    )
    way: Mapped[ContactWay] = choice(ContactWay, default=ContactWay.PHONE)
    place: Mapped[Line | None] = of_person()
    text: Mapped[Text] = of_person()
    author_id: Mapped[int | None] = link("user")

    __screen__ = Screen(
        help=_(
            "What colleagues wrote down after a call, meeting or visit. A note belongs to a customer and can be corrected "
            "but not deleted; a recent conversation can hold back the next reminder."
        ),
        menu=_("Contact"), title=_("Contact notes"), icon="note", list="at customer way place text author",
        form={_("Contact"): "customer at way place text"}, search="text", order="-id", operations="add edit",
        hints={"at": _("Empty means now")},
    )  # fmt: skip
