"""What a report is asked, read from its address. What is no parameter of the builder is a filter of the list.

`?_row=status&_col=branch&_m=count&_m=principal__sum&principal__gt=30000`: the builder's own names begin with "_", as
no column's does, so that a list's address can be taken over as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask_babel import gettext, lazy_gettext as _
from werkzeug.datastructures import MultiDict

from app.core.errors import RuleError
from app.core.periods import period
from app.core.web.builder import axes, measures
from app.core.web.builder.axes import Axis
from app.core.web.builder.measures import COUNT, Measure
from app.core.web.builder.periods import VERSUS, Compared
from app.core.web.fields import FieldInfo
from app.core.web.listing import Listing
from app.core.web.principal import Principal

OWN = ("_row", "_row2", "_col", "_row_by", "_row2_by", "_col_by", "_m", "_on", "_period", "_versus", "_chart", "_sort", "_top", "_totals")  # fmt: skip
PASSING = (
    "_report",
    "_preview",
    "_",
    "partial",
    "after",
    "before",
    "last",
    "at",
    "size",
    "view",
    "next",
    "cols",
    "sort",
)
"""What stands in an address beside what is asked."""
MOST_MEASURES = 6
MOST_TOP = 500
CHARTS: dict[str, Any] = {
    "": _("Table alone"), "bar": _("Bars"), "line": _("Lines"), "pie": _("Pie"), "funnel": _("Funnel"), "heat": _("Heat map"), "map": _("Map"),
}  # fmt: skip
TOTALS: dict[str, Any] = {
    "": _("Totals of groups, too"),
    "end": _("Totals at the end"),
    "none": _("No totals"),
}


@dataclass(frozen=True)
class Asked:
    """One report: the rows of a list, what they are grouped by, and which figures are told of each group."""

    listing: Listing
    rows: tuple[Axis, ...]
    column: Axis | None
    measures: tuple[Measure, ...]
    currency: FieldInfo | None
    """By which amounts are told apart; None where no amount is asked for."""
    compared: Compared | None
    chart: str
    sort: str
    """Name of the measure that the lines are ordered by, "name" for the groups themselves, "" for what is usual."""
    is_descending: bool
    top: int | None
    totals: str

    @property
    def entity(self) -> Any:
        return self.listing.entity

    @property
    def principal(self) -> Principal:
        return self.listing.principal

    @property
    def on(self) -> date:
        return self.listing.on

    @property
    def axes(self) -> tuple[Axis, ...]:
        """All axes in the order in which groups are keyed."""
        return (*self.rows, *([self.column] if self.column else []))

    @property
    def is_compared(self) -> bool:
        """Whether each figure stands beside that of an earlier period."""
        return self.compared is not None and bool(self.compared.versus)

    @property
    def ordered_by(self) -> tuple[str, bool]:
        """The measure (or "name") that orders the lines, and whether from the largest down."""
        if self.sort:
            return self.sort, self.is_descending
        return ("name", False) if self.rows and self.rows[0].is_in_steps else (self.measures[0].name, True)


def filters_of(args: MultiDict[str, str]) -> list[tuple[str, str]]:
    """The parameters that are filters of the list."""
    return [
        (key, raw)
        for key, raw in args.items(multi=True)
        if not key.startswith("_") and key not in PASSING and raw
    ]


def own_of(args: MultiDict[str, str]) -> list[tuple[str, str]]:
    """The parameters that are the builder's."""
    return [(key, raw) for key, raw in args.items(multi=True) if key in OWN and raw]


def canonical(args: MultiDict[str, str]) -> str:
    """What is asked, as it is kept: without what only leads to a part of the page."""
    return urlencode([*own_of(args), *filters_of(args)])


def read(entity: Any, args: MultiDict[str, str], principal: Principal, on: date) -> Asked:
    """What an address asks. Raises RuleError for what is not offered to the reader."""
    listing = Listing(entity, MultiDict(filters_of(args)), principal, on)
    known = axes.by_name(entity, principal)
    found = {part: _axis(args, part, known) for part in ("_row", "_row2", "_col")}
    rows = [one for one in (found["_row"], found["_row2"]) if one is not None]
    if len({(one.name, one.grain) for one in found.values() if one}) < sum(
        one is not None for one in found.values()
    ):
        raise RuleError(gettext("Each group stands in a report once: choose another one"))
    chosen = _measures(args, measures.offered(entity, principal))
    compared = _compared(entity, args, principal, on)
    if compared and compared.versus and found["_col"]:
        raise RuleError(gettext("Beside each other stand either groups or periods: take one of them away"))
    sort = args.get("_sort", "")
    is_known = sort.lstrip("-") in ("name", *(one.name for one in chosen))
    return Asked(
        listing, tuple(rows), found["_col"], chosen,
        measures.currency(entity, principal) if any(one.is_money for one in chosen) else None, compared,
        _one_of(args, "_chart", CHARTS), sort.lstrip("-") if is_known else "", sort.startswith("-"),
        _top(args.get("_top", "")), _one_of(args, "_totals", TOTALS),
    )  # fmt: skip


def _axis(args: MultiDict[str, str], part: str, known: Mapping[str, Axis]) -> Axis | None:
    name = args.get(part, "")
    if not name:
        return None
    if name not in known:
        raise RuleError(gettext("Nothing can be grouped by %(name)s here", name=name))
    grain = args.get(f"{part}_by", "")
    if grain and grain not in axes.GRAINS:
        raise RuleError(gettext("There is no %(value)s to choose", value=grain))
    return axes.with_grain(known[name], grain)


def _measures(args: MultiDict[str, str], known: Mapping[str, Measure]) -> tuple[Measure, ...]:
    names = list(dict.fromkeys(name for name in args.getlist("_m") if name)) or [COUNT]
    if unknown := [name for name in names if name not in known]:
        raise RuleError(gettext("There is no figure %(name)s here", name=unknown[0]))
    if len(names) > MOST_MEASURES:
        raise RuleError(gettext("A report has at most %(most)s figures", most=MOST_MEASURES))
    return tuple(known[name] for name in names)


def _compared(entity: Any, args: MultiDict[str, str], principal: Principal, on: date) -> Compared | None:
    """The period in the address; what it lacks of field and days means that there is none."""
    name, raw, versus = (
        args.get("_on", ""),
        args.get("_period", "").strip().lower(),
        _one_of(args, "_versus", VERSUS),
    )
    if not name or not raw:
        return None
    days = {one.name: one.field for one in axes.own(entity, principal) if one.is_of_days}
    if name not in days:
        raise RuleError(gettext("There is no day %(name)s here", name=name))
    span = period(raw, on)
    if span is None:
        raise RuleError(gettext("%(value)s is no period; write one such as last-30-days", value=raw))
    compared = Compared(days[name], span, versus)
    if versus:
        compared.earlier  # noqa: B018  raises where there is none
    return compared


def _one_of(args: MultiDict[str, str], name: str, known: Mapping[str, Any]) -> str:
    value = args.get(name, "")
    if value and value not in known:
        raise RuleError(gettext("There is no %(value)s to choose", value=value))
    return value


def _top(raw: str) -> int | None:
    if not raw:
        return None
    if not raw.isascii() or not raw.isdigit() or len(raw) > 3 or not 1 <= int(raw) <= MOST_TOP:
        raise RuleError(gettext("The first lines are a number from 1 to %(most)s", most=MOST_TOP))
    return int(raw)
