"""Schedules and positions of staged loans, computed on arrays and put into temporary tables.

`new_line` holds the instalments by the row of their loan, `new_loan` where each loan stands. Loans whose terms
contradict each other are told as problems and left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

import numpy as np
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import copy_binary
from app.servicing.bulk_loans import BadLoans, Dates, Lines, Loans
from app.servicing.intake import position
from app.servicing.intake.layouts import Source
from app.servicing.intake.names import Products
from app.servicing.intake.problems import Problems
from app.servicing.intake.staging import cursor, run
from app.servicing.schedule_bulk import schedule_bulk
from app.servicing.terms_of import plan_of, rule_of

BATCH = 20_000
"""Loans whose instalments are held in memory at a time."""
NONE = int(np.iinfo(np.int64).min)
"""As a number of days this is NaT."""

TABLES = """
    CREATE TEMP TABLE new_line (row int, number int, due_on date, principal numeric(18,2), interest numeric(18,2),
        balance numeric(18,2), principal_paid numeric(18,2), interest_paid numeric(18,2), paid_on date,
        is_before_takeover int) ON COMMIT DROP;
    CREATE TEMP TABLE new_loan (row int, owed numeric(18,2), late_principal numeric(18,2),
        late_interest numeric(18,2), since date, next_due_on date, is_settled int, taken_over_on date)
        ON COMMIT DROP"""

_DAYS = "coalesce(s.{} - date '1970-01-01', {})"
TERMS = f"""
    SELECT s.row, s.product, coalesce(s.method, ''), (s.principal * 100)::bigint,
        (s.annual_rate * 1000000)::bigint, {_DAYS.format("disbursed_on", NONE)}, {_DAYS.format("matures_on", NONE)},
        coalesce(s.due_day, extract(day FROM s.disbursed_on)::int), {_DAYS.format("first_due_on", NONE)},
        (coalesce(s.stated_balance, s.principal) * 100)::bigint, {_DAYS.format("stated_interest_paid_to", NONE)},
        {_DAYS.format("stated_overdue_since", NONE)}, {_DAYS.format("as_of", ":today")}
    FROM staged s WHERE NOT s.bad AND s.row > :after
        AND NOT EXISTS (SELECT FROM loan l WHERE l.client_id = :client AND l.number = s.number)
    ORDER BY s.row LIMIT :most"""


COMPLETE_FROM = "SELECT min(coalesce(taken_over_on, disbursed_on)) FROM loan WHERE client_id = :client"
"""The day from which on the client's whole book is known: of its first ledger, or of its first pay-out."""


@dataclass(frozen=True)
class Batch:
    """Staged loans as arrays."""

    rows: Any
    kinds: list[tuple[str, str]]
    """(product, method) as the file says, method "" for the product's."""
    loans: Loans
    stated: position.Stated

    def pick(self, which: Any) -> "Batch":
        """Some of the loans."""
        stated = position.Stated(*(getattr(self.stated, each.name)[which] for each in fields(self.stated)))
        return Batch(self.rows[which], [self.kinds[i] for i in which], self.loans.pick(which), stated)


def compute(
    session: Session, source: Source, client_id: int, products: Products, on: date, problems: Problems
) -> None:
    """Fill `new_line` and `new_loan` for the staged loans that the client does not have yet.

    Loans stand as of the business date `on`; a ledger without an as-of date of its own speaks of it too.
    """
    for statement in TABLES.split(";"):
        run(session, statement)
    complete_from = _complete_from(session, client_id) if source.has("stated_balance") else None
    for batch in _batches(session, client_id, on):
        for kind in dict.fromkeys(batch.kinds):
            which = np.array([i for i, other in enumerate(batch.kinds) if other == kind])
            _compute(session, batch.pick(which), products, kind, complete_from, on, problems)
    run(session, "ANALYZE new_line")
    run(session, "ANALYZE new_loan")


def _complete_from(session: Session, client_id: int) -> np.datetime64:
    day = run(session, COMPLETE_FROM, client=client_id).scalar_one()
    return position.NAT if day is None else np.datetime64(day, "D")


def _batches(session: Session, client_id: int, on: date) -> Iterator[Batch]:
    given = {"client": client_id, "today": (on - date(1970, 1, 1)).days, "most": BATCH}
    after = 0
    while found := run(session, TERMS, after=after, **given).all():
        columns = list(zip(*found, strict=True))
        after = columns[0][-1]
        yield _batch(columns)


def _batch(columns: list[Any]) -> Batch:
    numbers = [np.array(values, np.int64) for values in (columns[0], *columns[3:])]
    rows, principal, rate, start, end, due_day, first, balance, paid_to, since, as_of = numbers
    day = "datetime64[D]"
    loans = Loans(principal, rate, start.astype(day), None, end.astype(day), due_day, first.astype(day))
    stated = position.Stated(principal, balance, paid_to.astype(day), since.astype(day), as_of.astype(day))
    return Batch(rows, list(zip(columns[1], columns[2], strict=True)), loans, stated)


def _compute(
    session: Session, batch: Batch, products: Products, kind: tuple[str, str],
    complete_from: np.datetime64 | None, on: date, problems: Problems,
) -> None:  # fmt: skip
    """Schedules of the loans of one product and method; those that cannot be are told and left out.

    complete_from: as in `position.taken_over_on`; None where the file states no positions.
    """
    product = products[kind[0]]
    plan, rule = plan_of(kind[1] or product.method, product.terms), rule_of(product.terms)
    loans = batch.loans if rule.months else replace(batch.loans, due_day=None)
    while len(batch.rows):
        try:
            lines = schedule_bulk(loans, plan, rule)
            break
        except BadLoans as bad:
            told = [(int(batch.rows[place]), None) for place in bad.positions]
            problems.of_field(
                "matures_on", told, _("does not fit the other terms: the loan %(why)s", why=bad.reason)
            )
            which = np.setdiff1d(np.arange(len(batch.rows)), bad.positions)
            batch, loans = batch.pick(which), loans.pick(which)
    else:
        return
    today = np.full(len(batch.rows), np.datetime64(on, "D"))
    if complete_from is None:
        paid = position.nothing_paid(lines)
        over: Dates = np.full(len(batch.rows), position.NAT)
    else:
        paid = position.opening(lines, batch.stated)
        over = position.taken_over_on(lines, paid, batch.stated, loans.disbursed_on, complete_from)
    _store(session, batch.rows, lines, paid, position.positions(lines, paid, today, len(batch.rows)), over)


def _store(
    session: Session, rows: Any, lines: Lines, paid: position.Paid, at: position.Positions, over: Dates
) -> None:
    is_before = lines.due_on < over[lines.loan]
    line = copy_binary.rows([
        ("int4", rows[lines.loan]), ("int4", lines.n), ("date", lines.due_on), ("money", lines.principal),
        ("money", lines.interest), ("money", lines.balance), ("money", paid.principal), ("money", paid.interest),
        ("date", copy_binary.or_no_date(paid.closed_on)), ("int4", is_before.astype(np.int32)),
    ])  # fmt: skip
    loan = copy_binary.rows([
        ("int4", rows), ("money", at.owed), ("money", at.late_principal), ("money", at.late_interest),
        ("date", copy_binary.or_no_date(at.since)), ("date", copy_binary.or_no_date(at.next_due_on)),
        ("int4", at.is_settled), ("date", copy_binary.or_no_date(over)),
    ])  # fmt: skip
    for table, data in (("new_line", line), ("new_loan", loan)):
        with cursor(session).copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
            copy.write(copy_binary.HEADER)
            copy.write(data)
            copy.write(copy_binary.TRAILER)
