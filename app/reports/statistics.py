"""Loan statistics: how many customers and loans there are, what was lent, how many are late."""

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Select, and_, func, select

from app.core.report import Measure, report
from app.models import Loan
from app.reports import lists
from app.reports.asked import Limits
from app.reports.dimensions import BRANCH, CLIENT, KIND, OFFICER, PLACES
from app.reports.grouping import by_rows, key_of, largest_first
from app.reports.portfolio import ROLES


@report(
    "statistics",
    _("Loan statistics"),
    help=_(
        "How many customers and loans there are, how much was paid out and is still owed, by place, "
        "branch, officer, kind of product or client. A customer with several loans counts once."
    ),
    roles=ROLES,
    dimensions=(*PLACES, BRANCH, OFFICER, KIND, CLIENT),
    icon="list-details",
    position=30,
    measures=(
        Measure("customers", _("Customers"), "number", is_distinct=True, chart="bar"),
        Measure("loans", _("Loans"), "number", rows=lists.every_loan(), chart="bar"),
        Measure("disbursed", _("Disbursed"), rows=lists.every_loan("principal")),
        Measure("outstanding", _("Balance"), rows=lists.loans(*lists.BALANCE)),
        Measure("overdue_loans", _("Overdue loans"), "number", rows=lists.late()),
        Measure("overdue", _("Overdue"), rows=lists.late(*lists.OVERDUE)),
    ),
)
def statistics(asked: Limits, by: str) -> Select[Any]:
    """All loans as they are now, settled and written off ones too."""
    late = Loan.overdue_principal + Loan.overdue_interest
    found = (
        select(
            key_of(Loan, by).label("key"),
            Loan.id,
            Loan.customer_id,
            Loan.status,
            Loan.principal,
            Loan.principal_outstanding,
            late.label("late"),
            Loan.overdue_since,
        )
        .where(*asked.where(Loan))
        .subquery()
    )
    column = found.c
    is_open = column.status.in_(lists.OPEN)
    is_late = and_(is_open, column.overdue_since.is_not(None))
    sums = {
        "customers": func.count(column.customer_id.distinct()),
        "loans": func.count(column.id),
        "disbursed": func.sum(column.principal),
        "outstanding": func.sum(column.principal_outstanding).filter(is_open),
        "overdue_loans": func.count(column.id).filter(is_late),
        "overdue": func.sum(column.late).filter(is_late),
    }
    return largest_first(by_rows(found, by, sums), "loans")
