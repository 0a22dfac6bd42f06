"""A Listing as the page that the list template draws."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for
from flask_babel import format_decimal, gettext
from sqlalchemy.orm import Session

from app.core import labels, periods, registry
from app.core.web import charts, conditions, links, selecting
from app.core.web.bulk_form import TICKED, fields_of
from app.core.web.cells import NUMERIC, brief
from app.core.web.chips import EVERYTHING, PAGING, chips
from app.core.web.fields import FieldInfo, describe, filterable, typed_fields
from app.core.web.forms import view_name
from app.core.web.listing import COUNT_CAP, SIZES, Found, Listing, can_sort
from app.core.web.pages import Action, Col, Filter, ListPage, Row
from app.core.web.principal import Principal


def address(
    changes: dict[str, str | None], *, path: str | None = None, drop: tuple[str, ...] = PAGING
) -> str:
    """This page's address with some parameters changed (None removes) and the page forgotten."""
    pairs = [(k, v) for k, v in request.args.items(multi=True) if k not in changes and k not in drop]
    pairs += [(k, v) for k, v in changes.items() if v is not None]
    return (path or request.path) + ("?" + urlencode(pairs) if pairs else "")


def list_page(listing: Listing, session: Session, may: Callable[[str], bool]) -> ListPage:
    """Everything the template needs. Two queries: the rows and the capped count."""
    entity, found, total = listing.entity, listing.page(session), listing.count(session)
    screen = entity.__screen__
    return ListPage(
        title=labels.entity_label(entity), entity=entity.slug(), icon=screen.icon, columns=_columns(listing),
        rows=[_row(listing, row, may) for row in found.rows], chips=chips(listing, session),
        filters=filters_of(entity, listing.principal),
        q=listing.q, total_text=_total(found, total), **_pages(listing, found, total), page_size=listing.size,
        size_urls=[(n, address({"size": str(n)})) for n in SIZES], actions=[], bulk=_bulk(listing, may),
        export_url=address({}, path=f"/{entity.slug()}/export.xlsx") if may("export") else None,
        add_url=_add_url(listing) if may("add") else None,
        clear_url=f"{request.path}?view={EVERYTHING}" if listing.conditions or listing.q or listing.picked else None,
        empty_hint=gettext("Records appear here as soon as there are any."),
        charts=[(describe(entity, name).label, f"/{entity.slug()}/chart/{name}") for name in charts.offered(entity)] if may("chart") else [],
        columns_url=address({"cols": None}), pick_url=_pick_url(listing), periods=[str(periods.said(one)) for one in periods.PRESETS],
        build_url=f"/user_report/build/{entity.slug()}" if listing.principal.may("can_build", "UserReport") else None,
        **_whole(found, total), cells=_cells(listing) if may("edit") else "",
    )  # fmt: skip


def _pick_url(listing: Listing) -> str | None:
    """Where rows are chosen by a pasted column; None where nothing names them."""
    may = listing.principal.may("can_pick", "Selection")
    return (
        f"/selection/{listing.entity.slug()}"
        if may and any(selecting.keys(listing.entity, listing.principal))
        else None
    )


def _add_url(listing: Listing) -> str:
    """Adding from a tab starts with the parent filled in, or with the record that all of its rows are about."""
    given: dict[str, Any] = {
        c.field.name: c.raw
        for c in listing.conditions
        if (c.field.kind == "link" or c.field.is_fixed) and c.op == "eq" and not c.group
    }
    return url_for(f"{view_name(listing.entity)}.add", **given)


def _columns(listing: Listing) -> list[Col]:
    shown = {field.name for field in listing.columns}
    hidden = [field for field in listing.all_columns if field.name not in shown]
    return [_column(listing, field, shown=True) for field in listing.columns] + [
        _column(listing, field, shown=False) for field in hidden
    ]


def _column(listing: Listing, field: FieldInfo, *, shown: bool) -> Col:
    place, order = next(
        ((n, o) for n, o in enumerate(listing.orders, 1) if o.field.name == field.name), (0, None)
    )
    descending = order is not None and (order.descending != (field.derived is not None))
    sort = "" if order is None or "sort" not in request.args else "desc" if descending else "asc"
    following = (
        f"-{field.name}" if sort == "asc" or (not sort and field.kind in ("money", "days")) else field.name
    )
    kind = col_kind(field)
    return Col(
        key=field.name.replace(".", "-"), label=field.label, kind=kind, align="end" if kind in NUMERIC else "",
        sortable=can_sort(field, listing.principal), sort=sort, sort_url=address({"sort": following}), shown=shown,
        rank=place if sort and listing.is_by_several else 0,
    )  # fmt: skip


def col_kind(field: FieldInfo) -> str:
    """As what a column is drawn; a number that means a record is its name."""
    if field.kind == "number" and field.column is not None and field.column.info.get("of"):
        return "text"
    return "number" if field.kind in ("days", "rate", "id") else field.kind


