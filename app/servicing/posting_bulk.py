"""Posting a file of payments: the same rules as one payment's, with few statements for all of them.

The loans are locked and their open instalments read at once, each payment is computed by the same account as
a single one, and what comes of it is written by COPY and set-based statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import ARRAY, String, func, literal, select, text
from sqlalchemy.orm import Session

from app.core import clock, jobs, settings
from app.core.errors import RuleError
from app.core.money import ZERO
from app.models.journal import Repayment
from app.models.lending import Loan, Product
from app.servicing import posting
from app.servicing.account import Account, Share, Split, order_of
from app.servicing.arrears import recompute
from app.servicing.open_lines import open_lines
from app.servicing.owed import Owed

NOTHING = Split(ZERO, ZERO)
FILES = "repayments"
"""The job under which it is recorded that a client's payments of a day were posted; the step is his id."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One payment of a file. `row` is its number there; principal and interest as the file states them."""

    row: int
    loan_number: str
    amount: Decimal
    received_on: date
    reference: str
    principal: Decimal | None = None
    interest: Decimal | None = None
    remark: str | None = None

    @property
    def split(self) -> Split | None:
        """What the file states; None where it states neither. One of the two implies the other."""
        if self.principal is None and self.interest is None:
            return None
        principal = self.amount - (self.interest or 0) if self.principal is None else self.principal
        return Split(principal, self.amount - principal if self.interest is None else self.interest)


@dataclass(frozen=True, slots=True)
class Refused:
    """A payment that was not posted: which field of which row, what stands there, and why not."""

    row: int
    field: str
    value: str
    reason: Any


@dataclass
class Counts:
    """What came of a file: `unchanged` had been posted before."""

    posted: int = 0
    unchanged: int = 0
    refused: list[Refused] = field(default_factory=list)
    loan_ids: list[int] = field(default_factory=list)
    """Loans that were touched."""


@dataclass(slots=True)
class _Loan:
    id: int
    customer_id: int
    currency: str
    disbursed_on: date
    written_off_on: date | None
    account: Account


class _Posting(NamedTuple):
    receipt: Receipt
    split: Split | None
    loan: _Loan
    shares: Sequence[Share]


def post_staged(
    session: Session, client_id: int, rows: Iterable[Receipt], source: str, business_on: date,
    user_id: int | None = None, *, may_overpay: bool = True,
) -> Counts:  # fmt: skip
    """Post payments of many loans; what cannot be posted is refused row by row, all others are posted.

    Payments of a loan are posted by day, those of a day in the order of the file. Without `may_overpay` one of
    far more than its loan owes in all is refused. Needs an unscoped session.
    """
    receipts = sorted(rows, key=lambda receipt: (receipt.received_on, receipt.row))
    loans = _loans(session, client_id, receipts)
    known = _known(session, client_id, source, [receipt.reference for receipt in receipts])
    owed = None if may_overpay else Owed(session, [loan.id for loan in loans.values()])
    present = settings.read_date(session, clock.BUSINESS_DATE)
    as_of = max(business_on, present or business_on)
    counts, postings = Counts(), list[_Posting]()
    for receipt in receipts:
        loan = loans.get(receipt.loan_number)
        try:
            if loan is None:
                raise RuleError(_("is no loan of this client"), "loan_number")  # noqa: TRY301
            if _is_known(known, receipt, loan):
                counts.unchanged += 1
                continue
            split = receipt.split
            posting.check(receipt.amount, receipt.received_on, loan.disbursed_on, as_of, split)
            if owed:
                owed.check(loan.id, receipt.amount, loan.currency)
        except RuleError as error:
            counts.refused.append(_refused(receipt, error))
            continue
        known[receipt.reference] = (loan.id, receipt.amount, receipt.received_on)
        shares = loan.account.pay(receipt.amount, receipt.received_on, split)
        postings.append(_Posting(receipt, split, loan, shares))
        if owed:
            owed.pay(loan.id, loan.account, shares)
    counts.refused.sort(key=lambda refused: refused.row)
    if postings:
        _write(session, client_id, source, postings, user_id)
        counts.posted, counts.loan_ids = len(postings), sorted({each.loan.id for each in postings})
        recompute(session, counts.loan_ids, as_of)
    jobs.note(session, FILES, str(client_id), as_of, len(postings))
    return counts


def _refused(receipt: Receipt, error: RuleError) -> Refused:
    name = error.field or "loan_number"
    return Refused(receipt.row, name, str(getattr(receipt, name)), error.message)


def _is_known(known: dict[str, tuple[int, Decimal, date]], receipt: Receipt, loan: _Loan) -> bool:
    before = known.get(receipt.reference)
    if before is not None and before != (loan.id, receipt.amount, receipt.received_on):
        raise RuleError(_("Another payment has the reference %(it)s", it=receipt.reference), "reference")
    return before is not None


