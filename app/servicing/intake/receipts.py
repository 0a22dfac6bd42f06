"""Files of repayments and of write-offs: checked against the loans they name, then posted by the rules of posting."""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import ARRAY, String, func, literal, select

from app.core.reach import criteria
from app.models.customers import Customer
from app.models.journal import Repayment, RepaymentKind
from app.models.lending import Loan
from app.servicing import posting_bulk
from app.servicing.intake.problems import Problems
from app.servicing.intake.staging import converted, open_source
from app.servicing.intake.summary import Counts, Step, Task, read_so_far
from app.servicing.posting_bulk import Receipt
from app.servicing.write_offs import WrittenOff, write_off_staged

SOURCE = "file"
"""Where a repayment comes from unless the layout has a name for it; with the reference it is posted once."""


class _Facts(NamedTuple):
    """What is known of a loan that a row names."""

    customer: str
    currency: str
    opened_on: date | None
    """The day of the ledger from which the loan was taken over; earlier payments are in its opening position."""


def import_repayments(task: Task) -> tuple[int, Counts]:
    """Post a file of repayments; returns how many rows it has and what came of the good ones."""
    rows = _read(task, "received_on")
    _refuse_repeated(rows, "reference", task.problems)
    created = unchanged = 0
    for source in sorted({row["source"] or SOURCE for row in rows}):
        receipts = [
            _receipt(row) for row in _good(rows, task.problems) if (row["source"] or SOURCE) == source
        ]
        task.tell(60, _("Posting %(rows)s repayments", rows=len(receipts)))
        counts = posting_bulk.post_staged(
            task.session, task.client.id, receipts, source, task.on, task.user_id,
            may_overpay=task.source.layout.keeps_overpayments,
        )  # fmt: skip
        _refuse(counts, task.problems)
        created, unchanged = created + counts.posted, unchanged + counts.unchanged
    return len(rows), Counts(created, 0, unchanged)


def import_write_offs(task: Task) -> tuple[int, Counts]:
    """Write the loans of a file off; returns how many rows it has and what came of the good ones."""
    rows = _read(task, "written_off_on")
    _refuse_repeated(rows, "loan_number", task.problems)
    task.tell(60, _("Writing off"))
    wanted = [
        WrittenOff(row["row"], row["loan_number"], row["written_off_on"], row["principal"], row["reason"])
        for row in _good(rows, task.problems)
    ]
    counts = write_off_staged(task.session, task.client.id, wanted, task.on, task.user_id)
    _refuse(counts, task.problems)
    return len(rows), Counts(counts.posted, 0, counts.unchanged)


def _read(task: Task, day: str) -> list[dict[str, Any]]:
    """All rows as {field: value}, those at fault told; `day` is the field with the day of the posting."""
    rows: list[dict[str, Any]] = []
    with open_source(task.source, task.path) as table:
        for block in converted(task.source, table, task.client.country, task.problems):
            names = ["row", *block.values]
            found = zip(block.numbers, *block.values.values(), strict=True)
            rows += [dict(zip(names, each, strict=True)) for each in found]
            read_so_far(task.tell, len(rows))
    for row in rows:
        row.setdefault("source", None)
    task.tell(Step.CHECKING, _("Checking"))
    numbers = {row["loan_number"] for row in rows if row["loan_number"]}
    unknown = (
        _("is no loan of this client") if task.reach.is_all else _("is no loan of this client that you see")
    )
    _check(rows, _facts(task, numbers), day, unknown, task.problems)
    return rows


def _facts(task: Task, numbers: set[str]) -> dict[str, _Facts]:
    """What is known of the client's loans by number, of those alone that the file may name."""
    opened = (
        select(func.max(Repayment.received_on))
        .where(Repayment.loan_id == Loan.id, Repayment.kind == RepaymentKind.OPENING)
        .scalar_subquery()
    )
    named = Loan.number == func.any(literal(sorted(numbers), ARRAY(String)))
    found = task.session.execute(
        select(Loan.number, Customer.name, Loan.currency, opened)
        .join(Customer, Customer.id == Loan.customer_id)
        .where(Loan.client_id == task.client.id, named, criteria(Loan, task.reach))
    )
    return {row[0]: _Facts(row[1], row[2], row[3]) for row in found}


def _check(
    rows: list[dict[str, Any]], loans: dict[str, _Facts], day: str, unknown: Any, problems: Problems
) -> None:
    for row in rows:
        if not row["loan_number"]:
            continue
        loan = loans.get(row["loan_number"])
        if loan is None:
            problems.of_field("loan_number", [(row["row"], row["loan_number"])], unknown)
            continue
        for field, reason in _faults(row, loan, day):
            problems.of_field(field, [(row["row"], row[field])], reason)


def _faults(row: dict[str, Any], loan: _Facts, day: str) -> Iterator[tuple[str, Any]]:
    name, currency, on = row.get("customer_name"), row.get("currency"), row[day]
    if name and _plain(name) != _plain(loan.customer):
        yield "customer_name", _("is not the customer of this loan")
    if currency and currency != loan.currency:
        yield "currency", _("is not the currency of this loan, %(currency)s", currency=loan.currency)
    if on and loan.opened_on and on < loan.opened_on:
        yield day, _("lies before %(day)s, the day the loan was taken over from a ledger", day=loan.opened_on)


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()


def _refuse_repeated(rows: list[dict[str, Any]], field: str, problems: Problems) -> None:
    first: dict[str, int] = {}
    for row in rows:
        value = row[field]
        if value and first.setdefault(value, row["row"]) != row["row"]:
            problems.of_field(
                field, [(row["row"], value)], _("stands already in row %(row)s", row=first[value])
            )


def _good(rows: list[dict[str, Any]], problems: Problems) -> Iterator[dict[str, Any]]:
    return (row for row in rows if row["row"] not in problems.rows)


def _receipt(row: dict[str, Any]) -> Receipt:
    return Receipt(
        row["row"], row["loan_number"], row["amount"], row["received_on"], row["reference"],
        row.get("principal"), row.get("interest"), row.get("remark"),
    )  # fmt: skip


def _refuse(counts: posting_bulk.Counts, problems: Problems) -> None:
    for refused in counts.refused:
        problems.of_field(refused.field, [(refused.row, refused.value)], refused.reason)
