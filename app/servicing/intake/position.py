"""What is paid of the instalments of loans taken over with a history, and where the loans stand. On arrays.

Whole cents in int64, dates as datetime64[D] with NaT for "none". The same answers as `app.servicing.account` and
`app.servicing.arrears` give loan by loan; tests hold them together.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.servicing.bulk_loans import Dates, Lines, Whole

NAT = np.datetime64("NaT", "D")
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Stated:
    """What a ledger says of loans on a day, one element a loan."""

    principal: Whole
    """Lent."""
    balance: Whole
    """Still owed of it."""
    interest_paid_to: Dates
    """Interest that fell due up to this day is paid; NaT where the ledger does not say."""
    overdue_since: Dates
    as_of: Dates


@dataclass(frozen=True)
class Paid:
    """What is paid of each line, and since when it is closed (NaT: open)."""

    principal: Whole
    interest: Whole
    closed_on: Dates


@dataclass(frozen=True)
class Positions:
    """Where each loan stands on a day."""

    owed: Whole
    late_principal: Whole
    late_interest: Whole
    since: Dates
    next_due_on: Dates
    is_settled: Flags


def nothing_paid(lines: Lines) -> Paid:
    """Loans that have just been paid out."""
    none = np.zeros_like(lines.principal)
    return Paid(none, none, np.full(len(lines), NAT))


def opening(lines: Lines, stated: Stated) -> Paid:
    """What must have been paid of each line for the stated position to hold.

    Principal repaid covers the lines oldest first; interest is paid of the lines due up to the day the ledger
    names. Where it names none: up to the day before the loan became overdue, or up to the ledger's day. A loan
    that owes no principal and is not overdue was paid off: it is closed, and later interest is owed no more.
    """
    loan = lines.loan
    before = stated.principal[loan] - lines.balance - lines.principal
    repaid = (stated.principal - stated.balance)[loan]
    principal = np.clip(repaid - before, 0, lines.principal)
    has_paid_interest = lines.due_on <= _paid_to(stated)[loan]
    interest = np.where(has_paid_interest, lines.interest, 0)
    is_closed = (principal == lines.principal) & (interest == lines.interest)
    is_closed |= ((stated.balance == 0) & np.isnat(stated.overdue_since))[loan]
    return Paid(principal, interest, np.where(is_closed, stated.as_of[loan], NAT))


def taken_over_on(
    lines: Lines, paid: Paid, stated: Stated, disbursed_on: Dates, complete_from: np.datetime64
) -> Dates:
    """The day of the ledger for each loan that it takes over in the midst of its life; NaT for one that begins with us.

    A loan begins with us if nothing is paid of it yet and it was paid out on a day from which on the lender's
    whole book is known, `complete_from` (NaT: no day yet), or on the ledger's own day. Of every other loan it is
    not known what happened on which day before the ledger's.
    """
    starts = np.flatnonzero(np.diff(lines.loan, prepend=-1))
    is_begun = _sum(paid.principal + paid.interest, starts, len(disbursed_on)) > 0
    is_new = ~is_begun & (disbursed_on >= complete_from)
    return np.where(is_new | (disbursed_on >= stated.as_of), NAT, stated.as_of)


def _paid_to(stated: Stated) -> Dates:
    late = stated.overdue_since - np.timedelta64(1, "D")
    derived = np.where(np.isnat(stated.overdue_since), stated.as_of, late)
    return np.where(np.isnat(stated.interest_paid_to), derived, stated.interest_paid_to)


def positions(lines: Lines, paid: Paid, on: Dates, loans: int) -> Positions:
    """Where the loans stand at the beginning of a day each: what fell due before it and is open is overdue."""
    starts = np.flatnonzero(np.diff(lines.loan, prepend=-1))
    unpaid = lines.principal - paid.principal
    interest = lines.interest - paid.interest
    is_open = np.isnat(paid.closed_on) & (unpaid + interest > 0)
    is_late = is_open & (lines.due_on < on[lines.loan])
    sums = {
        name: _sum(values, starts, loans)
        for name, values in {
            "owed": unpaid,
            "late_principal": np.where(is_late, unpaid, 0),
            "late_interest": np.where(is_late, interest, 0),
        }.items()
    }
    is_settled = (_sum(is_open.astype(np.int64), starts, loans) == 0) & (sums["owed"] == 0)
    return Positions(
        **sums,
        since=_first(lines.due_on, is_late, starts),
        next_due_on=_first(lines.due_on, is_open & ~is_late, starts),
        is_settled=is_settled,
    )


def _sum(values: Whole, starts: Whole, loans: int) -> Whole:
    return np.add.reduceat(values, starts) if loans else np.zeros(0, np.int64)


def _first(days: Dates, which: Flags, starts: Whole) -> Dates:
    """The earliest of the chosen days of each loan, or NaT."""
    if not len(starts):
        return np.zeros(0, "datetime64[D]")
    never = np.iinfo(np.int64).max
    numbers = np.where(which, days.astype("datetime64[D]").astype(np.int64), never)
    found = np.minimum.reduceat(numbers, starts)
    return np.where(found == never, np.iinfo(np.int64).min, found).astype("datetime64[D]")
