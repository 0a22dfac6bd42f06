"""Absences: who is away from when to when, and who decides for him meanwhile what he would have to approve."""

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped

from app.core.entity import Entity, link
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import Line


class Absence(Entity):
    """The days on which somebody is away; his substitute may approve then what he may approve."""

    __scope__ = Scope.shared("colleagues have to know who is away and who decides for him")
    __table_args__ = (
        # nobody is away twice at once; a range of one id stands for the id, which needs no extension
        ExcludeConstraint(
            (text("int4range(user_id, user_id, '[]')"), "&&"),
            (text("daterange(starts_on, ends_on, '[]')"), "&&"),
            name="ex_absence_overlap",
        ),
        Index("ix_absence_substitute", "substitute_id", "ends_on"),
    )

    user_id: Mapped[int] = link("user", ondelete="CASCADE", index=False)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    substitute_id: Mapped[int] = link("user", ondelete="CASCADE", index=False)
    reason: Mapped[Line | None]

    __screen__ = Screen(
        help=_(
            "Who is away, from the first day to the last, and who decides for him meanwhile. The substitute may approve what "
            "the absent person may approve, as far as he sees the record himself; the request says that he did it in his "
            "place. A substitute who is away himself passes nothing on."
        ),
        guide="approvals-rules-tasks write-a-rule",
        menu=_("Work"), title=_("Absences"), icon="calendar-due", position=13, is_for_people=True, order="-starts_on",
        list="user starts_on ends_on substitute reason", form={_("Absence"): "user starts_on ends_on substitute reason"},
        search="user.last_name reason", filters="user substitute starts_on ends_on",
        labels={"user": _("Who is away"), "starts_on": _("First day"), "ends_on": _("Last day"), "substitute": _("Substitute")},
        hints={"user": _("Empty: yourself"), "reason": _("Your colleagues can read it")},
    )  # fmt: skip


Absence.__table__.c.user_id.info["is_filled"] = True
