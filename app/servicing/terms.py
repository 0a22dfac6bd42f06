"""What a schedule depends on: how a product computes, and what one loan agreed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from flask_babel import lazy_gettext as _

from app.core.money import CENT, RoundingMode, rounded
from app.servicing.daycount import DayCount
from app.servicing.duedates import DueRule


class Method(StrEnum):
    """How principal and interest are spread over the instalments; the value is what a product stores."""

    ANNUITY = "annuity"
    EQUAL_PRINCIPAL = "equal_principal"
    INTEREST_ONLY = "interest_only"
    BULLET = "bullet"
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class Plan:
    """How a product computes its instalments; the same for all its loans.

    principal_grace: so many first instalments carry interest only.
    unit, mode: to what and how every amount is rounded.
    instalment_unit, instalment_mode: the same for the level instalment (annuity, flat) or the level principal
        part (equal principal); None means unit and mode.
    is_levelled: move the level instalment of an annuity by a share of what the last one differs, where that
        difference is more than half a unit per instalment and becomes smaller so.
    rate_digits: the significant digits to which the core system that keeps the loan carries the rate of a
        period; None computes with the exact fraction. It decides which way an exact half of a cent falls.
    """

    method: Method = Method.ANNUITY
    day_count: DayCount = DayCount.THIRTY_360
    principal_grace: int = 0
    unit: Decimal = CENT
    mode: RoundingMode = RoundingMode.HALF_UP
    instalment_unit: Decimal | None = None
    instalment_mode: RoundingMode | None = None
    is_levelled: bool = False
    rate_digits: int | None = None

    def __post_init__(self) -> None:
        if self.principal_grace < 0:
            raise ValueError(_("The grace cannot be negative: %(n)s.", n=self.principal_grace))
        if self.rate_digits is not None and self.rate_digits < 1:
            raise ValueError(_("A rate needs at least one digit, not %(n)s.", n=self.rate_digits))
        for unit in (self.unit, self.level_unit):
            if unit <= 0 or unit % CENT:
                raise ValueError(_("The rounding unit must be whole cents, not %(unit)s.", unit=unit))

    @property
    def level_unit(self) -> Decimal:
        """The unit of the level instalment."""
        return self.instalment_unit or self.unit

    @property
    def level_mode(self) -> RoundingMode:
        """The rounding mode of the level instalment."""
        return self.instalment_mode or self.mode

    def rounded_amount(self, exact: Decimal) -> Decimal:
        """Any amount but the level instalment, as this product rounds it."""
        return rounded(exact, self.unit, self.mode)

    def rounded_instalment(self, exact: Decimal) -> Decimal:
        """The level instalment, or level principal part, as this product rounds it."""
        return rounded(exact, self.level_unit, self.level_mode)


@dataclass(frozen=True, slots=True)
class Terms:
    """What one loan agreed.

    principal: the amount disbursed, positive, a multiple of a cent.
    annual_rate: percent a year, zero or more: 14.07 means 14.07 %.
    count, matures_on, due_on: the number of instalments, the maturity (always the last due date), or both; or
        the due dates themselves, which then win over `rule`.
    """

    principal: Decimal
    annual_rate: Decimal
    disbursed_on: date
    count: int | None = None
    matures_on: date | None = None
    due_on: tuple[date, ...] = ()
    rule: DueRule = field(default_factory=DueRule)
    plan: Plan = field(default_factory=Plan)

    def __post_init__(self) -> None:
        if self.principal <= 0 or self.principal % CENT:
            raise ValueError(
                _("The principal must be a positive amount in cents, not %(amount)s.", amount=self.principal)
            )
        if self.annual_rate < 0:
            raise ValueError(_("The annual rate cannot be negative: %(rate)s.", rate=self.annual_rate))
        if any(later <= earlier for earlier, later in pairwise((self.disbursed_on, *self.due_on))):
            raise ValueError(_("Due dates must increase and lie after the disbursement."))


@dataclass(frozen=True, slots=True)
class Line:
    """One instalment: what falls due when, and the principal left after it."""

    n: int
    due_on: date
    principal: Decimal
    interest: Decimal
    total: Decimal
    balance: Decimal
