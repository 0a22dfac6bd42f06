"""Settings of the installation and the calendar of days off."""

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.entity import Entity
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import Code, Flag, Line, Name


class Setting(Entity):
    """One named value that steers the installation; `app.core.settings` lists them with their defaults."""

    __scope__ = Scope.shared("how the installation is run; every rule reads it and no secret is kept here")

    name: Mapped[Code] = mapped_column(unique=True)
    value: Mapped[Line]

    __screen__ = Screen(
        menu=_("Administration"), title=_("Settings"), icon="settings", list="name value",
        form={_("Setting"): "name value"}, search="name", order="name", operations="edit",
    )  # fmt: skip


class Holiday(Entity):
    """A day on which the country does not work, or a weekend day on which it does."""

    __scope__ = Scope.shared("public calendar")
    __table_args__ = (UniqueConstraint("country", "held_on"),)

    country: Mapped[Code] = mapped_column(info={"words": "country"})
    held_on: Mapped[date]
    name: Mapped[Name]
    is_working_day: Mapped[Flag]

    __screen__ = Screen(
        menu=_("Administration"), title=_("Holidays"), icon="calendar-event",
        list="held_on country name is_working_day", form={_("Holiday"): "country held_on name is_working_day"},
        search="name", order="-held_on", labels={"held_on": _("Day"), "country": _("Country")},
    )  # fmt: skip
