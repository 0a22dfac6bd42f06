"""Where figures of the book come from: snapshots by place, unit and person; for customers their own loans."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
)

from app.core.cents import PER_UNIT, WholeCents
from app.models import (
    Allocation,
    CollectionByPlace,
    CollectionByUnit,
    CollectionSnapshot,
    Instalment,
    Loan,
    PortfolioChange,
    PortfolioSnapshot,
    Repayment,
)
from app.reports.asked import Limits, Period, Standing, end_of_month, first_of_month
from app.reports.grouping import Columns, facts, key_column, key_of
from app.reports.lists import OPEN

ONE = timedelta(days=1)
MOST_MONTHS = 120

DUE = ("due_principal", "due_interest")
COLLECTED = ("collected_principal", "collected_interest")
DISBURSED = ("disbursed",)


def of_loans(asked: Limits, by: str) -> bool:
    """Whether the figures come from the loans themselves: snapshots know no customer."""
    return by == "customer" or asked.customer_id is not None


class Position(NamedTuple):
    """What a report of balances can tell of a loan, or of loans that are summed up."""

    loans: Any
    outstanding: Any
    overdue: Any
    bucket_id: Any


def balances(asked: Standing, by: str, amounts: Callable[[Position], Columns]) -> list[Select[Any]]:
    """Open loans at the end of a day; for now the snapshot with what changed since.

    Of customers there are no sums, nor of the business date before the night has taken them: theirs are the loans.
    """
    if of_loans(asked, by) or not asked.is_summed:
        overdue = Loan.overdue_principal + Loan.overdue_interest
        position = Position(literal(1), Loan.principal_outstanding, overdue, Loan.bucket_id)
        return [facts(Loan, asked, by, amounts(position), [Loan.status.in_(OPEN)])]
    found = [_summed(PortfolioSnapshot, asked, by, amounts, [PortfolioSnapshot.taken_on == asked.taken_on])]
    return [*found, _summed(PortfolioChange, asked, by, amounts)] if asked.is_current else found


def _summed(
    sums: Any, asked: Standing, by: str, amounts: Callable[[Position], Columns], which: Sequence[Any] = ()
) -> Select[Any]:
    position = Position(sums.loans, sums.outstanding, sums.overdue, sums.bucket_id)
    return facts(sums, asked, by, amounts(position), [*which, sums.status.in_(OPEN)])


def stock(asked: Standing, by: str) -> list[Select[Any]]:
    """Loans, outstanding, overdue and late (outstanding of those over 30 days past due) of open loans."""

    def amounts(of: Position) -> Columns:
        late = case((of.bucket_id.in_(asked.at_risk), of.outstanding))
        return {"loans": of.loans, "outstanding": of.outstanding, "overdue": of.overdue, "late": late}

    return balances(asked, by, amounts)


def flow(asked: Period, by: str, names: Sequence[str]) -> list[Select[Any]]:
    """What went out, fell due and came in during the period: whole months by their sums, other days each by its own.

    Of customers there are no sums, so theirs is read from the rows.
    """
    if asked.since is None or asked.until is None:
        return []
    if of_loans(asked, by):
        return _rows(asked, by, names, partial(_between, asked.since, asked.until))
    source, months = _by_month(asked, by), asked.whole_months()
    found = _untaken(asked, by, names)
    if source is None or months is None:
        return [_moved(CollectionSnapshot, asked, by, names, asked.since, asked.until), *found]
    end = end_of_month(months[1])
    found.append(_moved(source, asked, by, names, *months))
    if asked.since < months[0]:
        found.append(_moved(CollectionSnapshot, asked, by, names, asked.since, months[0] - ONE))
    if asked.until > end:
        found.append(_moved(CollectionSnapshot, asked, by, names, end + ONE, asked.until))
    return found


def _untaken(asked: Period, by: str, names: Sequence[str]) -> list[Select[Any]]:
    """What the sums lack of days that wait to be taken, or taken again: what moved, less what is stored of them.

    Right for any day whatever its sums hold, so it does not matter whether the night takes it meanwhile.
    """
    days, taken = asked.days_by_rows(), CollectionSnapshot
    if days is None:
        return []
    stored = {name: -getattr(taken, name) for name in names}
    less = facts(taken, asked, by, stored, [days(taken.taken_on)], taken.taken_on)
    return [less, *_rows(asked, by, names, days)]


Days = Callable[[Any], ColumnElement[bool]]
"""The condition on a column of days."""


def _between(since: date, until: date, day: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = day.between(since, until)
    return found


def _rows(asked: Period, by: str, names: Sequence[str], days: Days) -> list[Select[Any]]:
    """What moved on some days, from the loans, instalments and payments themselves."""
    kinds = ((DISBURSED, _paid_out), (DUE, _fallen_due), (COLLECTED, _received))
    wanted = [(query, [name for name in names if name in part]) for part, query in kinds]
    return [query(asked, by, some, days) for query, some in wanted if some]


def _paid_out(asked: Limits, by: str, names: Sequence[str], days: Days) -> Select[Any]:
    """Loans paid out; one that a ledger took over has no days before it."""
    amounts = {name: _cents(Loan.principal) for name in names}
    which = [days(Loan.disbursed_on), Loan.taken_over_on.is_(None)]
    return facts(Loan, asked, by, amounts, which, Loan.disbursed_on)


def _fallen_due(asked: Limits, by: str, names: Sequence[str], days: Days) -> Select[Any]:
    """Instalments that fell due; those from before a ledger took their loan over are none."""
    parts = [_cents(getattr(Instalment, name.removeprefix("due_"))).label(name) for name in names]
    return (
        select(key_of(Loan, by, Instalment.due_on).label("key"), *parts)
        .select_from(Instalment)
        .join(Loan, Loan.id == Instalment.loan_id)
        .where(days(Instalment.due_on), Instalment.is_before_takeover.is_(False), *asked.where(Loan))
    )


def _received(asked: Limits, by: str, names: Sequence[str], days: Days) -> Select[Any]:
    """Payments received."""
    amounts = {name: _cents(amount) for name, amount in _collected(names).items()}
    return _journal(asked, by, amounts, days(Repayment.received_on))


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


def each_month(asked: Period) -> list[Select[Any]]:
    """The months of the period without any amount, so that those in which nothing moved are rows, too.

    Of a period longer than ten years only the months that moved are worth telling.
    """
    if asked.since is None or asked.until is None:
        return []
    first, last = first_of_month(asked.since), first_of_month(asked.until)
    count = 12 * (last.year - first.year) + last.month - first.month + 1
    if count > MOST_MONTHS:
        return []
    months = [first_of_month(last, back) for back in range(count)]
    return [select(func.unnest(literal(months, ARRAY(Date))).label("key"))]


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
