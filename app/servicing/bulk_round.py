"""Exact rounding of whole-number divisions on arrays: `money.rounded` for cents."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.money import RoundingMode

Whole = NDArray[np.int64]
Estimate = NDArray[np.floating[Any]]


def divided(numerator: Whole, denominator: int | Whole, unit: int, mode: RoundingMode) -> Whole:
    """Divide to a multiple of the unit, exactly; numerators are zero or more.

    >>> divided(np.array([475750, 475749]), 10_000, 1, RoundingMode.HALF_UP)
    array([48, 48])
    >>> divided(np.array([5, 15, 16]), 2, 5, RoundingMode.HALF_EVEN)
    array([ 0, 10, 10])
    """
    share = denominator * unit
    whole = numerator // share
    rest = numerator - whole * share
    match mode:
        case RoundingMode.FLOOR | RoundingMode.DOWN:
            is_up = None
        case RoundingMode.CEILING | RoundingMode.UP:
            is_up = rest > 0
        case RoundingMode.HALF_UP:
            is_up = rest >= share - rest
        case RoundingMode.HALF_DOWN:
            is_up = rest > share - rest
        case RoundingMode.HALF_EVEN:
            is_up = (rest > share - rest) | ((rest == share - rest) & (whole % 2 == 1))
    if is_up is not None:
        whole += is_up
    return whole * unit if unit != 1 else whole


def is_on_edge(numerator: Whole, denominator: int, unit: int, mode: RoundingMode) -> NDArray[np.bool_]:
    """Where the quotient lies exactly where the mode changes its mind: a half, or a whole unit.

    >>> is_on_edge(np.array([5, 6, 10]), 10, 1, RoundingMode.HALF_UP)
    array([ True, False, False])
    """
    share = denominator * unit
    rest = numerator % share
    return np.equal(rest * 2, share) if mode.is_half else np.equal(rest, 0)


def decided(
    value: Estimate, unit: int, mode: RoundingMode, error: Estimate
) -> tuple[Whole, NDArray[np.bool_]]:
    """An estimate rounded to the unit, and whether its possible error leaves the result in doubt.

    error: how far each estimate may be from the truth, in the same measure. Whoever calls computes what is in
    doubt again, exactly; that is what makes estimates in floating point harmless.
    """
    scaled = value / unit
    lower = np.floor(scaled)
    if mode.is_half:
        edge = lower + 0.5
        is_up = scaled > edge
    else:
        edge = np.rint(scaled)
        is_up = np.full(len(scaled), mode in (RoundingMode.CEILING, RoundingMode.UP))
    return (lower.astype(np.int64) + is_up) * unit, np.abs(scaled - edge) <= error / unit
