"""Outlines of a file kept for the regions whose codes it names: all that is right, and word of the rest."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session, load_only

from app.core import clock, outlines
from app.core.locks import Lock
from app.core.org import Region, RegionLevel, RegionOutline
from app.core.web.maps.geojson import Outline, Refused


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
    kept = Kept()
    rows: dict[int, dict[str, Any]] = {}
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
    _put(session, rows, kept, {"file_name": file_name, "author_id": author_id, "created_at": clock.now()})
    return kept


def _put(session: Session, rows: dict[int, dict[str, Any]], kept: Kept, common: dict[str, Any]) -> None:
    """Add or replace, one file at a time."""
    session.execute(select(func.pg_advisory_xact_lock(Lock.OUTLINES, 0)))
    query = select(RegionOutline).where(RegionOutline.region_id.in_(rows))
    known = {one.region_id: one for one in session.scalars(query.options(load_only(RegionOutline.region_id)))}
    for region_id, row in sorted(rows.items()):
        if region_id in known:
            for name, value in (row | common).items():
                setattr(known[region_id], name, value)
        else:
            session.add(RegionOutline(**row, **common))
    kept.added, kept.replaced = len(rows) - len(known), len(known)
    session.flush()


def _regions(session: Session, codes: set[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for code, region_id in session.execute(select(Region.code, Region.id).where(Region.code.in_(codes))):
        found.setdefault(str(code), []).append(region_id)
    return found


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
