"""The map of a report: its places with an outline, each in one of five steps of a figure, and what has to be known of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from flask_babel import format_decimal, gettext
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.core.org import Region, RegionOutline

STEPS = 5
MOST_PLACES = 400
"""Places of one map: their ids fit into an address."""
MOST_NAMED = 5
"""Places without an outline that are told by name."""


@dataclass
class Place:
    """A group of a report that is a place, with its figure."""

    id: int
    name: str
    value: Any
    text: str
    url: str | None
    step: int = 0
    """1 for the least figures to STEPS for the greatest; 0 for no figure."""


@dataclass(frozen=True)
class Step:
    """A line of the legend."""

    number: int
    text: str
    places: int


@dataclass
class Map:
    """A map as the page draws it; without places `notes` say why there is none."""

    title: str
    """What the colours tell."""
    places: list[Place] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the paths are."""
        return f"/outline/?ids={'.'.join(str(place.id) for place in self.places)}"


def is_there_any(session: Session) -> bool:
    """Whether some region has an outline, so that maps are worth offering."""
    return bool(session.scalar(select(exists(select(RegionOutline.id)))))


def drawn(session: Session, title: str, groups: Sequence[Place]) -> Map:
    """The map of these groups; what lies within another place is drawn over it."""
    known = {one.id: one for one in groups[:MOST_PLACES]}
    wanted = select(RegionOutline.region_id).join(Region, Region.id == RegionOutline.region_id)
    ids = session.scalars(wanted.where(RegionOutline.region_id.in_(known)).order_by(Region.lft)).all()
    made = Map(title, [known[region_id] for region_id in ids])
    made.steps = _put_in_steps(made.places)
    missing = [one.name for one in known.values() if one.id not in set(ids)]
    if missing:
        made.notes.append(_without(missing, len(known)))
    if len(groups) > MOST_PLACES:
        made.notes.append(gettext("Only the first %(n)s places are drawn", n=format_decimal(MOST_PLACES)))
    return made


def _without(missing: list[str], of: int) -> str:
    if len(missing) == of:
        return gettext("None of these places has an outline yet")
    names = ", ".join(missing[:MOST_NAMED]) + ("…" if len(missing) > MOST_NAMED else "")
    return gettext("%(n)s of %(of)s places have no outline: %(names)s", n=len(missing), of=of, names=names)


def _put_in_steps(places: list[Place]) -> list[Step]:
    """Give each place its step, and tell them: each step has about as many different figures."""
    values = sorted({one.value for one in places if one.value is not None})
    count = min(STEPS, len(values))
    ends = [len(values) * n // count for n in range(count + 1)] if count else []
    found = []
    for n, (begin, end) in enumerate(pairwise(ends)):
        inside = [
            one for one in places if one.value is not None and values[begin] <= one.value <= values[end - 1]
        ]
        least, most = (next(one.text for one in inside if one.value == values[at]) for at in (begin, end - 1))
        # few steps take the outer colours, too
        number = 1 + n * (STEPS - 1) // max(count - 1, 1) if count > 1 else STEPS
        for one in inside:
            one.step = number
        found.append(Step(number, least if least == most else f"{least} – {most}", len(inside)))
    if without := sum(one.value is None for one in places):
        found.append(Step(0, gettext("No figure"), without))
    return found
