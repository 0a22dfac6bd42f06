"""Branches and territory: the two trees by which data is scoped."""

from flask_babel import lazy_gettext as _
from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core import file_names
from app.core.entity import Entity, link
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.tree import Tree
from app.core.types import Choice, Code, Flag, Name, Phone, Text, choice


class Branch(Tree, Entity):
    """A unit of the lender: head office, regional office, branch."""

    __scope__ = Scope.shared("the names of units appear on every record and tell nothing about a customer")
    __room__ = 2**10
    __table_args__ = (UniqueConstraint("parent_id", "name", postgresql_nulls_not_distinct=True),)

    code: Mapped[Code | None]
    name: Mapped[Name]
    parent_id: Mapped[int | None] = link("branch")
    phone: Mapped[Phone | None]
    is_closed: Mapped[Flag]
    names_in_files: Mapped[Text | None]

    __screen__ = Screen(
        help=_(
            "The units of the lender as a tree, head office on top. A data grant on a branch opens everything below it, so "
            "moving a branch changes at once who sees its loans. Close a branch instead of deleting it; further names serve"
            " to find it in files."
        ),
        menu=_("Organisation"), title=_("Branches"), icon="building-bank", list="name code parent phone is_closed",
        form={_("Branch"): "name code parent phone is_closed names_in_files"}, search="name code", order="name",
        hints={"names_in_files": file_names.HINT},
    )  # fmt: skip


class RegionLevel(Choice):
    """Levels of the address classifier; an area (片区) groups townships and is set by administrators."""

    PROVINCE = "province", _("Province"), "purple"
    CITY = "city", _("City"), "indigo"
    COUNTY = "county", _("County"), "blue"
    AREA = "area", _("Area"), "cyan"
    TOWNSHIP = "township", _("Township"), "teal"
    VILLAGE = "village", _("Village"), "green"
    GROUP = "group", _("Village group"), "lime"


class Region(Tree, Entity):
    """A place of the address classifier, from province down to the group within a village."""

    __scope__ = Scope.shared("the public classifier of places")
    # two settlements of one community can share their name; the classifier's code tells them apart
    __table_args__ = (
        UniqueConstraint("parent_id", "name", "level", "code", postgresql_nulls_not_distinct=True),
    )

    code: Mapped[Code | None] = mapped_column(index=True)
    name: Mapped[Name]
    level: Mapped[RegionLevel] = choice(RegionLevel)
    parent_id: Mapped[int | None] = link("region")

    __screen__ = Screen(
        help=_(
            "The one classifier of territory, from province to village group. It is filled by the import of the official "
            "list; areas are your own groups of townships. Partners are given a territory to read, with everything below "
            "it."
        ),
        menu=_("Organisation"), title=_("Regions"), icon="map", list="name level code parent",
        form={_("Region"): "name level code parent"}, search="name code", order="name",
    )  # fmt: skip
