"""From what a product and a loan store to the values the schedules compute with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from app.core.money import RoundingMode
from app.models.lending import Loan, Product
from app.servicing.daycount import DayCount
from app.servicing.duedates import DueRule, Frequency
from app.servicing.terms import Method, Plan, Terms


def stored_terms(product: Product) -> dict[str, Any]:
    """What a loan of a product agrees to unless its own agreement says otherwise, as `Loan.terms` keeps it."""
    return {
        "frequency": product.frequency,
        "day_count": product.day_count,
        "rounding_mode": product.rounding_mode,
        "rounding_unit": str(product.rounding_unit),
        "rate_digits": product.rate_digits,
        "principal_grace": product.principal_grace,
        "grace_days": product.grace_days,
    }


def plan_of(method: str, stored: Mapping[str, Any]) -> Plan:
    """How the instalments are computed. Raises ValueError for a word that is not known."""
    return Plan(
        method=Method(str(method)),
        day_count=DayCount(stored.get("day_count", DayCount.THIRTY_360)),
        principal_grace=int(stored.get("principal_grace") or 0),
        unit=Decimal(stored.get("rounding_unit") or "0.01"),
        mode=RoundingMode(stored.get("rounding_mode", RoundingMode.HALF_UP)),
        rate_digits=stored.get("rate_digits"),
    )


def rule_of(stored: Mapping[str, Any]) -> DueRule:
    """When the instalments fall due. Raises ValueError for a word that is not known."""
    first = stored.get("first_due_on")
    return DueRule(
        frequency=Frequency(stored.get("frequency", Frequency.MONTHLY)),
        every=int(stored.get("every") or 1),
        due_day=stored.get("due_day"),
        first_due_on=date.fromisoformat(first) if first else None,
        min_first_days=int(stored.get("min_first_days") or 1),
    )


def terms_of(loan: Loan) -> Terms:
    """What one loan agreed; `schedule(terms_of(loan))` gives its instalments as they were stored."""
    return Terms(
        principal=loan.principal,
        annual_rate=loan.annual_rate,
        disbursed_on=loan.disbursed_on,
        matures_on=loan.matures_on,
        rule=rule_of(loan.terms),
        plan=plan_of(loan.method, loan.terms),
    )


def grace_days_of(stored: Mapping[str, Any]) -> int:
    """Days past due up to which a late loan counts as in grace."""
    return int(stored.get("grace_days") or 0)
