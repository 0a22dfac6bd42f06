"""Interest and level instalments of a chunk of loans, on whole cents and exact."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache

import numpy as np

from app.core.money import cents, from_cents
from app.servicing.bulk_dates import YEAR_PARTS
from app.servicing.bulk_loans import RATE_PLACES, Whole
from app.servicing.bulk_round import decided, product_quotient, quotient
from app.servicing.schedule import interest_for, level_instalment
from app.servicing.terms import Method, Plan

_PERCENT = 100 * 10**RATE_PLACES
_ULP = 2.0**-53
_DIGITS_OF_EDGES = (
    21  # from so many digits on, carrying a rate to them moves only what lies exactly on an edge
)


@dataclass(frozen=True)
class Book:
    """Loans of one plan, longest first; parts of a year have a row a period and a column a loan."""

    plan: Plan
    principal: Whole
    rate: Whole
    count: Whole
    parts: Whole

    @cached_property
    def active(self) -> list[int]:
        """How many loans still run in each period, and 0 after the last."""
        periods = np.arange(len(self.parts) + 1)
        return [int(each) for each in np.searchsorted(-self.count, -periods, side="left")]

    @property
    def year(self) -> int:
        """Parts in a year."""
        return YEAR_PARTS[self.plan.day_count]

    @cached_property
    def scale(self) -> int:
        """What all rates and the parts of a percent have in common: divided out, it leaves room in int64."""
        return int(np.gcd.reduce(self.rate, initial=_PERCENT))

    @property
    def paying(self) -> Whole:
        """Instalments after the grace."""
        return self.count - self.plan.principal_grace

    def pick(self, which: Whole) -> Book:
        """Some of the loans, in the same order."""
        return Book(
            self.plan, self.principal[which], self.rate[which], self.count[which], self.parts[:, which]
        )

    @property
    def is_by_hand(self) -> bool:
        """Whether the rate has so few digits that not only exact edges of rounding depend on them."""
        return self.plan.rate_digits is not None and self.plan.rate_digits < _DIGITS_OF_EDGES

    def interest(self, balance: Whole, parts: Whole) -> Whole:
        """Rounded interest on the balances of the first loans, for so many parts of a year each."""
        plan, rate = self.plan, self.rate[: len(balance)]
        divisor = self.year * (_PERCENT // self.scale)
        owed = product_quotient(balance, rate // self.scale * parts, divisor, cents(plan.unit))
        interest = owed.rounded(plan.mode)
        if plan.rate_digits:
            for at in np.flatnonzero(owed.is_on_edge(plan.mode) & (balance > 0) & (rate > 0)):
                interest[at] = _interest_on_edge(plan, int(balance[at]), int(rate[at]), int(parts[at]))
        return interest

    def level(self) -> Whole:
        """The rounded level instalment of an annuity, or the level principal part; 0 for other methods."""
        if self.plan.method is Method.EQUAL_PRINCIPAL:
            return self.level_share(self.principal)
        if self.plan.method is not Method.ANNUITY:
            return np.zeros_like(self.principal)
        level, is_in_doubt = self._estimated()
        for at in np.flatnonzero(is_in_doubt):
            parts = self.parts[self.plan.principal_grace : self.count[at], at]
            fractions = [Fraction(int(part), self.year) for part in parts]
            exact = level_instalment(from_cents(self.principal[at]), _percent(self.rate[at]), fractions)
            level[at] = cents(self.plan.rounded_instalment(exact))
        return np.where(self.rate == 0, self.level_share(self.principal), level)

    def level_share(self, amount: Whole) -> Whole:
        """An amount spread over the instalments after the grace, rounded as level instalments are."""
        return quotient(amount, self.paying, cents(self.plan.level_unit)).rounded(self.plan.level_mode)

    def _estimated(self) -> tuple[Whole, np.ndarray]:
        """Level instalments of an annuity by `level_instalment`'s formula, and where rounding is in doubt.

        Every term is positive, so relative errors only add up: fewer than 16 half-ulps a period.
        """
        growth = np.ones(len(self.principal))
        worth = np.zeros(len(self.principal))
        with np.errstate(over="ignore", invalid="ignore"):  # growth beyond floating point is computed exactly
            for period in range(self.plan.principal_grace, len(self.parts)):
                some = slice(self.active[period])
                step = 1 + self.rate[some] * self.parts[period, some] / (self.year * _PERCENT)
                growth[some] *= step
                worth[some] = worth[some] * step + 1
            value = self.principal * growth / worth
        is_known = np.isfinite(value)
        value = np.where(is_known, value, 0)
        error = value * (16 * (self.count + 4) * _ULP)
        level, is_in_doubt = decided(value, cents(self.plan.level_unit), self.plan.level_mode, error)
        return level, (is_in_doubt | ~is_known) & (self.rate > 0)


@lru_cache(maxsize=65_536)
def _interest_on_edge(plan: Plan, balance: int, rate: int, parts: int) -> int:
    """Interest whose rounding the digits of the rate decide; the same figures come again and again."""
    fraction = Fraction(parts, YEAR_PARTS[plan.day_count])
    exact = interest_for(from_cents(balance), _percent(rate), fraction, plan.rate_digits)
    return cents(plan.rounded_amount(exact))


def _percent(rate: int) -> Decimal:
    return Decimal(int(rate)).scaleb(-RATE_PLACES)
