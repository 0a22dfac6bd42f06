"""Portfolio quality: paid out, collected, owed and overdue, by place, customer, unit and officer."""

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Select

from app.core.report import Measure, report
from app.reports import figures, lists
from app.reports.asked import Book
from app.reports.dimensions import STANDARD
from app.reports.grouping import grouped, largest_first, together

ROLES = ("Manager", "Officer", "Partner", "Auditor")
NAMES = ("loans", "disbursed", "collected_principal", "collected_interest", "outstanding", "overdue", "late")


@report(
    "portfolio",
    _("Portfolio quality"),
    help=_(
        "Balances, overdue amounts and collections of the loans in your scope, by place, branch, officer "
        "or product. Without a day the figures are those of now; a past day is read from the nightly "
        "snapshots. Choose a row to go one level down."
    ),
    roles=ROLES,
    dimensions=STANDARD,
    icon="chart-bar",
    position=10,
    measures=(
        Measure("loans", _("Loans"), "number", rows=lists.loans()),
        Measure("disbursed", _("Disbursed in the period"), rows=lists.disbursed()),
        Measure("collected_principal", _("Collected principal"), rows=lists.collected("principal")),
        Measure("collected_interest", _("Collected interest"), rows=lists.collected("interest")),
        Measure("outstanding", _("Balance"), rows=lists.loans(*lists.BALANCE), chart="bar"),
        Measure("overdue", _("Overdue"), rows=lists.late(*lists.OVERDUE), chart="bar"),
        Measure(
            "late", _("Balance over 30 days late"), rows=lists.loans(*lists.BALANCE, days_past_due__gt="30")
        ),
        Measure("par30", _("PAR30"), "percent", of=("late", "outstanding"), chart="line", axis=1),
    ),
)
def portfolio(asked: Book, by: str) -> Select[Any]:
    """The book at the end of a day, and what went out and came in during the period."""
    moved = figures.flow(asked, by, (*figures.DISBURSED, *figures.COLLECTED))
    parts = together(NAMES, *figures.stock(asked, by), *moved)
    return largest_first(grouped(parts, by, NAMES), "outstanding")
