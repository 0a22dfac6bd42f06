"""What is told to everybody in the house, or to the holders of a role, on their home pages."""

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped, mapped_column

from app.core.entity import Entity, link
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import Code, Name, Text


class Announcement(Entity):
    """A notice on home pages from one day to another, for one role or all, in one language or for readers of any."""

    __scope__ = Scope.shared("what the house tells its people")
    __custom__ = False

    title: Mapped[Name]
    text: Mapped[Text]
    role_id: Mapped[int | None] = link("role", ondelete="CASCADE")
    language: Mapped[Code | None] = mapped_column(info={"words": "language"})
    starts_on: Mapped[date] = mapped_column(index=True)
    ends_on: Mapped[date | None]

    __screen__ = Screen(
        help=_(
            "Notices on home pages, from one day to another, for everybody or for the holders of one role. With a language "
            "it is shown only to who reads that language: write one for each, or leave the language empty."
        ),
        menu=_("Administration"), title=_("Announcements"), icon="news", list="title role language starts_on ends_on",
        form={_("Announcement"): "title text role language starts_on ends_on"}, search="title", order="-starts_on -id",
        position=40, hints={"role": _("Empty: for all"), "language": _("Empty: whatever language they read")},
    )  # fmt: skip
