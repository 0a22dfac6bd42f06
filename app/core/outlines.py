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
MOST_LOOKED_AT = 3_000
"""Points among which the telling ones are looked for, so that no outline takes longer than a moment."""
MOST_LETTERS = 60_000
"""Of all paths of a picture together."""
FINEST = 20
MANY = 100


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


@dataclass(frozen=True)
class Weighed:
    """A ring with how much each of its points tells of it: how far the line would run from it if it were left out."""

    points: Points
    weights: NDArray[np.float64]
    extent: int

    def within(self, distance: int) -> Ring:
        """The points without which the line would run farther off than that; the ends and the farthest always stay."""
        return [(x, y) for x, y in self.points[self.weights > distance].tolist()]


def kept(rings: list[Ring]) -> list[Ring]:
    """An outline as it is stored: no more than MOST_KEPT points, the finest that this allows."""
    known, distance = [weighed(ring, FINEST) for ring in rings], FINEST
    while sum(map(len, found := simplified(known, distance))) > MOST_KEPT:
        distance += distance // 2
    return found


def simplified(rings: list[Weighed], distance: int) -> list[Ring]:
    """The rings to so many units; what is smaller than that goes, but for the largest, so that every place stays.

    >>> square = [(0, 0), (50, 1), (100, 0), (100, 100), (0, 100), (0, 0)]
    >>> simplified([weighed(square), weighed([(7, 7), (8, 7), (8, 8), (7, 7)])], 3)
    [[(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)]]
    """
    largest = max(rings, key=lambda ring: ring.extent)
    return [ring.within(distance) for ring in rings if ring is largest or ring.extent > 2 * distance]


def weighed(ring: Ring, step: int = 1) -> Weighed:
    """Weigh the points of a ring by the rule of Douglas and Peucker (1973), from the first to the farthest and back.

    Of points that lie in one cell of `step` units one after another the first is looked at.
    """
    points = _spaced(np.array(ring, dtype=np.int64), step)
    known: Ring = [(x, y) for x, y in points.tolist()]
    weights = np.zeros(len(points))
    far = int(np.hypot(*(points - points[0]).T).argmax())
    weights[[0, far, -1]] = np.inf
    spans = [(0, far, np.inf), (far, len(points) - 1, np.inf)]
    while spans:
        first, last, most = spans.pop()
        if last - first > 1:
            at, distance = _farthest(points, known, first, last)
            # a point never tells more than the one between whose neighbours it was found
            weights[at] = min(distance, most)
            spans += [(first, at, weights[at]), (at, last, weights[at])]
    return Weighed(points, weights, extent(ring))


def _spaced(points: Points, step: int) -> Points:
    """So few of the points of a line that they can be looked at in a moment."""
    while True:
        cells = points // step
        is_kept = np.append(True, (cells[1:] != cells[:-1]).any(axis=1))
        is_kept[-1] = True
        if is_kept.sum() <= MOST_LOOKED_AT:
            return points[is_kept]
        step *= 2


def _farthest(points: Points, known: Ring, first: int, last: int) -> tuple[int, float]:
    """The point between two that lies farthest from the line through them, and how far."""
    (x, y), (to_x, to_y) = known[first], known[last]
    across, down = to_x - x, to_y - y
    length = hypot(across, down)
    if last - first > MANY and length:
        distances = np.abs(across * (points[first:last, 1] - y) - down * (points[first:last, 0] - x))
        at = int(distances.argmax())
        return first + at, float(distances[at]) / length
    # of few points each is weighed sooner than an array of them is made
    most, at = -1.0, first
    for n in range(first + 1, last):
        px, py = known[n]
        distance = abs(across * (py - y) - down * (px - x)) if length else hypot(px - x, py - y)
        if distance > most:
            most, at = distance, n
    return at, most / (length or 1)


def extent(ring: Ring) -> int:
    """The longer side of the box around a ring."""
    left, top, right, bottom = box(ring)
    return max(right - left, bottom - top)


def box(points: Iterable[Point]) -> tuple[int, int, int, int]:
    """The least and the greatest x and y: left, top, right, bottom where y grows downwards."""
    across, down = zip(*points, strict=True)
    return min(across), min(down), max(across), max(down)


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
    known = {name: [weighed(ring) for ring in rings] for name, rings in drawn.items()}
    distance = 1
    while True:
        found = {name: simplified(rings, distance) for name, rings in known.items()}
        paths = {name: "".join(map(_path, rings)) for name, rings in found.items()}
        if sum(map(len, paths.values())) <= MOST_LETTERS or distance > SIDE:
            return Picture(wide, tall, {name: _shape(paths[name], rings) for name, rings in found.items()})
        distance *= 2


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
    # a line off the middle must be that much wider to be taken
    lines = ((top + (bottom - top) * part / 10, 10 - abs(5 - part)) for part in (5, 4, 6, 3, 7))
    found = [(width * worth, width, x, round(y)) for y, worth in lines for width, x in _across(ring, y)]
    _told, width, x, y = max(found, default=(0, 0, *ring[0]))
    return Shape(path, x, y, width, bottom - top)


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
