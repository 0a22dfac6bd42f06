"""Repayments received in a period, by client, day, place, unit, officer and customer."""

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Select

from app.core.report import Measure, report
from app.reports import figures, lists
from app.reports.asked import Period
from app.reports.dimensions import BRANCH, CLIENT, CUSTOMER, DAY, KIND, MONTH, OFFICER, PLACES
from app.reports.grouping import added, largest_first, together
from app.reports.portfolio import ROLES

SUMS = {**{part: (part,) for part in figures.COLLECTED}, "collected": figures.COLLECTED}


@report(
    "repayments",
    _("Repayments received"),
    help=_(
        "Money received in a period, by day, month, place, branch, officer or customer, split into "
        "principal and interest. A reversal takes its amount off again."
    ),
    roles=ROLES,
    icon="coins",
    position=20,
    dimensions=(CLIENT, DAY, MONTH, *PLACES, BRANCH, OFFICER, KIND, CUSTOMER),
    measures=(
        Measure("collected_principal", _("Principal"), rows=lists.collected("principal"), chart="bar"),
        Measure("collected_interest", _("Interest"), rows=lists.collected("interest"), chart="bar"),
        Measure("collected", _("Principal and interest")),
    ),
    kind="stacked",
)
def repayments(asked: Period, by: str) -> Select[Any]:
    """What came in during the period as principal and interest; an opening position is no repayment."""
    query = added(together(figures.COLLECTED, *figures.flow(asked, by, figures.COLLECTED)), by, SUMS)
    is_time = by in ("day", "month")
    return query.order_by(query.selected_columns["key"]) if is_time else largest_first(query, "collected")
