"""Schedules of many loans at once, on whole cents; to the cent what `schedule` gives loan by loan.

All money is int64 cents and every division exact. Only the level instalment of an annuity is first estimated
in floating point, and where the estimate's error bound leaves its rounding in doubt it is computed exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from flask_babel import lazy_gettext as _

from app.core.money import cents
from app.servicing.bulk_book import Book
from app.servicing.bulk_dates import Calendar, calendar, year_parts
from app.servicing.bulk_loans import BadLoans, Lines, Loans, Whole, refuse
from app.servicing.bulk_round import quotient
from app.servicing.duedates import DueRule
from app.servicing.schedule import schedule
from app.servicing.terms import Method, Plan

CHUNK = 8_192
"""Loans computed together: their matrices stay in the processor's cache."""


def schedule_bulk(loans: Loans, plan: Plan, rule: DueRule) -> Lines:
    """The schedules of all the loans.

    Raises BadLoans where the terms of some contradict each other.

    >>> day = np.array(["2024-01-01"], "M8[D]")
    >>> loans = Loans(np.array([10_000]), np.array([7_000_000]), day, count=np.array([2]))
    >>> lines = schedule_bulk(loans, Plan(), DueRule())
    >>> lines.principal, lines.interest, lines.due_on
    (array([4986, 5014]), array([58, 29]), array(['2024-02-01', '2024-03-01'], dtype='datetime64[D]'))
    """
    return Lines.joined(list(schedule_chunks(loans, plan, rule)))


def schedule_chunks(loans: Loans, plan: Plan, rule: DueRule) -> Iterator[Lines]:
    """The same, a chunk of loans after the other, so that a whole book need not fit into memory."""
    for start in range(0, len(loans), CHUNK):
        try:
            chunk = _schedule(loans.pick(slice(start, start + CHUNK)), plan, rule)
        except BadLoans as bad:
            raise BadLoans([start + each for each in bad.positions], bad.reason) from None
        chunk.loan[:] += start
        yield chunk


@dataclass(frozen=True)
class _Amounts:
    """Principal, interest and balance of every period (row) and loan (column), in cents."""

    principal: Whole
    interest: Whole
    balance: Whole

    @classmethod
    def empty(cls, shape: tuple[int, ...]) -> _Amounts:
        return cls(np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64))

    def pick(self, which: Whole) -> _Amounts:
        """Some of the loans."""
        return _Amounts(self.principal[:, which], self.interest[:, which], self.balance[:, which])

    def put(self, where: Whole, other: _Amounts) -> None:
        """Take over the columns of other amounts."""
        self.principal[:, where] = other.principal
        self.interest[:, where] = other.interest
        self.balance[:, where] = other.balance


def _schedule(loans: Loans, plan: Plan, rule: DueRule) -> Lines:
    dates = calendar(rule, loans)
    if plan.method is Method.BULLET:
        dates = dates.last()
    refuse(dates.count <= plan.principal_grace, _("has no instalment left for principal after the grace"))
    order = np.argsort(-dates.count, kind="stable")
    dates = dates.pick(order)
    parts = year_parts(dates, plan.day_count)
    book = Book(plan, loans.principal[order], loans.annual_rate[order], dates.count, parts)
    amounts = _by_hand(loans.pick(order), parts.shape, plan, rule) if book.is_by_hand else _amounts(book)
    return _lines(dates, amounts, order)


def _amounts(book: Book) -> _Amounts:
    if book.plan.method is Method.FLAT:
        return _flat(book)
    level = book.level()
    amounts = _declining(book, level)
    if book.plan.is_levelled and book.plan.method is Method.ANNUITY:
        _put_levelled(amounts, book, level)
    return amounts


def _declining(book: Book, level: Whole) -> _Amounts:
    amounts, balance = _Amounts.empty(book.parts.shape), book.principal.copy()
    for period, parts in enumerate(book.parts):
        some = slice(book.active[period])
        interest = book.interest(balance[some], parts[some])
        wanted = level[some] - interest if book.plan.method is Method.ANNUITY else level[some]
        _put_period(amounts, book, period, balance, interest, wanted)
    return amounts


def _flat(book: Book) -> _Amounts:
    """Interest on the amount first lent: what is owed to the end of a period less what was to its start."""
    amounts, balance = _Amounts.empty(book.parts.shape), book.principal.copy()
    owed = np.zeros_like(book.parts)
    for period, parts in enumerate(np.cumsum(book.parts, axis=0)):
        some = slice(book.active[period])
        owed[period, some] = book.interest(book.principal[some], parts[some])
        ended = slice(book.active[period], None)
        owed[period, ended] = owed[period - 1, ended]
    interests = np.diff(owed, axis=0, prepend=0)
    level = book.level_share(book.principal + interests[book.plan.principal_grace :].sum(axis=0))
    for period, interest in enumerate(interests):
        some = slice(book.active[period])
        _put_period(amounts, book, period, balance, interest[some], level[some] - interest[some])
    return amounts


def _put_period(
    amounts: _Amounts, book: Book, period: int, balance: Whole, interest: Whole, wanted: Whole
) -> None:
    """One period of the running loans: the principal part as `schedule` takes it, the balance after it."""
    running, going_on = book.active[period], book.active[period + 1]
    if period < book.plan.principal_grace:
        principal = np.zeros_like(interest)
    else:
        principal = np.minimum(np.maximum(wanted, 0), balance[:running])
    principal[going_on:] = balance[going_on:running]
    balance[:running] -= principal
    amounts.principal[period, :running] = principal
    amounts.interest[period, :running] = interest
    amounts.balance[period, :running] = balance[:running]


def _put_levelled(amounts: _Amounts, book: Book, level: Whole) -> None:
    """Better level instalments where they exist: `schedule._levelled` for all loans."""
    last = book.count - 1, np.arange(len(level))
    difference = amounts.principal[last] + amounts.interest[last] - level
    limit = cents(book.plan.unit) * (book.paying // 2)
    which = np.flatnonzero((book.paying > 1) & (np.abs(difference) > limit))
    some = book.pick(which)
    total = level[which] * some.paying + difference[which]
    better = quotient(total, some.paying, cents(book.plan.level_unit)).rounded(book.plan.level_mode)
    attempt = _declining(some, better)
    last = some.count - 1, np.arange(len(which))
    left = np.abs(attempt.principal[last] + attempt.interest[last] - better)
    is_better = np.flatnonzero(left < np.abs(difference[which]))
    amounts.put(which[is_better], attempt.pick(is_better))


def _by_hand(loans: Loans, shape: tuple[int, ...], plan: Plan, rule: DueRule) -> _Amounts:
    """Loan by loan, for what arrays cannot say."""
    amounts = _Amounts.empty(shape)
    for loan in range(len(loans)):
        for period, line in enumerate(schedule(loans.terms(loan, plan, rule))):
            amounts.principal[period, loan] = cents(line.principal)
            amounts.interest[period, loan] = cents(line.interest)
            amounts.balance[period, loan] = cents(line.balance)
    return amounts


def _lines(dates: Calendar, amounts: _Amounts, order: Whole) -> Lines:
    """Matrices of periods by loans, longest first, as rows in the order the loans came in."""
    back = np.argsort(order)
    is_line = np.arange(len(dates.due_on)) < dates.count[back, None]
    loan, period = np.nonzero(is_line)
    column = back[loan]
    return Lines(
        loan,
        (period + 1).astype(np.int32),
        dates.due_on[period, column],
        amounts.principal[period, column],
        amounts.interest[period, column],
        amounts.balance[period, column],
    )
