"""What fell due and what came in, month by month."""

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Select

from app.core.report import Measure, report
from app.reports import figures, lists
from app.reports.asked import HalfYear
from app.reports.dimensions import MONTH
from app.reports.grouping import added, together

PARTS = (*figures.DUE, *figures.COLLECTED)
SUMS = {**{part: (part,) for part in PARTS}, "due": figures.DUE, "collected": figures.COLLECTED}


@report(
    "trend",
    _("Due and collected"),
    help=_(
        "What fell due and what was collected, month by month. A gap that grows shows that the book is "
        "getting worse before the balance does."
    ),
    roles=("Manager", "Officer", "Auditor"),
    dimensions=(MONTH,),
    icon="chart-line",
    position=12,
    measures=(
        Measure("due_principal", _("Due principal"), rows=lists.due("principal")),
        Measure("due_interest", _("Due interest"), rows=lists.due("interest")),
        Measure("due", _("Due"), rows=lists.due("principal", "interest"), chart="bar"),
        Measure("collected_principal", _("Collected principal"), rows=lists.collected("principal")),
        Measure("collected_interest", _("Collected interest"), rows=lists.collected("interest")),
        Measure("collected", _("Collected"), chart="bar"),
        Measure("rate", _("Collected of due"), "percent", of=("collected", "due")),
    ),
)
def trend(asked: HalfYear, by: str) -> Select[Any]:
    """Six months of instalments due and repayments received; a month in which nothing moved stands there empty."""
    months = figures.each_month(asked) if by == "month" else []
    query = added(together(PARTS, *figures.flow(asked, by, PARTS), *months), by, SUMS)
    return query.order_by(query.selected_columns.key)
