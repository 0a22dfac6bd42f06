"""Outlines of places: rings of points thinned to what an eye can tell apart, and drawn as the paths of one picture.

Points are whole numbers, in hundred-thousandths of a degree (about a metre) as they are stored, in thousandths of its
longer side in a picture. Nothing here knows a database or a screen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, radians
from typing import Any

import numpy as np
from numpy.typing import NDArray

Point = tuple[int, int]
Ring = list[Point]
"""A closed line: its last point is its first."""
Points = NDArray[np.int64]

DEGREE = 100_000
SIDE = 1000
"""The longer side of a picture."""
MOST_KEPT = 400
"""Points of a stored outline: more than a picture of one province needs of each of its counties."""
MOST_LOOKED_AT = 5_000
"""Points among which the telling ones are looked for, so that no outline takes longer than a moment."""
MOST_LETTERS = 60_000
"""Of all paths of a picture together."""
FINEST = 20


@dataclass(frozen=True)
class Shape:
    """A place in a picture: its path, where its name goes, and the room that there is for it."""

    path: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Picture:
    """The places of a picture by their ids."""

    width: int
    height: int
    shapes: dict[int, Shape]


def kept(rings: list[Ring]) -> list[Ring]:
    """An outline as it is stored: no more than MOST_KEPT points, the finest that this allows."""
    within = FINEST
    rings = simplified(rings, within)
    while sum(map(len, rings)) > MOST_KEPT:
        within += within // 2
        rings = simplified(rings, within)
    return rings


def simplified(rings: list[Ring], within: int) -> list[Ring]:
    """The rings to so many units; what is smaller than that goes, but for the largest, so that every place stays.

    >>> square = [(0, 0), (50, 1), (100, 0), (100, 100), (0, 100), (0, 0)]
    >>> simplified([square, [(7, 7), (8, 7), (8, 8), (7, 7)]], 3)
    [[(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)]]
    """
    largest = max(rings, key=extent)
    return [thinned(ring, within) for ring in rings if ring is largest or extent(ring) > 2 * within]


def extent(ring: Ring) -> int:
    """The longer side of the box around a ring."""
    left, top, right, bottom = box(ring)
    return max(right - left, bottom - top)


def box(points: Iterable[Point]) -> tuple[int, int, int, int]:
    """The least and the greatest x and y: left, top, right, bottom where y grows downwards."""
    across, down = zip(*points, strict=True)
    return min(across), min(down), max(across), max(down)


def thinned(ring: Ring, within: int) -> Ring:
    """The ring without the points that lie nearer than `within` to the line between those that stay.

    By the rule of Douglas and Peucker (1973), from the first point to the farthest of it and back.
    """
    ring = _spaced(ring, within)
    points = np.array(ring, dtype=np.int64)
    far = int(np.hypot(*(points - points[0]).T).argmax())
    telling, spans = {0, far, len(ring) - 1}, [(0, far), (far, len(ring) - 1)]
    while spans:
        first, last = spans.pop()
        at, distance = _farthest(points, first, last)
        if distance > within:
            telling.add(at)
            spans += [(first, at), (at, last)]
    return [ring[n] for n in sorted(telling)]


def _spaced(ring: Ring, within: int) -> Ring:
    """The ring without points that stand close to the one before, so that what is left can be looked at in a moment."""
    step = within / 2
    while True:
        found = [ring[0]]
        for one in ring[1:-1]:
            if hypot(found[-1][0] - one[0], found[-1][1] - one[1]) >= step:
                found.append(one)
        if len(found) < MOST_LOOKED_AT:
            return [*found, ring[-1]]
        step *= 2


def _farthest(ring: Points, first: int, last: int) -> tuple[int, float]:
    """The point between two that lies farthest from the line through them, and how far."""
    if last - first < 2:
        return first, 0
    (across, down), ways = ring[last] - ring[first], ring[first + 1 : last] - ring[first]
    length = hypot(across, down)
    distances = np.abs(across * ways[:, 1] - down * ways[:, 0]) / length if length else np.hypot(*ways.T)
    at = int(distances.argmax())
    return first + 1 + at, distances[at]


def picture(outlines: Mapping[int, list[Ring]]) -> Picture:
    """All outlines in one picture, as fine as MOST_LETTERS allow.

    Longitudes are drawn in the scale of the middle latitude: no place is then wider or narrower than it is.
    """
    left, low, right, high = box(point for rings in outlines.values() for ring in rings for point in ring)
    squeeze = cos(radians((low + high) / 2 / DEGREE))
    scale = SIDE / max((right - left) * squeeze, high - low, 1)
    drawn = {
        name: [[(round((x - left) * squeeze * scale), round((high - y) * scale)) for x, y in ring] for ring in rings]
        for name, rings in outlines.items()
    }  # fmt: skip
    wide, tall = (max(round(side * scale), 1) for side in ((right - left) * squeeze, high - low))
    within = 1
    while True:
        drawn = {name: simplified(rings, within) for name, rings in drawn.items()}
        paths = {name: "".join(map(_path, rings)) for name, rings in drawn.items()}
        if sum(map(len, paths.values())) <= MOST_LETTERS or within > SIDE:
            return Picture(wide, tall, {name: _shape(paths[name], rings) for name, rings in drawn.items()})
        within *= 2


def _path(ring: Ring) -> str:
    """A ring as SVG draws it: where it begins, and from there the way to each point.

    >>> _path([(5, 5), (9, 5), (9, 2), (5, 5)])
    'M5 5l4 0 0-3z'
    """
    steps = " ".join(f"{x - before_x} {y - before_y}" for (before_x, before_y), (x, y) in pairwise(ring[:-1]))
    return f"M{ring[0][0]} {ring[0][1]}{'l' if steps else ''}{steps}z".replace(" -", "-")


def _shape(path: str, rings: list[Ring]) -> Shape:
    """Where the name goes: into the middle of the widest of five lines across the largest ring."""
    ring = max(rings, key=extent)
    _left, top, _right, bottom = box(ring)
    lines = (top + (bottom - top) * part / 10 for part in (5, 4, 6, 3, 7))
    found = max(((width, x, round(y)) for y in lines for width, x in _across(ring, y)), default=(0, *ring[0]))
    return Shape(path, found[1], found[2], found[0], bottom - top)


def _across(ring: Ring, y: float) -> list[tuple[int, int]]:
    """Width and middle of each stretch of a line that lies inside of the ring."""
    cut = sorted(
        one[0] + (y - one[1]) * (other[0] - one[0]) / (other[1] - one[1])
        for one, other in pairwise(ring)
        if (one[1] > y) != (other[1] > y)
    )
    return [
        (round(end - begin), round((begin + end) / 2)) for begin, end in zip(cut[::2], cut[1::2], strict=True)
    ]


def flat(rings: list[Ring]) -> list[list[int]]:
    """Rings as they are stored: each one list of x and y in turn."""
    return [[part for point in ring for part in point] for ring in rings]


def unflat(stored: list[Any]) -> list[Ring]:
    """What `flat` stored.

    >>> unflat(flat([[(1, 2), (3, 4)]]))
    [[(1, 2), (3, 4)]]
    """
    return [list(zip(ring[::2], ring[1::2], strict=True)) for ring in stored]
