"""Exact division and rounding of whole numbers on arrays: `money.rounded` for cents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.money import RoundingMode

Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]
Estimate = NDArray[np.floating[Any]]

_ROOM = 2**61  # what a product may reach, so that twice it still fits into int64
_DIGIT = 16  # bits of a long multiplication's digit
_LARGEST_DIVISOR = 2**45  # a digit times it, and again added, fits into int64


@dataclass(frozen=True, slots=True)
class Quotient:
    """Quotients of zero or more, between two multiples of a unit.

    below: the multiple at or under the quotient; side: under (-), on (0) or over (+) the half to the next;
    is_exact: the quotient is that multiple.
    """

    unit: int
    below: Whole
    side: Whole
    is_exact: Flags

    def rounded(self, mode: RoundingMode) -> Whole:
        """The multiple of the unit that the mode chooses."""
        match mode:
            case RoundingMode.FLOOR | RoundingMode.DOWN:
                return self.below
            case RoundingMode.CEILING | RoundingMode.UP:
                is_up = ~self.is_exact
            case RoundingMode.HALF_UP:
                is_up = self.side >= 0
            case RoundingMode.HALF_DOWN:
                is_up = self.side > 0
            case RoundingMode.HALF_EVEN:
                is_up = (self.side > 0) | ((self.side == 0) & (self.below // self.unit % 2 == 1))
        return self.below + is_up * self.unit

    def is_on_edge(self, mode: RoundingMode) -> Flags:
        """Where the quotient lies exactly where the mode changes its mind: a half, or a whole unit."""
        return np.equal(self.side, 0) if mode.is_half else self.is_exact


def quotient(numerator: Whole, divisor: int | Whole, unit: int) -> Quotient:
    """The quotient of numbers of zero or more, against multiples of the unit.

    >>> quotient(np.array([15, 16, 24]), 10, 1).rounded(RoundingMode.HALF_EVEN)
    array([2, 2, 2])
    >>> quotient(np.array([25, 75, 76]), 10, 5).rounded(RoundingMode.HALF_EVEN)
    array([ 0, 10, 10])
    """
    whole = numerator // divisor
    return _between_units(whole, numerator - whole * divisor, divisor, unit)


def product_quotient(number: Whole, factor: Whole, divisor: int, unit: int) -> Quotient:
    """The quotient of number x factor, exact however large that product is, for divisors below 2**45.

    >>> product_quotient(np.array([10**15]), np.array([10**10]), 10**12, 1).below
    array([10000000000000])
    """
    if int(number.max(initial=0)) * int(factor.max(initial=0)) < _ROOM:
        return quotient(number * factor, divisor, unit)
    if divisor >= _LARGEST_DIVISOR:
        raise ValueError(f"The divisor {divisor} is too large.")
    times, factor = factor // divisor, factor % divisor
    whole, rest = np.zeros_like(number), np.zeros_like(number)
    for shift in range(3 * _DIGIT, -1, -_DIGIT):  # schoolbook division, a digit of the number at a time
        digit = (number >> shift) & (2**_DIGIT - 1)
        step = (rest << _DIGIT) + digit * factor
        whole, rest = (whole << _DIGIT) + step // divisor, step % divisor
    return _between_units(number * times + whole, rest, divisor, unit)


def decided(value: Estimate, unit: int, mode: RoundingMode, error: Estimate) -> tuple[Whole, Flags]:
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


def _between_units(whole: Whole, rest: Whole, divisor: int | Whole, unit: int) -> Quotient:
    """Where whole + rest / divisor lies between multiples of the unit."""
    against_half = rest - (divisor - rest)
    if unit == 1:
        return Quotient(unit, whole, against_half, np.equal(rest, 0))
    over = whole % unit
    # twice the whole numbers beyond the half of the unit; only -1 and 0 leave it to the rest
    beyond = 2 * over - unit
    side = np.where(beyond == 0, rest, np.where(beyond == -1, against_half, beyond))
    return Quotient(unit, whole - over, side, np.equal(rest, 0) & (over == 0))
