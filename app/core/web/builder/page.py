"""The page of a builder: its form, the filters of the list, and the table, picture and sentences that follow."""

from typing import Any
from urllib.parse import parse_qsl

from flask import request
from flask_babel import format_decimal, gettext
from werkzeug.datastructures import MultiDict

from app.core import clock, labels, periods
from app.core.db import web_session
from app.core.web import links
from app.core.web.builder import picture, table
from app.core.web.builder.asked import Asked, canonical
from app.core.web.builder.cube import Cube, cube
from app.core.web.builder.form import builder, title_of
from app.core.web.builder.statement import MOST_GROUPS
from app.core.web.builder.table import MOST_LINES, Table
from app.core.web.cells import plain
from app.core.web.chips import chips, in_words
from app.core.web.list_page import address, filters_of
from app.core.web.principal import Principal


def frame(entity: Any, args: MultiDict[str, str], principal: Principal, report: Any = None) -> dict[str, Any]:
    """The page without figures."""
    return {
        "title": title_of(entity) if report is None else _called(report, args), "subtitle": None, "entity": entity.slug(),
        "crumbs": [(gettext("Reports"), "/report/")], "actions": [], "report": report,
        "is_open": report is None or request.args.get("_preview") is not None, "form": builder(entity, args, principal),
        "filters": filters_of(entity, principal),
        "periods": [str(periods.said(one)) for one in periods.PRESETS], "pick_url": None, "query": canonical(args),
        "export_url": None, "has_picture": True,
    }  # fmt: skip


def _called(report: Any, args: MultiDict[str, str]) -> str:
    """The name of a kept report, and whether what is shown is no longer that."""
    is_same = sorted(parse_qsl(canonical(args))) == sorted(parse_qsl(report.query))
    return str(report.name) if is_same else gettext("%(name)s (changed)", name=report.name)


def result(asked: Asked, title: str) -> dict[str, Any]:
    """The table, the picture, and what has to be known of them."""
    session = web_session()
    made = cube(asked, session)
    shown = table.made(made)
    may_export = asked.principal.may("can_export", labels.subject(asked.entity))
    chart = picture.data(shown, title) if asked.chart in picture.DRAWN and asked.rows else None
    return {
        "table": shown, "chart": chart, "map": picture.map_of(made, session) if asked.chart == "map" else None,
        "funnel": picture.funnel(shown) if asked.chart == "funnel" else [],
        "chips": chips(asked.listing, session), "clear_url": _cleared(asked), "q": asked.listing.q,
        "without_q": address({"q": None}), "footer": footer(made, shown),
        "sql": made.groups.sql if asked.principal.may("can_see_sql", "UserReport") else "", "values": made.groups.values,
        "export_url": address({}, path=f"/user_report/build/{asked.entity.slug()}/export.xlsx") if may_export else None,
        "sorted": lambda by: address({"_sort": by}), "list_url": links.list_url(asked.entity.slug()),
    }  # fmt: skip


def _cleared(asked: Asked) -> str | None:
    """The address without any filter."""
    if not asked.listing.conditions and not asked.listing.q:
        return None
    own = [key for key in request.args if not key.startswith("_")]
    return address(dict.fromkeys(own))


def footer(made: Cube, shown: Table) -> list[str]:
    """What the figures are: of which rows, how many lines, which are left out, for whom made."""
    asked, count = made.asked, format_decimal(shown.count)
    said = [period_words(asked), in_words(asked.listing, web_session())]
    if made.groups.is_capped:
        said.append(capped(made, MOST_GROUPS))
    if asked.top and made.count > asked.top:
        said.append(
            gettext(
                "The first %(top)s of %(n)s lines; the totals are of all",
                top=asked.top,
                n=format_decimal(made.count),
            )
        )
    elif shown.count > len(shown.lines):
        said.append(gettext("The first %(shown)s of %(n)s rows are shown; totals and the Excel file have all of them",
                            shown=MOST_LINES, n=count))  # fmt: skip
    if left_out := picture.left_out(shown):
        said.append(left_out)
    if made.hidden_columns:
        said.append(
            gettext(
                "%(n)s further groups do not stand beside the others; the total has them",
                n=made.hidden_columns,
            )
        )
    if len(made.currencies) > 1:
        said.append(gettext("Amounts of different currencies are never added up"))
    who = gettext(
        "Made by %(name)s, %(at)s", name=asked.principal.full_name, at=plain("datetime", clock.now())
    )
    return [*(one for one in said if one), who]


def capped(made: Cube, most: int) -> str:
    """That a report has more groups than are put together, and what its totals are of."""
    if made.is_whole:
        return gettext(
            "There are more than %(most)s groups: the largest are shown, the totals are of all",
            most=format_decimal(most),
        )
    return gettext(
        "There are more than %(most)s groups: the largest are shown; a total that is not known is left out",
        most=format_decimal(most),
    )


def period_words(asked: Asked) -> str:
    """The days that are counted, and those they are compared with."""
    if asked.compared is None:
        return ""
    said = f"{asked.compared.field.label}: {_days(asked.compared.span)}"
    if not asked.is_compared:
        return said
    return gettext(
        "%(period)s, compared with %(earlier)s", period=said, earlier=_days(asked.compared.earlier)
    )


def _days(span: Any) -> str:
    first, last = (plain("date", day) for day in span)
    return first if first == last else f"{first} – {last}"


def in_short(asked: Asked) -> str:
    """What a report tells, in one line."""
    figures = ", ".join(one.label for one in asked.measures)
    groups = " · ".join(axis.label for axis in asked.axes)
    return f"{figures} — {groups}" if groups else figures
