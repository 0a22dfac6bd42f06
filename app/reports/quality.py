"""Asset quality: the balance by delinquency bucket, by place, customer, unit and officer."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Select, case, select

from app.core.report import Measure, Reader, report
from app.models import Bucket
from app.reports import figures, lists
from app.reports.asked import Standing
from app.reports.dimensions import STANDARD
from app.reports.grouping import Columns, grouped, largest_first, together
from app.reports.portfolio import ROLES


def _name(bucket_id: int | None) -> str:
    return f"bucket_{bucket_id or 'none'}"


def buckets(reader: Reader) -> Sequence[Measure]:
    """A column for each bucket, one for loans below the first of them if there can be any, and the whole."""
    found = reader.session.execute(
        select(Bucket.id, Bucket.name, Bucket.from_days).order_by(Bucket.from_days)
    ).all()
    columns = [
        Measure(_name(number), name, rows=lists.loans(*lists.BALANCE, bucket=str(number)), chart="bar")
        for number, name, _first in found
    ]
    if not found or found[0].from_days > 0:
        none = lists.loans(*lists.BALANCE, bucket__null="yes")
        columns.insert(0, Measure(_name(None), _("No bucket"), rows=none, chart="bar"))
    return [*columns, Measure("outstanding", _("Balance"), rows=lists.loans(*lists.BALANCE))]


@report(
    "quality",
    _("Asset quality"),
    help=_(
        "The balance by delinquency bucket, a column for each. It shows how much of the book is late and "
        "how late. Bounds of the buckets are set under Delinquency buckets."
    ),
    roles=ROLES,
    dimensions=STANDARD,
    icon="stack-2",
    position=11,
    measures=buckets,
    kind="stacked",
)
def quality(asked: Standing, by: str) -> Select[Any]:
    """The balance of open loans at the end of a day, a column a bucket."""

    def amounts(of: figures.Position) -> Columns:
        found = {_name(None): case((of.bucket_id.is_(None), of.outstanding))}
        for number, _label, _first in asked.buckets:
            found[_name(number)] = case((of.bucket_id == number, of.outstanding))
        return found | {"outstanding": of.outstanding}

    names = (_name(None), *(_name(number) for number, _label, _first in asked.buckets), "outstanding")
    parts = figures.balances(asked, by, amounts)
    return largest_first(grouped(together(names, *parts), by, names), "outstanding")
