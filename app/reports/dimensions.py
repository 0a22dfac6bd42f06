"""What reports of the book are grouped by, and what choosing one of the rows limits them to."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.report import Dimension
from app.models.lending import ProductKind
from app.reports.asked import end_of_month, first_of_month


def _by(name: str) -> Callable[[Any, Any], dict[str, Any]]:
    """The key of the row is the value of that parameter."""

    def narrow(key: Any, _asked: Any) -> dict[str, Any]:
        return {name: key}

    return narrow


def _day(key: date, _asked: Any) -> dict[str, Any]:
    return {"since": key, "until": key}


def _month(key: date, asked: Any) -> dict[str, Any]:
    """The month as far as it lies in the period."""
    first, last = first_of_month(key), end_of_month(first_of_month(key))
    return {"since": max(first, asked.since or first), "until": min(last, asked.until or last)}


COUNTY = Dimension("county", _("County"), _by("region_id"), "township", is_place=True)
TOWNSHIP = Dimension("township", _("Township"), _by("region_id"), "village", is_place=True)
VILLAGE = Dimension("village", _("Village"), _by("region_id"), "customer", is_place=True)
BRANCH = Dimension("branch", _("Branch"), _by("branch_id"), "officer", empty="branch_id")
OFFICER = Dimension("officer", _("Officer"), _by("officer_id"), "customer", empty="officer_id")
CUSTOMER = Dimension("customer", _("Customer"), _by("customer_id"), entity="customer")
CLIENT = Dimension("client", _("Client"), _by("client_id"), "branch")
KIND = Dimension(
    "kind", _("Kind of product"), _by("product_kind"), "branch", kind="choice", choices=ProductKind
)
DAY = Dimension("day", _("Day"), _day, kind="date")
MONTH = Dimension("month", _("Month"), _month, kind="month")

PLACES = (COUNTY, TOWNSHIP, VILLAGE)
STANDARD = (*PLACES, CUSTOMER, BRANCH, OFFICER, KIND, CLIENT)
LEVELS = {one.name for one in PLACES}
"""Dimensions that are levels of the tree of places, by the level's name."""
