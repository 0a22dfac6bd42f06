"""Reports that users build: figures of their own scope, each of which opens exactly its rows."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode

import psycopg
import pytest
from flask import g
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from app.core import registry
from app.core.db import scoped_as, unscoped
from app.core.errors import RuleError
from app.core.web import principal
from app.core.web.builder import axes, statement, table
from app.core.web.builder.asked import read
from app.core.web.builder.cube import Cube, cube
from app.core.web.links import shown_entities
from app.core.web.listing import Listing
from tests.web.people import add, rows
from tests.web.shop import DAY, Shop

Ask = Callable[..., tuple[Cube, table.Table]]


@pytest.fixture(scope="module")
def varied(shop: Shop) -> Shop:
    """Loans at places of every level and at none, in two currencies, of several days and with a field of their own."""
    places, above = {}, None
    for name, level in (("Gansu", "province"), ("Dingxi", "county"), ("Ma", "township"), ("Wang", "village")):
        above = places[name] = add("region", name=name, level=level, parent_id=above)
    field = add("custom_field", entity="loan", code="herd", kind="choice", label_en="Herd")
    add("custom_choice", field_id=field, code="big", label_en="Big", colour="green", position=1)
    add("custom_field", entity="loan", code="seen", kind="date", label_en="Seen")
    at = [*places.values(), None]
    with unscoped("loans of many sorts") as session:
        for n, loan in enumerate(session.query(registry.entity("loan")).order_by("id")):
            loan.region_id, loan.currency = at[n % 5], "UAH" if n % 7 == 0 else "CNY"
            loan.disbursed_on = date(2017, 5, 28) + timedelta(days=10 * n)
            loan.branch_id = shop.branches["head"] if n % 4 == 0 else loan.branch_id
            loan.officer_id = None if n % 9 == 0 else loan.officer_id
            loan.custom = {"herd": "big", "seen": "2018-02-03"} if n % 3 == 0 else None
        for n, one in enumerate(session.query(registry.entity("customer")).order_by("id")):
            one.manager_id = one.manager_id if n % 6 else None
    return shop


@pytest.fixture
def ask(varied: Shop) -> Iterator[Ask]:
    """The cube and the table of an address as a person sees them."""
    with varied.app.test_request_context("/home/"):

        def asked(
            query: str, name: str = "admin", slug: str = "loan", **more: Any
        ) -> tuple[Cube, table.Table]:
            as_seen_by(varied, name)
            with scoped_as(varied.users[name]) as session:
                given = read(registry.entity(slug), MultiDict(parse_qsl(query)), g.principal, DAY)
                made = cube(given, session, **more)
                return made, table.made(made)

        yield asked


def as_seen_by(shop: Shop, name: str) -> None:
    found = principal.of_user(shop.users[name])
    assert found is not None
    g.principal = found[1]
    g.pop("custom", None)


def numbers(shown: table.Table) -> dict[str, list[Any]]:
    return {" ".join(line.names).strip(): [one.value for one in line.entries] for line in shown.lines}


def listed(shop: Shop, name: str, url: str) -> int:
    """How many rows the list has that a number opens."""
    path, _mark, query = url.partition("?")
    entity = registry.entity(path.split("/")[1])
    args = MultiDict(pair for pair in parse_qsl(query) if pair != ("view", "0"))
    with scoped_as(shop.users[name]) as session:
        where = Listing(entity, args, g.principal, DAY).where(session)
        return (
            session.scalar(select(func.count()).select_from(select(entity.id).where(*where).subquery())) or 0
        )


def agree(shop: Shop, name: str, shown: table.Table, *, every: bool = True) -> int:
    """Open each number of a report that counts rows, or those of its first and last line; how many were opened."""
    lines = [*shown.lines, *([shown.total] if shown.total else [])]
    opened = 0
    for line in lines if every else [*lines[:1], *lines[-2:]]:
        for head, entry in zip(shown.figures, line.entries, strict=True):
            if entry.url and head.figure is not None and head.figure.measure.name == "count":
                assert listed(shop, name, entry.url) == entry.value, (head.whole, line.names, entry.url)
                opened += 1
    return opened


def test_groups_sums_and_totals_are_those_of_the_rows(ask: Ask) -> None:
    _made, shown = ask(
        "_row=status&_m=count&_m=principal__sum&_m=annual_rate__avg&_m=principal__max&currency=CNY"
    )
    loans = rows("loan", currency="CNY")

    def wanted(mine: list[Any]) -> list[Any]:
        amounts = [loan.principal for loan in mine]
        return [len(mine), sum(amounts), sum(loan.annual_rate for loan in mine) / len(mine), max(amounts)]

    for label in ("Current", "Overdue"):
        assert numbers(shown)[label] == wanted([one for one in loans if str(one.status.label) == label])
    assert shown.total is not None
    assert [one.value for one in shown.total.entries] == wanted(loans)


@pytest.mark.parametrize("slug", ["loan", "customer"])
def test_every_number_of_every_grouping_opens_exactly_its_rows(varied: Shop, ask: Ask, slug: str) -> None:
    opened = 0
    for start, name in enumerate(("admin", "olga")):
        as_seen_by(varied, name)
        for at, axis in list(enumerate(axes.by_name(registry.entity(slug), g.principal).values()))[
            start :: 2 if slug == "loan" else 6
        ]:
            given = {"_row": axis.name, "_row_by": list(axes.GRAINS)[at % 5], "q": "1"}
            _made, shown = ask(urlencode(given), name, slug)
            assert sum(line.entries[0].value for line in shown.lines) == shown.total.entries[0].value
            opened += agree(varied, name, shown, every=False)
    assert opened > 15


def test_every_entity_can_be_reported_without_a_line_of_its_own(varied: Shop, ask: Ask) -> None:
    for cls in shown_entities():
        as_seen_by(varied, "admin")
        for axis in [None, *axes.own(cls, g.principal)][:2]:
            _made, shown = ask(
                urlencode({"_row": axis.name if axis else "", "_m": "count"}), "admin", cls.slug()
            )
            agree(varied, "admin", shown, every=False)


def test_what_stands_beside_each_other_adds_up_to_its_totals(varied: Shop, ask: Ask) -> None:
    made, shown = ask(
        "_row=branch&_row2=status&_col=disbursed_on&_col_by=quarter&_m=count&_m=principal__sum&currency=CNY"
    )
    totals = [line for line in shown.lines if line.is_total]
    assert {line.names[0] for line in totals} == {"Head office", "North"}
    places = [n for n, head in enumerate(shown.figures) if head.above not in ("", "Total")]
    assert len(places) == 2 * len(made.keys_across) > 8
    for line in [*shown.lines, shown.total]:
        counts = [line.entries[n].value or 0 for n in places[::2]]
        assert sum(counts) == line.entries[-2].value
        assert sum(line.entries[n].value or 0 for n in places[1::2]) == line.entries[-1].value
    parts = [line.entries[-1].value for line in shown.lines if not line.is_total]
    assert sum(parts) == sum(line.entries[-1].value for line in totals) == shown.total.entries[-1].value
    assert agree(varied, "admin", shown) > 30


def test_amounts_of_two_currencies_stand_beside_each_other_and_are_never_added(
    varied: Shop, ask: Ask
) -> None:
    made, shown = ask("_row=status&_m=principal__sum&_m=count")
    assert [head.label for head in shown.figures] == ["Principal: sum, CNY", "Principal: sum, UAH", "Number"]
    loans = rows("loan")
    for n, code in enumerate(("CNY", "UAH")):
        assert shown.total.entries[n].value == sum(one.principal for one in loans if one.currency == code)
        url = shown.lines[0].entries[n].url
        assert f"currency={code}" in url
    assert shown.total.entries[2].value == len(loans)
    assert made.asked.currency is not None
    _made, through = ask("_row=due_on&_m=principal__sum", slug="instalment")
    assert through.cube.asked.currency.name == "loan.currency"


@pytest.mark.parametrize(
    ("versus", "period", "grain"),
    [
        ("previous", "this-year", "month"), ("previous", "this-year", "day"), ("previous", "last-90-days", "quarter"),
        ("previous", "last-quarter", "week"), ("year", "this-year", "quarter"), ("year", "last-quarter", "week"),
        ("year", "last-90-days", "month"), ("year", "last-month", "year"),
    ],
)  # fmt: skip
def test_an_earlier_period_stands_beside_the_one_that_it_is_compared_with(
    varied: Shop, ask: Ask, versus: str, period: str, grain: str
) -> None:
    compared = f"_on=disbursed_on&_period={period}&_versus={versus}"
    made, shown = ask(f"{compared}&_row=disbursed_on&_row_by={grain}&_m=count&_sort=name")
    first, last = made.asked.compared.earlier
    before = [one for one in rows("loan") if first <= one.disbursed_on <= last]
    now, earlier, difference, change = (
        [one.value for one in shown.total.entries] if shown.total else (0, 0, 0, None)
    )
    assert (earlier, difference) == (len(before), now - earlier)
    assert change == (100 * Decimal(now - earlier) / earlier if earlier else None)
    agree(varied, "admin", shown)
    names = [made.places[0][key] for key in made.names[0]]
    start, end = made.asked.compared.span
    spans = [made.asked.rows[0].span(place[1]) for place in names]
    assert all(one <= end and start <= other for one, other in spans), (
        "an earlier day stands where it is compared"
    )


def test_only_the_first_lines_are_shown_when_asked_for_and_the_totals_are_of_all(ask: Ask) -> None:
    _made, shown = ask("_row=customer&_m=principal_outstanding__sum&_top=3&currency=CNY")
    best = sorted((one.principal_outstanding for one in rows("loan", currency="CNY")), reverse=True)
    assert [line.entries[0].value for line in shown.lines] == best[:3]
    assert shown.total.entries[0].value == sum(best)
    _made, fewest = ask(
        "_row=customer&_m=principal_outstanding__sum&_top=3&currency=CNY&_sort=principal_outstanding__sum"
    )
    assert [line.entries[0].value for line in fewest.lines] == best[::-1][:3]


def test_where_there_are_too_many_groups_the_largest_are_shown_and_the_totals_are_of_all(ask: Ask) -> None:
    made, shown = ask("_row=customer&_m=principal_outstanding__sum&currency=CNY", most=5)
    best = sorted((one.principal_outstanding for one in rows("loan", currency="CNY")), reverse=True)
    assert made.groups.is_capped
    assert [line.entries[0].value for line in shown.lines] == best[:5]
    assert shown.total.entries[0].value == sum(best)


def test_figures_are_those_of_the_readers_scope(varied: Shop, ask: Ask) -> None:
    _made, shown = ask("_row=status&_m=count", "olga")
    assert shown.total.entries[0].value == len(rows("loan", officer_id=varied.users["olga"]))
    _made, none = ask("_row=status&_m=count", "nobody")
    assert none.lines == []


@pytest.mark.parametrize(
    ("name", "slug", "query", "said"),
    [
        ("partner", "customer", "_row=identity_number", "grouped by identity_number"),
        ("partner", "loan", "_row=officer.role", "grouped by officer.role"),
        ("partner", "loan", "_row=product.kind", "grouped by product.kind"),
        ("admin", "loan", "_row=number", "grouped by number"),
        ("admin", "user", "_row=password", "grouped by password"),
        ("admin", "loan", "_row=status&_row2=status", "choose another"),
        ("admin", "loan", "_m=annual_rate__sum", "no figure annual_rate__sum"),
        ("admin", "loan", "_m=number__max", "no figure number__max"),
        ("admin", "loan", "_row=status&_row_by=hour", "no hour to choose"),
        ("admin", "loan", "_on=disbursed_on&_period=sometime", "sometime is no period"),
        ("admin", "loan", "_on=status&_period=this-year", "no day status"),
        ("admin", "loan", "_on=disbursed_on&_period=older-than-3-days&_versus=previous", "no period before"),
        ("admin", "loan", "_col=status&_on=disbursed_on&_period=this-year&_versus=year", "groups or periods"),
        ("admin", "loan", "_top=1e9", "number from 1 to 500"),
        ("admin", "loan", "_top=0000000019999", "number from 1 to 500"),
        ("admin", "loan", f"_top=000000001{'0' * 5000}", "number from 1 to 500"),
        ("admin", "loan", "_chart=cake", "no cake to choose"),
        ("admin", "loan", "_m=count&status=lost", "no lost to choose"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_a_sentence(
    ask: Ask, name: str, slug: str, query: str, said: str
) -> None:
    with pytest.raises(RuleError, match=said):
        ask(query, name, slug)


def test_a_report_that_takes_too_long_is_ended(
    ask: Ask, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement, "SECONDS", 0.2)
    with psycopg.connect(database.superuser_url) as busy, pytest.raises(RuleError, match="took longer"):
        busy.execute("LOCK TABLE loan IN ACCESS EXCLUSIVE MODE")
        ask("_row=customer.manager&_row2=region__county&_col=officer.role")
