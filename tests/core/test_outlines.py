"""Outlines are thinned to what an eye can tell apart: few points, near the border, and small pictures of many places."""

from itertools import pairwise
from math import cos, hypot, pi, sin
from random import Random

from app.core import outlines
from app.core.outlines import Ring


def coast(at: tuple[int, int], size: int, points: int, seed: int = 1) -> Ring:
    """A rugged closed line around a point."""
    chance = Random(seed)  # noqa: S311  a shape, no secret
    waves = [(chance.randint(2, 90), chance.random() * 6) for _ in range(12)]
    ring = []
    for n in range(points):
        turn = 2 * pi * n / points
        far = size * (1 + sum(sin(often * turn + begin) / often for often, begin in waves) / 6)
        ring.append((at[0] + round(far * cos(turn)), at[1] + round(far * sin(turn))))
    return [*ring, ring[0]]


def distance(point: tuple[int, int], ring: Ring) -> float:
    """How far a point lies from a closed line."""
    best = float("inf")
    for (x, y), (to_x, to_y) in pairwise(ring):
        across, down = to_x - x, to_y - y
        length = across**2 + down**2
        part = max(0, min(1, ((point[0] - x) * across + (point[1] - y) * down) / length)) if length else 0
        best = min(best, hypot(point[0] - x - part * across, point[1] - y - part * down))
    return best


def test_a_border_of_forty_thousand_points_is_kept_near_by_four_hundred() -> None:
    border = coast((10_450_000, 3_550_000), 60_000, 40_000)
    islands = [coast((10_600_000 + n * 900, 3_550_000), 200, 12, n) for n in range(80)]
    [kept, *_few] = rings = outlines.kept([border, *islands])
    assert 80 < sum(map(len, rings)) <= outlines.MOST_KEPT
    assert kept[0] == kept[-1]
    assert max(distance(point, kept) for point in border[::500]) < 700, (
        "it is no nearer than a hundredth of its size"
    )


def test_three_hundred_places_are_a_picture_of_sixty_thousand_letters_with_a_name_inside_of_each() -> None:
    places = {n: outlines.kept([coast((10_000_000 + n % 20 * 9_000, 3_000_000 + n // 20 * 9_000), 4_000, 300, n)]) for n in range(300)}  # fmt: skip
    made = outlines.picture(places)
    assert sum(len(one.path) for one in made.shapes.values()) <= outlines.MOST_LETTERS
    assert max(made.width, made.height) == outlines.SIDE
    assert made.height < made.width < made.height * 20 / 15, (
        "a degree of longitude is shorter than one of latitude"
    )
    assert len(made.shapes) == 300
    for shape in made.shapes.values():
        assert 0 < shape.x < made.width
        assert 0 < shape.y < made.height
        assert shape.width > 0


def test_what_has_no_area_is_still_a_place() -> None:
    point = [(5, 5)] * 5
    made = outlines.picture({1: outlines.kept([point])})
    assert made.shapes[1].path.startswith("M0 ")
