"""Settings of the installation and the calendar of days off."""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core import codes
from app.core.derived import Said
from app.core.entity import Entity
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import Code, Flag, Line, Name

_VALUES = {
    "clock_runs": "yes_no", "send_messages": "yes_no", "dun_only_after_repayments": "yes_no", "country": "country",
    "default_contact_pack": "contact_pack",
}  # fmt: skip
"""Of which sort of codes the value of a setting is; others are typed."""


def _itself(setting: Any) -> dict[str, str]:
    """A setting keeps its name."""
    return {setting.name: codes.say("setting", setting.name)}


def _values(setting: Any) -> dict[str, Any]:
    return codes.words(_VALUES[setting.name]) if setting.name in _VALUES else {}


class Setting(Entity):
    """One named value that steers the installation; `app.core.settings` lists them with their defaults."""

    __scope__ = Scope.shared("how the installation is run; every rule reads it and no secret is kept here")
    __custom__ = False

    name: Mapped[Code] = mapped_column(unique=True, info={"said": "setting", "offers": _itself})
    value: Mapped[Line] = mapped_column(info={"said": "setting_value", "offers": _values, "empty": ""})
    meaning = Said("name", "setting_meaning")

    __screen__ = Screen(
        help=_(
            "Values that steer the whole installation, each explained beside it. A change counts at once and for everybody,"
            " and the history keeps who made it. Secrets and addresses of servers are not kept here but in the environment."
        ),
        menu=_("Administration"), title=_("Settings"), icon="settings", list="name value meaning",
        form={_("Setting"): "name value"}, show={_("Setting"): "name value meaning"}, filters="name value",
        search="name", order="name", operations="edit", labels={"meaning": _("Explanation")},
    )  # fmt: skip

    def __str__(self) -> str:
        return codes.say("setting", self.name)


class Holiday(Entity):
    """A day on which the country does not work, or a weekend day on which it does."""

    __scope__ = Scope.shared("public calendar")
    __table_args__ = (UniqueConstraint("country", "held_on"),)

    country: Mapped[Code] = mapped_column(info={"words": "country"})
    held_on: Mapped[date]
    name: Mapped[Name]
    is_working_day: Mapped[Flag]

    __screen__ = Screen(
        help=_(
            "Days on which a country does not work, and weekend days on which it does. The contact rules ask this calendar "
            "before a message leaves: enter the year to come before it begins."
        ),
        menu=_("Administration"), title=_("Holidays"), icon="calendar-event",
        list="held_on country name is_working_day", form={_("Holiday"): "country held_on name is_working_day"},
        search="name", order="-held_on", labels={"held_on": _("Day"), "country": _("Country")},
    )  # fmt: skip
