"""Where figures of the book come from: snapshots by place, unit and person; for customers their loans."""

from typing import Any

from sqlalchemy import Select, and_, case, func, select

from app.models import Allocation, CollectionSnapshot, Loan, PortfolioSnapshot, Repayment
from app.reports.asked import Book, Limits, Period
from app.reports.grouping import Figures, entity_key, facts, key_of
from app.reports.lists import OPEN


def of_loans(asked: Limits, by: str) -> bool:
    """Whether the figures come from the loans themselves: snapshots know no customer."""
    return by == "customer" or asked.customer_id is not None


def stock(asked: Book, by: str) -> Select[Any]:
    """loans, outstanding, overdue and late (outstanding of those over 30 days past due) of open loans."""
    if of_loans(asked, by):
        overdue = Loan.overdue_principal + Loan.overdue_interest
        sums = stock_sums(Loan, func.count(Loan.id), Loan.principal_outstanding, overdue, asked)
        return facts(Loan, asked, by, sums, [Loan.status.in_(OPEN)])
    snapshot = PortfolioSnapshot
    sums = stock_sums(snapshot, func.sum(snapshot.loans), snapshot.outstanding, snapshot.overdue, asked)
    return facts(snapshot, asked, by, sums, [snapshot.taken_on == asked.taken_on, snapshot.status.in_(OPEN)])


def stock_sums(entity: Any, loans: Any, outstanding: Any, overdue: Any, asked: Book) -> dict[str, Any]:
    """The sums of a snapshot's columns, or of a loan's."""
    late = func.sum(outstanding).filter(entity.bucket_id.in_(asked.at_risk))
    return {"loans": loans, "outstanding": func.sum(outstanding), "overdue": func.sum(overdue), "late": late}


def flow(asked: Period, by: str, sums: Figures) -> Select[Any]:
    """Sums of what went out, fell due and came in during the period, from its daily snapshots."""
    day = CollectionSnapshot.taken_on
    return facts(CollectionSnapshot, asked, by, sums, [day.between(asked.since, asked.until)], day)


def disbursed_to(asked: Period, by: str) -> Select[Any]:
    """Disbursed in the period, from the loans themselves."""
    period = Loan.disbursed_on.between(asked.since, asked.until)
    return facts(Loan, asked, by, {"disbursed": func.sum(Loan.principal)}, [period], Loan.disbursed_on)


def collected_from(asked: Period, by: str) -> Select[Any]:
    """collected_principal and collected_interest in the period, from the journal."""
    key = key_of(Loan, by, Repayment.received_on) if by else entity_key()
    parts = [
        func.sum(case((Allocation.component == one, Allocation.amount), else_=0)).label(f"collected_{one}")
        for one in ("principal", "interest")
    ]
    return (
        select(key.label("key"), *parts)
        .select_from(Repayment)
        .join(Loan, Loan.id == Repayment.loan_id)
        .join(Allocation, and_(Allocation.repayment_id == Repayment.id, Allocation.loan_id == Loan.id))
        .where(Repayment.received_on.between(asked.since, asked.until), Repayment.kind != "opening")
        .where(*asked.where(Loan))
        .group_by(*([key] if by else []))
    )


COLLECTED = {
    "collected_principal": func.sum(CollectionSnapshot.collected_principal),
    "collected_interest": func.sum(CollectionSnapshot.collected_interest),
}
DUE = {
    "due_principal": func.sum(CollectionSnapshot.due_principal),
    "due_interest": func.sum(CollectionSnapshot.due_interest),
}
DISBURSED = {"disbursed": func.sum(CollectionSnapshot.disbursed)}
