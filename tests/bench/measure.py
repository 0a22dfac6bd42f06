"""What a benchmark says, and how two things are measured against each other on a machine that does other work."""

import gc
import json
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Clock = Callable[[], float]
Pair = tuple[float, float]
BUDGET = 2.0
"""Seconds that the rounds of one comparison may take; FEWEST are made whatever they take."""
FEWEST, MOST = 3, 101
AGAIN, TIMES = 6, 5
"""So many comparisons of many are measured again, so many times."""
patience = 1.0
"""Multiplies every budget; with 0 each comparison makes its fewest rounds, which a test is content with."""


@dataclass(frozen=True)
class Line:
    """One figure beside its floor, both in the same unit, mostly seconds; the ratio is judged.

    With `limit_of_figure` the figure itself is judged; with `is_at_least` more is better.
    """

    name: str
    figure: float
    floor: float
    target: float
    is_at_least: bool = False
    limit_of_figure: bool = False
    details: tuple[str, ...] = field(default=(), compare=False)

    @property
    def ratio(self) -> float:
        return self.figure / self.floor

    @property
    def is_met(self) -> bool:
        judged = self.figure if self.limit_of_figure else self.ratio
        return judged >= self.target if self.is_at_least else judged <= self.target

    def as_json(self) -> str:
        """The line as an object."""
        values = {
            "name": self.name, "figure": round(self.figure, 6), "floor": round(self.floor, 6),
            "ratio": round(self.ratio, 3), "target": self.target, "met": self.is_met,
        }  # fmt: skip
        return json.dumps(values)

    def __str__(self) -> str:
        sign = "≥" if self.is_at_least else "≤"
        target = f"{sign} {self.target:g}{' s' if self.limit_of_figure else ''}"
        met = "yes" if self.is_met else "NO"
        return (
            f"{self.name:<14} {self.figure:>12.6f} {self.floor:>12.6f} {self.ratio:>8.3f} {target:>8} {met}"
        )


HEADING = f"{'name':<14} {'figure':>12} {'floor':>12} {'ratio':>8} {'target':>8} met"


def taken(work: Callable[[], object], clock: Clock = time.perf_counter) -> float:
    """Seconds of one call."""
    started = clock()
    work()
    return clock() - started


def interleaved(
    figure: Callable[[], object], floor: Callable[[], object], *,
    clock: Clock = time.perf_counter, budget: float = BUDGET, fewest: int = FEWEST, most: int = MOST, warm: int = 1,
) -> tuple[float, float]:  # fmt: skip
    """Medians of the two, taking turns so that both meet the same noise."""
    return timed(
        lambda: taken(figure, clock), lambda: taken(floor, clock),
        budget=budget, fewest=fewest, most=most, warm=warm,
    )  # fmt: skip


def timed(
    figure: Callable[[], float], floor: Callable[[], float], *,
    budget: float = BUDGET, fewest: int = FEWEST, most: int = MOST, warm: int = 1,
) -> tuple[float, float]:  # fmt: skip
    """The same for two that tell their seconds themselves."""
    for _ in range(warm if patience else 0):
        figure()
        floor()
    gc.collect()
    pairs: list[tuple[float, float]] = []
    end = time.monotonic() + budget * patience
    while len(pairs) < (fewest if patience else 1) or (time.monotonic() < end and len(pairs) < most):
        # whoever comes second finds the caches warm, so the two change places
        pair = (figure(), floor()) if len(pairs) % 2 else (floor(), figure())[::-1]
        pairs.append(pair)
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def settled(compare: Mapping[str, Callable[[float], Pair]], budget: float) -> dict[str, Pair]:
    """What each of many comparisons says of figure and floor; of those that look worst the median of several, each on new connections.

    Of thirty comparisons of a millisecond one is always hit by what else the machine does, and a process of the server
    whose memory lies badly stays slow for as long as it lives: one comparison gave ratios from 0.97 to 1.47.
    """
    found = {name: one(budget) for name, one in compare.items()}
    for name in sorted(found, key=lambda name: _ratio(found[name]), reverse=True)[:AGAIN]:
        found[name] = sorted((compare[name](budget) for _ in range(TIMES)), key=_ratio)[TIMES // 2]
    return found


def _ratio(pair: Pair) -> float:
    return pair[0] / pair[1]
