"""Outlines of a file kept for the regions whose codes it names: all that is right, and word of the rest."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core import clock, outlines
from app.core.org import Region, RegionLevel, RegionOutline
from app.core.web.maps.geojson import Outline, Refused

AT_ONCE = 500


@dataclass
class Kept:
    """What came of a file."""

    added: int = 0
    replaced: int = 0
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True)
class Coverage:
    """How many regions of a level there are, and how many of them have an outline."""

    level: RegionLevel
    regions: int
    outlined: int


def keep(session: Session, found: list[Outline], file_name: str, author_id: int) -> Kept:
    """Store the outlines in the place of those that their regions had; the caller commits."""
    kept, rows = Kept(), {}
    regions = _regions(session, {one.code for one in found})
    for one in found:
        ids = regions.get(one.code, [])
        if len(ids) == 1:
            rings = outlines.kept(one.rings)
            rows[ids[0]] = {
                "region_id": ids[0],
                "rings": outlines.flat(rings),
                "points": sum(map(len, rings)),
            }
        else:
            reason = gettext("Several regions have this code") if ids else gettext("No region has this code")
            kept.refused.append(Refused(one.name, one.code, reason))
    common = {"file_name": file_name, "author_id": author_id, "created_at": clock.now()}
    # in one order, so that two files that come at once wait for each other and no more
    for some in _parts([rows[region_id] | common for region_id in sorted(rows)]):
        added = _put(session, some)
        kept.added += added
        kept.replaced += len(some) - added
    return kept


def _regions(session: Session, codes: set[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for code, region_id in session.execute(select(Region.code, Region.id).where(Region.code.in_(codes))):
        found.setdefault(str(code), []).append(region_id)
    return found


def _parts(rows: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    return (rows[at : at + AT_ONCE] for at in range(0, len(rows), AT_ONCE))


def _put(session: Session, rows: list[dict[str, Any]]) -> int:
    """Add or replace; how many were added."""
    ids = [row["region_id"] for row in rows]
    known = select(func.count()).select_from(RegionOutline).where(RegionOutline.region_id.in_(ids))
    before = session.scalar(known) or 0
    put = insert(RegionOutline).values(rows)
    again = {name: put.excluded[name] for name in rows[0] if name != "region_id"}
    session.execute(put.on_conflict_do_update(index_elements=["region_id"], set_=again))
    return len(rows) - before


def coverage(session: Session) -> list[Coverage]:
    """Level by level, from the province down; levels without regions are left out."""
    counts = select(Region.level, func.count(), func.count(RegionOutline.id)).outerjoin(
        RegionOutline, RegionOutline.region_id == Region.id
    )
    found = {
        level: (regions, outlined)
        for level, regions, outlined in session.execute(counts.group_by(Region.level))
    }
    return [Coverage(level, *found[level]) for level in RegionLevel if level in found]


def reasons(refused: list[Refused]) -> list[tuple[str, int]]:
    """Each reason with how many parts of the file it is of, the most frequent first."""
    return Counter(one.reason for one in refused).most_common()