def _row(listing: Listing, row: Any, may: Callable[[str], bool]) -> Row:
    slug, link = listing.entity.slug(), links.linker(listing.principal)
    cells = [brief(field, row, listing.principal, listing.on, linked=link) for field in listing.columns]
    edit = f"/{slug}/edit/{row.id}" if may("edit") and links.is_changeable(row, listing.principal) else None
    return Row(
        row.id, links.show_url(slug, row.id) if may("show") else None, cells[0].text or str(row), cells, edit
    )


def filters_of(entity: Any, principal: Principal) -> list[Filter]:
    """What the menu of filters offers."""
    return [_filter(field) for field in filterable(entity) if field.is_open_to(principal)]


def _filter(field: FieldInfo) -> Filter:
    kind = {"choice": "choice", "link": "link", "bool": "bool", "date": "date", "datetime": "date"}.get(
        field.kind, "text"
    )
    if field.kind in NUMERIC:
        kind = "number"
    choices = [(str(one.value), one.label) for one in field.choices] if field.kind == "choice" else []
    if field.kind == "bool":
        choices = [("yes", gettext("Yes")), ("no", gettext("No"))]
    offered = conditions.OPS_OF.get(field.kind, ("eq",))
    if not conditions.is_place(field):
        # of anything but a place it says the same as "is"
        offered = tuple(op for op in offered if op != "exact")
    if field.kind == "bool":
        offered = ("eq",)
    if field.words:
        kind, choices, offered = "choice", list(field.words.items()), ("eq", "null")
    ops = [(op, conditions.OPS[op]) for op in offered]
    return Filter(field.name, field.label, kind, ops, choices)


def _total(found: Found, total: int) -> str:
    """The words “26–50 of 2 813”, or without the numbers where the place in the list is not known."""
    whole = format_decimal(min(total, COUNT_CAP))
    of = gettext("more than %(n)s", n=whole) if total > COUNT_CAP else whole
    if not found.rows:
        return gettext("No rows")
    if not found.position:
        return gettext("%(shown)s of %(total)s", shown=len(found.rows), total=of)
    first, last = format_decimal(found.position), format_decimal(found.position + len(found.rows) - 1)
    return gettext("%(first)s–%(last)s of %(total)s", first=first, last=last, total=of)


def _pages(listing: Listing, found: Found, total: int) -> dict[str, Any]:
    """First, previous, next and last, each None where it leads nowhere."""
    if not found.rows:
        return {
            "first_url": address({}) if found.has_before else None,
            "prev_url": None,
            "next_url": None,
            "last_url": None,
        }
    at = found.position
    following = str(at + len(found.rows)) if at else None
    previous = str(max(at - listing.size, 1)) if at else None
    end = str(total - listing.size + 1) if listing.size < total <= COUNT_CAP else None
    return {
        "first_url": address({}) if found.has_before else None,
        "prev_url": address({"before": listing.cursor(found.rows[0]), "at": previous})
        if found.has_before
        else None,
        "next_url": address({"after": listing.cursor(found.rows[-1]), "at": following})
        if found.has_more
        else None,
        "last_url": address({"last": "1", "at": end}) if found.has_more else None,
    }


def _cells(listing: Listing) -> str:
    form = {field.name for field in typed_fields(listing.entity) if field.kind != "file"}
    named = [f.name if f.name in form and f.is_open_to(listing.principal) else "-" for f in listing.columns]
    return "|".join(named) if any(name != "-" for name in named) else ""


def _whole(found: Found, total: int) -> dict[str, Any]:
    """How many rows can be picked at once besides those of the page, and the offer; nothing where there are no others."""
    if len(found.rows) >= total:
        return {}
    n = format_decimal(min(total, COUNT_CAP))
    if total > COUNT_CAP:
        return {
            "whole": gettext("more than %(n)s", n=n),
            "whole_label": gettext("Select all rows of this list"),
        }
    return {"whole": n, "whole_label": gettext("Select all %(n)s rows of this list", n=n)}


def _bulk(listing: Listing, may: Callable[[str], bool]) -> list[Action]:
    """What the principal may do with several rows: change them, put somebody down on them, or run an operation."""
    slug = listing.entity.slug()
    fields = fields_of(listing.entity, listing.principal) if may("edit") else []
    edit = Action("edit", f"{gettext('Edit')}…", f"/{slug}/change", "pencil", method="POST")
    return (
        [edit] * bool(fields)
        + [_assign(slug, field) for field in fields if is_person(field)]
        + [
            Action(op.name, op.label, f"/{slug}/do/{op.name}", op.icon, method="POST")
            for op in registry.operations(listing.entity)
            if op.is_bulk and listing.principal.may(op.permission, op.subject)
        ]
    )


def is_person(field: FieldInfo) -> bool:
    """Whether the field says who is in charge of a row."""
    return field.kind == "link" and field.column.info.get("link") == "user"


def _assign(slug: str, field: FieldInfo) -> Action:
    """The change of one field, asked for at once: the name and Enter are all that is left to type."""
    label = gettext("Assign: %(field)s…", field=field.label)
    return Action(
        f"assign_{field.name}", label, f"/{slug}/change?{TICKED}={field.column.key}", "user", method="POST"
    )
