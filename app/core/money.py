"""The one rounding of money: every amount the product computes passes through `rounded`."""

from __future__ import annotations

from decimal import Decimal, localcontext
from enum import StrEnum

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
_WORKING_DIGITS = 100
_SHAPES = {-1: Decimal("0.25"), 0: Decimal("0.5"), 1: Decimal("0.75")}


class RoundingMode(StrEnum):
    """Which way an amount between two units goes; the value is what a product stores."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    HALF_DOWN = "half_down"
    CEILING = "ceiling"
    FLOOR = "floor"
    UP = "up"
    DOWN = "down"

    @property
    def is_half(self) -> bool:
        """Whether the mode rounds to the nearest unit and only decides where the half goes."""
        return self.name.startswith("HALF")

    @property
    def decimal_name(self) -> str:
        """The name of the same mode in the standard decimal module."""
        return f"ROUND_{self.name}"


def rounded(value: Decimal, unit: Decimal = CENT, mode: RoundingMode = RoundingMode.HALF_UP) -> Decimal:
    """Bring an amount to a multiple of the unit.

    The unit is any positive amount: a cent, a whole hryvnia, ten yuan, five rappen. The result is exact for
    every value, has no exponent above zero, and carries at least the cents: `unit` of 10 still gives 300.00.
    "Half" modes speak of the distance to the nearest unit; up and down go away from and towards zero.

    >>> rounded(Decimal("2.675")), rounded(Decimal("2.675"), mode=RoundingMode.HALF_EVEN)
    (Decimal('2.68'), Decimal('2.68'))
    >>> rounded(Decimal("304.91"), Decimal("1")), rounded(Decimal("-0.071"), Decimal("0.05"))
    (Decimal('305.00'), Decimal('-0.05'))

    Raises ValueError for a unit that is not positive.
    """
    if unit <= 0:
        raise ValueError(f"The rounding unit must be positive, not {unit}.")
    if unit == CENT:
        return value.quantize(CENT, rounding=mode.decimal_name) + ZERO  # + ZERO: never "-0.00"
    with localcontext(prec=_WORKING_DIGITS):
        whole, rest = divmod(value, unit)
        # only the side of the half matters, so the rest is replaced by 1/4, 1/2 or 3/4 of a unit: no division
        twice = abs(rest) * 2
        shape = _SHAPES[(twice > unit) - (twice < unit)] if rest else Decimal(0)
        units = (whole + shape.copy_sign(value)).to_integral_value(mode.decimal_name)
        return units * unit + ZERO


def cents(amount: Decimal) -> int:
    """The amount in whole cents, for vectorised work; ValueError if it has fractions of a cent.

    >>> cents(Decimal("652.53"))
    65253
    """
    scaled = amount.scaleb(2)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} has fractions of a cent.")
    return int(scaled)


def from_cents(count: int) -> Decimal:
    """The amount of so many whole cents.

    >>> from_cents(65253)
    Decimal('652.53')
    """
    return Decimal(int(count)).scaleb(-2)
