"""Many loans as arrays: what goes into the vectorised schedule and what comes out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from flask_babel import lazy_gettext as _
from numpy.typing import NDArray

from app.core.money import from_cents
from app.servicing.duedates import DueRule
from app.servicing.terms import Plan, Terms

Whole = NDArray[np.int64]
Dates = NDArray[np.datetime64]

RATE_PLACES = 6
"""Decimals of a percent in an integer annual rate: 14.07 % a year is 14_070_000."""


class BadLoans(ValueError):
    """The terms of some loans contradict each other; `positions` says which, `reason` why, after "the loan"."""

    def __init__(self, positions: Sequence[int], reason: Any) -> None:
        super().__init__(f"Loan {', '.join(map(str, positions))} {reason}.")
        self.positions = list(positions)
        self.reason = reason


def refuse(is_wrong: NDArray[np.bool_], reason: Any) -> None:
    """Raise BadLoans if any is wrong."""
    if is_wrong.any():
        raise BadLoans([int(each) for each in np.flatnonzero(is_wrong)], reason)


@dataclass(frozen=True, slots=True)
class Loans:
    """What many loans of one product agreed: `Terms` as arrays of one length.

    principal in cents; annual_rate in millionths of a percent a year; count, matures_on or both; due_day and
    first_due_on replace those of the rule loan by loan; a first_due_on of NaT leaves the date to the rule.
    """

    principal: Whole
    annual_rate: Whole
    disbursed_on: Dates
    count: Whole | None = None
    matures_on: Dates | None = None
    due_day: Whole | None = None
    first_due_on: Dates | None = None

    def __post_init__(self) -> None:
        refuse(self.principal <= 0, _("has no positive principal"))
        refuse(self.annual_rate < 0, _("has a negative rate"))

    def __len__(self) -> int:
        return len(self.principal)

    def pick(self, which: slice | Whole) -> Loans:
        """Some of the loans, in the order asked for."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return replace(self, **{name: value[which] for name, value in values.items() if value is not None})

    def terms(self, position: int, plan: Plan, rule: DueRule) -> Terms:
        """One of the loans, as the schedule of a single loan takes it."""
        due_day = rule.due_day if self.due_day is None else int(self.due_day[position])
        first_due_on = _date(self.first_due_on, position) or rule.first_due_on
        return Terms(
            from_cents(int(self.principal[position])),
            Decimal(int(self.annual_rate[position])).scaleb(-RATE_PLACES),
            self.disbursed_on[position].astype("datetime64[D]").item(),
            None if self.count is None else int(self.count[position]),
            _date(self.matures_on, position),
            rule=replace(rule, due_day=due_day, first_due_on=first_due_on),
            plan=plan,
        )


@dataclass(frozen=True, slots=True)
class Lines:
    """Instalments of many loans, a row each, ordered by loan and number; ready for a binary COPY.

    loan is the position in the loans asked for, from 0; n counts from 1; amounts are cents.
    """

    loan: Whole
    n: NDArray[np.int32]
    due_on: Dates
    principal: Whole
    interest: Whole
    balance: Whole

    def __len__(self) -> int:
        return len(self.loan)

    @staticmethod
    def joined(parts: Sequence[Lines]) -> Lines:
        """The lines of several parts, one after the other; none of no parts."""
        none = np.array([], np.int64)
        empty = Lines(none, none.astype(np.int32), none.astype("M8[D]"), none, none, none)
        names = [each.name for each in fields(Lines)]
        return Lines(*(np.concatenate([getattr(part, name) for part in (empty, *parts)]) for name in names))


def _date(dates: Dates | None, position: int) -> date | None:
    found: date | None = None if dates is None else dates[position].astype("datetime64[D]").item()
    return found