def _loans(session: Session, client_id: int, receipts: Sequence[Receipt]) -> dict[str, _Loan]:
    """The loans by number, locked in the order of their ids, each with its open instalments."""
    numbers, reach = sorted({receipt.loan_number for receipt in receipts}), _reach(receipts)
    wanted = Loan.number == func.any(literal(numbers, ARRAY(String)))
    columns = (Loan.id, Loan.number, Loan.customer_id, Loan.currency, Loan.disbursed_on, Loan.written_off_on)
    found = session.execute(
        select(*columns, Product.allocation_order)
        .join(Product, Product.id == Loan.product_id)
        .where(Loan.client_id == client_id, wanted)
        .order_by(Loan.id)
        .with_for_update(key_share=True, of=Loan)
    ).all()
    orders = {text: order_of(text) for text in {row.allocation_order for row in found}}
    bounds = {row.id: reach[row.number] for row in found if row.number in reach}
    lines = open_lines(session, [row.id for row in found], bounds)
    return {
        row.number: _Loan(
            row.id, row.customer_id, row.currency, row.disbursed_on, row.written_off_on,
            Account(lines[row.id], orders[row.allocation_order]),
        )
        for row in found
    }  # fmt: skip


def _reach(receipts: Iterable[Receipt]) -> dict[str, Split]:
    """By loan number, the principal and interest the file states, of loans whose every split it states."""
    sums: dict[str, Split] = {}
    open_ended = set()
    for receipt in receipts:
        split, sum_ = receipt.split, sums.get(receipt.loan_number, NOTHING)
        if split is None:
            open_ended.add(receipt.loan_number)
        else:
            sums[receipt.loan_number] = Split(
                sum_.principal + split.principal, sum_.interest + split.interest
            )
    return {number: split for number, split in sums.items() if number not in open_ended}


def _known(
    session: Session, client_id: int, source: str, references: list[str]
) -> dict[str, tuple[int, Decimal, date]]:
    found = select(Repayment.reference, Repayment.loan_id, Repayment.amount, Repayment.received_on).where(
        Repayment.client_id == client_id,
        Repayment.source == source,
        Repayment.reference == func.any(literal(references, ARRAY(String))),
    )
    return {row.reference: (row.loan_id, row.amount, row.received_on) for row in session.execute(found)}


_IDS = "SELECT nextval(pg_get_serial_sequence('repayment', 'id')) FROM generate_series(1, :count)"
_STAGES = """
    CREATE TEMP TABLE posted_repayment ON COMMIT DROP AS SELECT {repayment} FROM repayment WITH NO DATA;
    CREATE TEMP TABLE posted_share ON COMMIT DROP AS SELECT {allocation} FROM allocation WITH NO DATA;
    CREATE TEMP TABLE posted_line ON COMMIT DROP AS SELECT {line} FROM instalment WITH NO DATA"""
# Analysed, a few payments are found by their keys in a large book and many by one pass over it.
_MOVES = """
    ANALYZE posted_line;
    INSERT INTO repayment ({repayment}) SELECT {repayment} FROM posted_repayment ORDER BY id;
    INSERT INTO allocation ({allocation}) SELECT {allocation} FROM posted_share
    ORDER BY loan_id, repayment_id, instalment_id, component;
    UPDATE instalment i SET principal_paid = n.principal_paid, interest_paid = n.interest_paid,
        paid_on = n.paid_on
    FROM posted_line n WHERE n.id = i.id;
    DROP TABLE posted_repayment, posted_share, posted_line"""
_COLUMNS = {
    "repayment": "id, client_id, loan_id, customer_id, received_on, amount, currency, kind, source, "
    "reference, stated_principal, stated_interest, remark, posted_by_id",
    "allocation": "repayment_id, loan_id, instalment_id, component, amount",
    "line": "id, principal_paid, interest_paid, paid_on",
}


def _write(
    session: Session, client_id: int, source: str, postings: Sequence[_Posting], user_id: int | None
) -> None:
    ids = session.scalars(text(_IDS), {"count": len(postings)}).all()
    _each(session, _STAGES)
    _copy(session, "posted_repayment", "repayment", (
        (number, client_id, loan.id, loan.customer_id, it.received_on, it.amount, loan.currency,
         str(posting.kind_of(loan.written_off_on, it.received_on)), source, it.reference,
         split and split.principal, split and split.interest, it.remark, user_id)
        for number, (it, split, loan, _shares) in zip(ids, postings, strict=True)
    ))  # fmt: skip
    _copy(session, "posted_share", "allocation", (
        (number, each.loan.id, share.line and share.line.id,
         str(posting.COMPONENTS[share.component]), share.amount)
        for number, each in zip(ids, postings, strict=True) for share in each.shares
    ))  # fmt: skip
    touched = {line.id: line for each in postings for line in each.loan.account.touched.values()}
    _copy(session, "posted_line", "line", (
        (line.id, line.principal_paid, line.interest_paid, line.paid_on) for line in touched.values()
    ))  # fmt: skip
    _each(session, _MOVES)


def _each(session: Session, statements: str) -> None:
    for statement in statements.format(**_COLUMNS).split(";"):
        session.execute(text(statement))


def _copy(session: Session, table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    driver = session.connection().connection.driver_connection
    assert driver is not None  # noqa: S101 - the connection is checked out
    with driver.cursor().copy(f"COPY {table} ({_COLUMNS[columns]}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
