"""The form of the builder: selects that say in the address what is asked, filled from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext, lazy_gettext as _
from werkzeug.datastructures import MultiDict

from app.core import labels, periods
from app.core.db import web_session
from app.core.web.builder import axes, measures
from app.core.web.builder.asked import CHARTS, MOST_MEASURES, TOTALS, filters_of
from app.core.web.builder.periods import VERSUS
from app.core.web.builder.picture import is_of_places
from app.core.web.maps.picture import is_there_any
from app.core.web.principal import Principal

SLOTS = 3
"""Figures that can be chosen at once; one more than are chosen is always offered."""


@dataclass
class Select:
    """A select: its name in the address, its label, options in groups, and what is chosen."""

    name: str
    label: Any
    groups: list[tuple[str, list[tuple[str, Any, bool]]]]
    """Label of the group ("" for none), and (value, words, whether it is of days) of its options."""
    chosen: str = ""
    empty: Any = None
    """Words for no choice; None where there always is one."""
    grain: "Select | None" = None
    """For an axis: the select of how fine its days are told."""


@dataclass
class Builder:
    """The form as the page draws it."""

    sections: list[tuple[Any, list[Select]]]
    hidden: list[tuple[str, str]] = field(default_factory=list)
    """Filters and what else the address says, so that a page without scripts keeps it."""
    top: str = ""


def _plain(
    known: Mapping[str, Any] | Iterable[tuple[str, Any]],
) -> list[tuple[str, list[tuple[str, Any, bool]]]]:
    pairs = known.items() if isinstance(known, Mapping) else known
    return [("", [(value, words, False) for value, words in pairs if value])]


def builder(entity: Any, args: MultiDict[str, str], principal: Principal) -> Builder:
    """The form for an entity with what the address says chosen."""
    offered = axes.offered(entity, principal)
    groups = [
        (label, [(axis.name, axis.option, axis.is_of_days) for axis in found]) for label, found in offered
    ]
    by = [_axis(args, name, label, groups) for name, label in (
        ("_row", _("Group by")), ("_row2", _("Within that by")), ("_col", _("Beside each other")),
    )]  # fmt: skip
    days = (
        [(axis.name, axis.label.rpartition(" (")[0]) for axis in offered[0][1] if axis.is_of_days]
        if offered
        else []
    )
    sections = [(_("Groups"), by), (_("Figures"), _figures(entity, args, principal))]
    if days:
        sections.append((_("Period"), _period(args, days)))
    sections.append((_("Appearance"), [
        Select("_chart", _("Shown as"), _plain(_charts(args, offered)), args.get("_chart", ""), CHARTS[""]),
        Select("_totals", _("Totals"), _plain(TOTALS), args.get("_totals", ""), TOTALS[""]),
    ]))  # fmt: skip
    kept = [(name, args[name]) for name in ("_sort", "_report") if args.get(name)]
    return Builder(sections, [*filters_of(args), *kept], args.get("_top", ""))


def _charts(args: MultiDict[str, str], offered: list[tuple[str, list[axes.Axis]]]) -> dict[str, Any]:
    """The sorts of pictures; a map where something can be grouped by places and some place has an outline."""
    has_places = any(is_of_places(axis) for _label, found in offered for axis in found)
    has_map = args.get("_chart") == "map" or (has_places and is_there_any(web_session()))
    return {name: words for name, words in CHARTS.items() if name != "map" or has_map}


def _axis(args: MultiDict[str, str], name: str, label: Any, groups: Any) -> Select:
    grain = Select(
        f"{name}_by", _("How fine"), _plain(axes.GRAINS), args.get(f"{name}_by") or axes.USUAL_GRAIN
    )
    return Select(name, label, groups, args.get(name, ""), "–", grain)


def _figures(entity: Any, args: MultiDict[str, str], principal: Principal) -> list[Select]:
    groups: dict[str, list[tuple[str, Any, bool]]] = {"": []}
    for name, one in measures.offered(entity, principal).items():
        said = measures.WAYS[one.way] if one.field else one.label
        groups.setdefault(one.field.label if one.field else "", []).append((name, said, False))
    # a closed select shows the words of its option alone, so each says the whole
    offered = [
        (label, [(name, f"{label}: {said}" if label else said, False) for name, said, _days in found])
        for label, found in groups.items()
    ]
    chosen = [name for name in args.getlist("_m") if name] or [measures.COUNT]
    places = min(max(SLOTS, len(chosen) + 1), MOST_MEASURES)
    return [
        Select(
            "_m",
            gettext("Figure %(n)s", n=n + 1),
            offered,
            chosen[n] if n < len(chosen) else "",
            "–" if n else None,
        )
        for n in range(places)
    ]


def _period(args: MultiDict[str, str], days: list[tuple[str, Any]]) -> list[Select]:
    chosen = args.get("_period", "")
    named = dict.fromkeys([*periods.PRESETS, *([chosen] if periods.said(chosen) else [])])
    spans = [(name, periods.said(name)) for name in named if not name.startswith("older")]
    return [
        Select("_on", _("By the day"), _plain(days), args.get("_on", ""), "–"),
        Select("_period", _("In the period"), _plain(spans), chosen, "–"),
        Select("_versus", _("Compared with"), _plain(VERSUS), args.get("_versus", ""), _("nothing")),
    ]


def usual(entity: Any, principal: Principal) -> list[tuple[str, str]]:
    """What a new report begins with: the first thing its lists are charted by, or else that can be grouped by."""
    known = axes.by_name(entity, principal)
    wanted = [*entity.__screen__.charts, *known]
    first = next((name for name in wanted if name in known), "")
    return [("_row", first), ("_m", measures.COUNT)] if first else [("_m", measures.COUNT)]


def title_of(entity: Any) -> str:
    """What a report without a name is called."""
    return gettext("New report: %(what)s", what=labels.entity_label(entity))
