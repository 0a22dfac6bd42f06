"""The one rounding of money."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from app.core.money import RoundingMode, cents, from_cents, rounded

AMOUNTS = st.decimals(-(10**9), 10**9, places=6)
UNITS = st.sampled_from([Decimal(unit) for unit in ("0.01", "0.05", "0.10", "1", "10", "100", "1E+2", "3")])


@pytest.mark.parametrize(
    "value,mode,expected",
    [
        ("2.675", RoundingMode.HALF_UP, "2.68"),
        ("-2.675", RoundingMode.HALF_UP, "-2.68"),
        ("2.665", RoundingMode.HALF_EVEN, "2.66"),
        ("2.675", RoundingMode.HALF_DOWN, "2.67"),
        ("2.671", RoundingMode.CEILING, "2.68"),
        ("-2.671", RoundingMode.CEILING, "-2.67"),
        ("-2.671", RoundingMode.FLOOR, "-2.68"),
        ("-2.671", RoundingMode.UP, "-2.68"),
        ("-2.679", RoundingMode.DOWN, "-2.67"),
    ],
)
def test_each_mode_goes_its_own_way(value: str, mode: RoundingMode, expected: str) -> None:
    assert rounded(Decimal(value), mode=mode) == Decimal(expected)


@given(AMOUNTS, UNITS, st.sampled_from(RoundingMode))
def test_the_result_is_the_multiple_of_the_unit_the_mode_names(
    value: Decimal, unit: Decimal, mode: RoundingMode
) -> None:
    result = rounded(value, unit, mode)
    assert result % unit == 0
    distance = abs(result - value)
    assert distance * 2 <= unit if mode.is_half else distance < unit
    if mode is RoundingMode.CEILING:
        assert result >= value
    if mode is RoundingMode.FLOOR:
        assert result <= value
    if mode is RoundingMode.DOWN:
        assert abs(result) <= abs(value)
    if mode is RoundingMode.UP:
        assert abs(result) >= abs(value)


@given(AMOUNTS, st.sampled_from(RoundingMode))
def test_cents_are_rounded_the_same_whichever_way_the_unit_is_written(
    value: Decimal, mode: RoundingMode
) -> None:
    assert rounded(value, Decimal("0.010"), mode) == rounded(value, Decimal("0.01"), mode)


def test_a_value_just_under_the_half_stays_under_it_however_many_digits_it_has() -> None:
    assert rounded(Decimal("0.4" + "9" * 60), Decimal(1)) == 0
    assert rounded(Decimal("0.004" + "9" * 60)) == 0


def test_amounts_print_with_cents_and_without_a_negative_zero() -> None:
    assert str(rounded(Decimal("304.91"), Decimal("1E+1"))) == "300.00"
    assert str(rounded(Decimal("-0.001"))) == "0.00"


def test_a_unit_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ValueError, match="must be positive, not 0"):
        rounded(Decimal(1), Decimal(0))


@given(st.integers(-(10**18), 10**18))
def test_cents_go_there_and_back(count: int) -> None:
    assert cents(from_cents(count)) == count


def test_fractions_of_a_cent_are_no_cents() -> None:
    with pytest.raises(ValueError, match=r"1\.001 has fractions of a cent"):
        cents(Decimal("1.001"))
