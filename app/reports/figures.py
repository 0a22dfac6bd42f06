"""Where figures of the book come from: snapshots by place, unit and person; for customers their own loans."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, cast, literal, or_, select, type_coerce

from app.core.cents import PER_UNIT, WholeCents
from app.models import (
    Allocation,
    CollectionByPlace,
    CollectionByUnit,
    CollectionSnapshot,
    Loan,
    PortfolioSnapshot,
    Repayment,
)
from app.reports.asked import Limits, Period, Standing, first_of_month
from app.reports.grouping import Columns, facts, key_column, key_of
from app.reports.lists import OPEN

ONE = timedelta(days=1)

DUE = ("due_principal", "due_interest")
COLLECTED = ("collected_principal", "collected_interest")
DISBURSED = ("disbursed",)


def of_loans(asked: Limits, by: str) -> bool:
    """Whether the figures come from the loans themselves: snapshots know no customer."""
    return by == "customer" or asked.customer_id is not None


def stock(asked: Standing, by: str) -> Select[Any]:
    """Loans, outstanding, overdue and late (outstanding of those over 30 days past due) of open loans."""
    if of_loans(asked, by):
        overdue = Loan.overdue_principal + Loan.overdue_interest
        amounts = _stock(literal(1), Loan.principal_outstanding, overdue, Loan.bucket_id, asked)
        return facts(Loan, asked, by, amounts, [Loan.status.in_(OPEN)])
    taken = PortfolioSnapshot
    amounts = _stock(taken.loans, taken.outstanding, taken.overdue, taken.bucket_id, asked)
    return facts(taken, asked, by, amounts, [taken.taken_on == asked.taken_on, taken.status.in_(OPEN)])


def _stock(loans: Any, outstanding: Any, overdue: Any, bucket_id: Any, asked: Standing) -> Columns:
    late = case((bucket_id.in_(asked.at_risk), outstanding))
    return {"loans": loans, "outstanding": outstanding, "overdue": overdue, "late": late}


def flow(asked: Period, by: str, names: Sequence[str]) -> list[Select[Any]]:
    """What went out, fell due and came in during the period: whole months by their sums, other days each by its own."""
    if asked.since is None or asked.until is None:
        return []
    source, months = _by_month(asked, by), asked.whole_months()
    found = _untaken(asked, by, names)
    if source is None or months is None:
        return [_moved(CollectionSnapshot, asked, by, names, asked.since, asked.until), *found]
    beyond = first_of_month(months[1], -1)
    found.append(_moved(source, asked, by, names, *months))
    if asked.since < months[0]:
        found.append(_moved(CollectionSnapshot, asked, by, names, asked.since, months[0] - ONE))
    if asked.until >= beyond:
        found.append(_moved(CollectionSnapshot, asked, by, names, beyond, asked.until))
    return found


def _untaken(asked: Period, by: str, names: Sequence[str]) -> list[Select[Any]]:
    """What the sums lack of days that wait to be taken again: their payments, less what is stored of them.

    Right for any day whatever its sums hold, so it does not matter whether the night takes it meanwhile.
    """
    wanted = [name for name in names if name in COLLECTED]
    if not asked.untaken or not wanted:
        return []
    taken = CollectionSnapshot
    stored = {name: -getattr(taken, name) for name in wanted}
    received = {name: _cents(amount) for name, amount in _collected(wanted).items()}
    return [
        facts(taken, asked, by, stored, [taken.taken_on.in_(asked.untaken)], taken.taken_on),
        _journal(asked, by, received, Repayment.received_on.in_(asked.untaken)),
    ]


def _cents(amount: Any) -> Any:
    """An amount as the sums keep it."""
    return type_coerce(cast(PER_UNIT * amount, BigInteger), WholeCents())


def _by_month(asked: Period, by: str) -> Any:
    """The smallest sums of months that know all by which this is asked and by which the reader is limited."""
    split = asked.splits()
    if split is None or by == "day":
        return None
    needed = split | ({key_column(by)} - {""})
    sources = (CollectionByUnit, CollectionByPlace)
    return next((one for one in sources if all(hasattr(one, name) for name in needed)), None)


def _moved(source: Any, asked: Period, by: str, names: Sequence[str], first: date, last: date) -> Select[Any]:
    """Days or months in which any of these amounts moved."""
    day = source.taken_on if source is CollectionSnapshot else source.month_on
    amounts = {name: getattr(source, name) for name in names}
    moved = or_(*(amount != 0 for amount in amounts.values()))
    return facts(source, asked, by, amounts, [day.between(first, last), moved], day)


def disbursed_to(asked: Period, by: str) -> Select[Any]:
    """What was disbursed in the period, from the loans themselves."""
    period = Loan.disbursed_on.between(asked.since, asked.until)
    return facts(Loan, asked, by, {"disbursed": Loan.principal}, [period], Loan.disbursed_on)


def collected_from(asked: Period, by: str) -> Select[Any]:
    """The principal and interest collected in the period, from the journal."""
    return _journal(asked, by, _collected(COLLECTED), Repayment.received_on.between(asked.since, asked.until))


def _collected(names: Iterable[str]) -> Columns:
    """What a share of a payment adds to each of these amounts."""
    return {
        name: case((Allocation.component == name.removeprefix("collected_"), Allocation.amount), else_=0)
        for name in names
    }


def _journal(asked: Limits, by: str, amounts: Columns, received: ColumnElement[bool]) -> Select[Any]:
    """The shares of some days' payments that paid principal or interest; an opening position is none."""
    parts = [amount.label(name) for name, amount in amounts.items()]
    return (
        select(key_of(Loan, by, Repayment.received_on).label("key"), *parts)
        .select_from(Repayment)
        .join(Loan, Loan.id == Repayment.loan_id)
        .join(Allocation, and_(Allocation.repayment_id == Repayment.id, Allocation.loan_id == Loan.id))
        .where(received, Repayment.kind != "opening")
        .where(Allocation.component.in_(("principal", "interest")), *asked.where(Loan))
    )
