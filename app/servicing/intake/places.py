"""Places of the classifier by the names a file gives: county, township, village; with or without their endings."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.org import Region, RegionLevel
from app.servicing.intake.fields import PLACES

ENDINGS = {
    "city": ("自治州", "地区", "市", "州"),
    "county": ("自治县", "县", "区", "市", " raion", " район"),
    "township": ("街道办事处", "民族乡", "街道", "乡", "镇", " hromada", " громада"),
    "village": ("村民委员会", "居民委员会", "村委会", "居委会", "社区", "村"),
}
"""What is left out of a place's name in speech, longest first."""
SHORTEST = 2
"""A name is not cut to less than so many characters."""


@dataclass(frozen=True, order=True)
class Spot:
    """A place of the classifier."""

    lft: int
    rgt: int
    id: int


class Places:
    """Finds places by path. All of the classifier's levels that files name are held in memory."""

    def __init__(self, session: Session) -> None:
        self._exact: dict[tuple[str, str], list[Spot]] = {}
        self._short: dict[tuple[str, str], list[Spot]] = {}
        columns = (Region.level, Region.name, Region.lft, Region.rgt, Region.id)
        for level, name, lft, rgt, number in session.execute(select(*columns).order_by(Region.lft)):
            spot, word = Spot(lft, rgt, number), str(level)
            self._exact.setdefault((word, name), []).append(spot)
            self._short.setdefault((word, shortened(word, name)), []).append(spot)

    def find(self, path: dict[str, str | None]) -> tuple[int | None, str | None, Any]:
        """The id of the place at the end of a path of names by level; else the level at fault and why.

        Levels without a name are passed over. A name that fits several places is settled by those below it.
        """
        spots: list[Spot] | None = None
        above = None
        for level in PLACES:
            name = path.get(level)
            if not name:
                continue
            spots = self._below(level, name, spots)
            if not spots:
                reason = (
                    _("is no place in %(above)s", above=above)
                    if above
                    else _("is no place of the classifier")
                )
                return None, level, reason
            above = name
            last = level
        if not spots:
            return None, None, None
        if len(spots) > 1:
            return None, last, _("is the name of several places")
        return spots[0].id, None, None

    def _below(self, level: str, name: str, above: list[Spot] | None) -> list[Spot]:
        for index, word in ((self._exact, name), (self._short, shortened(level, name))):
            found = index.get((level, word), [])
            inside = found if above is None else [spot for each in above for spot in _inside(found, each)]
            if inside:
                return inside
        return []


def _inside(spots: list[Spot], above: Spot) -> list[Spot]:
    """Those of the sorted spots that lie within another."""
    first = bisect_left(spots, Spot(above.lft, 0, 0))
    return spots[first : bisect_right(spots, Spot(above.rgt, 2**63, 0))]


def shortened(level: str, name: str) -> str:
    """A name without the ending that says what sort of place it is.

    >>> shortened("village", "杨川村民委员会"), shortened("county", "通渭县"), shortened("county", "县区")
    ('杨川', '通渭', '县区')
    """
    for ending in ENDINGS.get(level, ()):
        if name.endswith(ending) and len(name) - len(ending) >= SHORTEST:
            return name.removesuffix(ending)
    return name


LEVELS = tuple(str(level.value) for level in RegionLevel)
