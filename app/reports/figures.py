"""Where figures of the book come from: snapshots by place, unit and person; for customers their own loans."""

from typing import Any

from sqlalchemy import Select, and_, case, literal, or_, select

from app.models import Allocation, CollectionSnapshot, Loan, PortfolioSnapshot, Repayment
from app.reports.asked import Limits, Period, Standing
from app.reports.grouping import Columns, facts, key_of
from app.reports.lists import OPEN

DUE = {"due_principal": CollectionSnapshot.due_principal, "due_interest": CollectionSnapshot.due_interest}
COLLECTED = {
    "collected_principal": CollectionSnapshot.collected_principal,
    "collected_interest": CollectionSnapshot.collected_interest,
}
DISBURSED = {"disbursed": CollectionSnapshot.disbursed}


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


def flow(asked: Period, by: str, amounts: Columns) -> Select[Any]:
    """What went out, fell due and came in during the period, from its daily snapshots."""
    day = CollectionSnapshot.taken_on
    return facts(CollectionSnapshot, asked, by, amounts, [day.between(asked.since, asked.until)], day)


def received(asked: Period, by: str) -> Select[Any]:
    """What came in during the period, from the days and keys on which anything did."""
    moved = CollectionSnapshot
    came = or_(moved.collected_principal != 0, moved.collected_interest != 0)
    return flow(asked, by, COLLECTED).where(came)


def disbursed_to(asked: Period, by: str) -> Select[Any]:
    """What was disbursed in the period, from the loans themselves."""
    period = Loan.disbursed_on.between(asked.since, asked.until)
    return facts(Loan, asked, by, {"disbursed": Loan.principal}, [period], Loan.disbursed_on)


def collected_from(asked: Period, by: str) -> Select[Any]:
    """The principal and interest collected in the period, from the journal."""
    parts = [
        case((Allocation.component == one, Allocation.amount), else_=0).label(f"collected_{one}")
        for one in ("principal", "interest")
    ]
    return (
        select(key_of(Loan, by, Repayment.received_on).label("key"), *parts)
        .select_from(Repayment)
        .join(Loan, Loan.id == Repayment.loan_id)
        .join(Allocation, and_(Allocation.repayment_id == Repayment.id, Allocation.loan_id == Loan.id))
        .where(Repayment.received_on.between(asked.since, asked.until), Repayment.kind != "opening")
        .where(Allocation.component.in_(("principal", "interest")), *asked.where(Loan))
    )
