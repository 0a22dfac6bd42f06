"""Outlines of regions, from which reports are drawn as maps."""

from flask_babel import lazy_gettext as _
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.entity import Entity, link
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import Count, CreatedAt, Line


class RegionOutline(Entity):
    """The border of a region as maps draw it, from a GeoJSON file that an administrator gave."""

    __scope__ = Scope.shared("borders of the public classifier of places")
    __custom__ = False

    region_id: Mapped[int] = link("region", ondelete="CASCADE", index=False, unique=True)
    rings: Mapped[list[list[int]]] = mapped_column(JSONB, info={"kind": "mark"})
    """Closed lines, each as longitude and latitude in turn, in hundred-thousandths of a degree (`app.core.outlines`)."""
    points: Mapped[Count]
    file_name: Mapped[Line]
    author_id: Mapped[int | None] = link("user", ondelete="SET NULL")
    created_at: Mapped[CreatedAt]

    __screen__ = Screen(
        help=_(
            "The borders of regions. A report that is grouped by places which have one can be shown as a map. They come from a"
            " GeoJSON file, by the codes of the regions; a file sent later replaces the outlines of the places it has."
        ),
        menu=_("Organisation"), title=_("Region outlines"), icon="map-2", list="region region.level points file_name author created_at",
        show={_("Region outline"): "region points file_name author created_at"}, filters="region region.level file_name author created_at",
        search="file_name", order="-created_at", operations="delete", position=51, guide="map", upload="/region_outline/upload",
        labels={"points": _("Points"), "file_name": _("File"), "author": _("Uploaded by")},
    )  # fmt: skip
