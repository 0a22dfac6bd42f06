"""What holds for typed products and delinquency buckets, and the words of what they store."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import codes, form_rules
from app.core.errors import RuleError
from app.core.money import CENT, RoundingMode
from app.models.lending import Bucket, Product
from app.servicing.account import order_of
from app.servicing.daycount import DayCount
from app.servicing.duedates import Frequency

codes.add(
    "frequency",
    {
        Frequency.MONTHLY.value: _("Monthly"),
        Frequency.QUARTERLY.value: _("Quarterly"),
        Frequency.WEEKLY.value: _("Weekly"),
        Frequency.DAYS.value: _("Daily"),
    },
)
codes.add(
    "day_count",
    {
        DayCount.THIRTY_360.value: _("30/360: every month has 30 days"),
        DayCount.ACT_365.value: _("actual/365: the days there are, of a year of 365"),
        DayCount.ACT_360.value: _("actual/360: the days there are, of a year of 360"),
        DayCount.ACT_ACT.value: _("actual/actual: the days there are, of the year there is"),
    },
)
codes.add(
    "rounding_mode",
    {
        RoundingMode.HALF_UP.value: _("Halves up"),
        RoundingMode.HALF_EVEN.value: _("Halves to the even digit"),
        RoundingMode.HALF_DOWN.value: _("Halves down"),
        RoundingMode.UP.value: _("Away from zero"),
        RoundingMode.DOWN.value: _("Towards zero"),
        RoundingMode.CEILING.value: _("Always up"),
        RoundingMode.FLOOR.value: _("Always down"),
    },
)
codes.add(
    "colour",
    {
        "green": _("Green"), "lime": _("Lime"), "teal": _("Teal"), "cyan": _("Cyan"), "blue": _("Blue"),
        "purple": _("Purple"), "pink": _("Pink"), "yellow": _("Yellow"), "orange": _("Orange"), "red": _("Red"),
        "secondary": _("Grey"), "dark": _("Dark"),
    },
)  # fmt: skip


@form_rules.check(Product)
def terms_can_be_computed(_session: Session, product: Product) -> None:
    """Whatever stands in a product can be used to compute its loans."""
    form_rules.at_least(product, rounding_unit=CENT, rate_digits=1, principal_grace=0, grace_days=0)
    form_rules.at_least(product, penalty_factor=0)
    if not product.allocation_order.strip():
        raise RuleError(_("Needed"), "allocation_order")
    try:
        order_of(product.allocation_order)
    except ValueError as error:
        raise RuleError(_("The order cannot be read: %(why)s", why=error), "allocation_order") from error


@form_rules.check(Product)
def no_two_alike(session: Session, product: Product) -> object:
    """A product of the same name is told of, not refused: two may differ in their terms alone."""
    if not form_rules.changed(product, "name", "client_id"):
        return None
    same = select(Product).where(
        func.lower(Product.name) == product.name.lower(),
        Product.client_id.is_not_distinct_from(product.client_id),
        Product.id.is_distinct_from(product.id),
    )
    other = session.scalars(same.order_by(Product.id).limit(1)).first()
    return other and _("There is a product of this name already: %(name)s (%(code)s)", name=other.name, code=other.code)  # fmt: skip


@form_rules.check(Bucket)
def bucket_begins_on_a_day(_session: Session, bucket: Bucket) -> None:
    form_rules.at_least(bucket, from_days=0)
