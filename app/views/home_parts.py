"""Figures and tables of the home pages. Every figure is counted in the user's scope and leads to its rows."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask_babel import format_decimal, gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.core import registry
from app.core.labels import entity_label, subject
from app.core.web import links
from app.core.web.cells import brief, money
from app.core.web.fields import describe_all
from app.core.web.list_page import col_kind
from app.core.web.listing import Listing
from app.core.web.pages import Col, Row, Table, Tile
from app.core.web.principal import Principal
from app.models import Loan

OPEN = "current,grace,overdue"
"""Statuses of the loans that a home page counts: neither settled nor written off."""


class Home:
    """One request for the home page: session, who asks, and the business date."""

    def __init__(self, session: Session, principal: Principal, on: date) -> None:
        self.session, self.principal, self.on = session, principal, on

    def count(
        self, slug: str, label: Any, colour: str | None = None, sub: Any = None, **filters: Any
    ) -> Tile | None:
        """How many rows a list with these filters has, as a tile that opens it."""
        entity = registry.entity(slug)
        if not self.principal.may("can_list", subject(entity)):
            return None
        listing = Listing(entity, MultiDict({k: str(v) for k, v in filters.items()}), self.principal, self.on)
        n = (
            self.session.scalar(
                select(func.count()).select_from(select(entity.id).where(*listing.where()).subquery())
            )
            or 0
        )
        return Tile(label, format_decimal(n), colour if n else None, links.list_url(slug, **filters), sub)

    def table(
        self, slug: str, title: Any, columns: str, sort: str, most: int = 8, *, opens: str = "",
        is_wide: bool = False, **filters: Any,
    ) -> Table | None:  # fmt: skip
        """The first rows of a list with these filters; amounts of several currencies stand beside their currency.

        A row opens its record, or the one that its link `opens` names.
        """
        entity = registry.entity(slug)
        if not self.principal.may("can_list", subject(entity)):
            return None
        has_currency = any(one.kind == "money" for one in describe_all(entity, columns.split())) and hasattr(
            entity, "currency"
        )
        asked = [*columns.split(), *(["currency"] if has_currency else [])]
        args = {**{k: str(v) for k, v in filters.items()}, "sort": sort, "cols": ".".join(asked)}
        listing = Listing(entity, MultiDict(args), self.principal, self.on)
        rows = self.session.scalars(listing.rows_query().limit(most)).unique().all()
        if has_currency and len({row.currency for row in rows}) < 2:
            listing.columns = [field for field in listing.columns if field.name != "currency"]
        link = links.linker(self.principal)
        lines = [
            Row(
                r.id,
                links.show_url(opens, getattr(r, f"{opens}_id")) if opens else links.show_url(slug, r.id),
                str(r),
                [brief(f, r, self.principal, self.on, linked=link) for f in listing.columns],
            )
            for r in rows
        ]
        heads = [
            Col(f.name, f.label, col_kind(f), "end" if col_kind(f) in ("money", "number") else "")
            for f in listing.columns
        ]
        return Table(
            title or entity_label(entity),
            heads,
            lines,
            None,
            gettext("Nothing here."),
            links.list_url(slug, **args),
            is_wide=is_wide,
        )

    def books(self) -> list[tuple[str, Any, Any, Any]]:
        """(currency, outstanding, overdue more than 30 days, loans) of all visible loans, the largest first."""
        limit = self.on - timedelta(days=30)
        late = func.coalesce(func.sum(Loan.principal_outstanding).filter(Loan.overdue_since < limit), 0)
        query = (
            select(Loan.currency, func.sum(Loan.principal_outstanding), late, func.count(Loan.id))
            .where(Loan.status.in_(OPEN.split(","))).group_by(Loan.currency)
        )  # fmt: skip
        found = [(row[0], row[1], row[2], row[3]) for row in self.session.execute(query)]
        return sorted(found, key=lambda row: -row[3])

    def book_tiles(self) -> list[Tile]:
        """Open loans, balance and share at risk, for each currency of its own."""
        tiles, books = [], self.books()
        for currency, outstanding, late, loans in books:
            share = 100 * late / outstanding if outstanding else 0
            book = {"currency": currency, "status__in": OPEN}
            # a number of loans has no currency; of several books an amount tells which one is counted
            of = f"{money(outstanding)} {currency}" if len(books) > 1 else None
            tiles += [
                Tile(gettext("Open loans"), format_decimal(loans), None, links.list_url("loan", **book), of),
                Tile(gettext("Balance"), money(outstanding), None,
                     links.list_url("loan", **book, sort="-principal_outstanding"), currency),
                Tile("PAR30", f"{format_decimal(round(share, 2))} %", "red" if share > 5 else None,
                     links.list_url("loan", **book, days_past_due__gt=30, sort="-principal_outstanding"), f"{money(late)} {currency}"),
            ]  # fmt: skip
        return tiles


def present(*items: Any) -> list[Any]:
    """Without what the role may not see."""
    return [item for item in items if item is not None]


HomePage = Callable[[Home], dict[str, Any]]
