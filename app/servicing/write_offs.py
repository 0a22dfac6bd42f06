"""Writing off: principal leaves the books, the claim stays. What comes in afterwards is recovery."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _
from sqlalchemy import ARRAY, String, func, literal, select, update
from sqlalchemy.orm import Session

from app.core.errors import RuleError
from app.models.journal import WriteOff
from app.models.lending import Loan, LoanStatus
from app.servicing.posting import open_loan
from app.servicing.posting_bulk import Counts, Refused


@dataclass(frozen=True, slots=True)
class WrittenOff:
    """One row of a file of write-offs; `row` is its number there."""

    row: int
    loan_number: str
    written_off_on: date
    principal: Decimal
    reason: str


def write_off(
    session: Session, loan_id: int, on: date, reason: str, business_on: date, user_id: int | None = None
) -> WriteOff:
    """Write a loan's outstanding principal off on a day. The balance stays: it is still owed.

    Raises OutOfScope for a loan that is not seen; RuleError for one that owes nothing or is written off
    already, for a day before it was paid out or after the business date, and for an empty reason.
    """
    opened = open_loan(session, loan_id, business_on)
    loan = opened.loan
    _check(loan.principal_outstanding, loan.disbursed_on, loan.written_off_on, on, opened.as_of)
    if not reason.strip():
        raise RuleError(_("A reason is needed"), "reason")
    row = WriteOff(
        loan_id=loan_id, written_off_on=on, principal=loan.principal_outstanding, reason=reason.strip(),
        posted_by_id=user_id,
    )  # fmt: skip
    loan.written_off_on, loan.status = on, LoanStatus.WRITTEN_OFF
    session.add(row)
    session.flush()
    return row


def write_off_staged(
    session: Session,
    client_id: int,
    rows: Iterable[WrittenOff],
    business_on: date,
    user_id: int | None = None,
) -> Counts:
    """Write off the loans of a file; a row that cannot be is refused, all others are posted.

    A row that states another principal than is owed is refused. Needs an unscoped session.
    """
    given = list(rows)
    loans = _loans(session, client_id, {row.loan_number for row in given})
    counts, made = Counts(), dict[int, WriteOff]()
    for row in given:
        loan = loans.get(row.loan_number)
        try:
            if loan is None:
                raise RuleError(_("is no loan of this client"), "loan_number")  # noqa: TRY301
            if loan.written_off_on == row.written_off_on and loan.id not in made:
                counts.unchanged += 1
                continue
            before = row.written_off_on if loan.id in made else loan.written_off_on
            _check(loan.principal_outstanding, loan.disbursed_on, before, row.written_off_on, business_on)
            _check_amount(row.principal, loan.principal_outstanding)
        except RuleError as error:
            name = error.field or "loan_number"
            counts.refused.append(Refused(row.row, name, str(getattr(row, name)), error.message))
            continue
        made[loan.id] = WriteOff(
            loan_id=loan.id, written_off_on=row.written_off_on, principal=row.principal, reason=row.reason,
            posted_by_id=user_id,
        )  # fmt: skip
    _store(session, made)
    counts.posted, counts.loan_ids = len(made), sorted(made)
    return counts


def _store(session: Session, made: dict[int, WriteOff]) -> None:
    session.add_all(made.values())
    session.flush()
    for day in {row.written_off_on for row in made.values()}:
        ids = [loan_id for loan_id, row in made.items() if row.written_off_on == day]
        changed = update(Loan).where(Loan.id.in_(ids)).execution_options(synchronize_session=False)
        session.execute(changed.values(written_off_on=day, status=LoanStatus.WRITTEN_OFF))


def _loans(session: Session, client_id: int, numbers: set[str]) -> dict[str, Loan]:
    wanted = Loan.number == func.any(literal(sorted(numbers), ARRAY(String)))
    found = select(Loan).where(Loan.client_id == client_id, wanted).order_by(Loan.id)
    locked = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    return {loan.number: loan for loan in session.scalars(locked)}


def _check(owed: Decimal, disbursed_on: date, before: date | None, on: date, business_on: date) -> None:
    if before is not None:
        raise RuleError(_("The loan was written off on %(day)s", day=before), "written_off_on")
    if owed <= 0:
        raise RuleError(_("Nothing is owed on the loan"), "loan_number")
    if on < disbursed_on:
        raise RuleError(
            _("The day is before the loan was paid out (%(day)s)", day=disbursed_on), "written_off_on"
        )
    if on > business_on:
        raise RuleError(_("The day is after the business date (%(day)s)", day=business_on), "written_off_on")


def _check_amount(stated: Decimal, owed: Decimal) -> None:
    if stated != owed:
        raise RuleError(_("%(owed)s is owed by the journal", owed=owed), "principal")
