"""Built reports of more groups than are put together: each total that is told is of all rows all the same."""

from decimal import Decimal
from typing import Any

from flask import g

from app.core import registry
from app.core.db import scoped_as
from app.core.web.builder import axes, picture
from app.core.web.builder.page import footer
from tests.web.people import add, rows
from tests.web.shop import Shop
from tests.web.test_built_reports import Ask, ask, varied

__all__ = ["ask", "varied"]


def test_totals_of_lines_and_columns_are_of_all_where_there_are_too_many_groups(ask: Ask) -> None:
    told = "_m=count&_m=principal_outstanding__sum&currency=CNY"
    loans = rows("loan", currency="CNY")
    made, shown = ask(f"_row=status&_col=customer&{told}", most=5)
    for line in [*shown.lines, shown.total]:
        mine = [one for one in loans if line.is_total or str(one.status.label) == line.names[0]]
        assert [one.value for one in line.entries[-2:]] == [
            len(mine),
            sum(one.principal_outstanding for one in mine),
        ]
    assert (len(shown.lines), made.hidden_columns, made.is_whole) == (2, 0, False)
    assert all("totals are of all" not in said for said in footer(made, shown))
    made, shown = ask(f"_row=customer&_col=status&{told}", most=5)
    for at, head in enumerate(shown.figures):
        mine = [one for one in loans if head.above in ("Total", str(one.status.label))]
        wanted = [len(mine), sum(one.principal_outstanding for one in mine)]
        assert shown.total.entries[at].value == wanted[at % 2], head.whole
    assert len(shown.lines) == 5


def test_the_total_of_columns_alone_is_of_all_where_there_are_too_many(ask: Ask) -> None:
    made, shown = ask("_col=customer&_m=principal_outstanding__sum&currency=CNY", most=5)
    best = sorted((one.principal_outstanding for one in rows("loan", currency="CNY")), reverse=True)
    *each, total = [one.value for one in shown.total.entries]
    assert (sorted(each, reverse=True), total) == (best[:5], sum(best))
    assert made.hidden_columns == 0, "nobody counted them"
    assert any("the totals are of all" in said for said in footer(made, shown))


def test_places_of_a_map_and_the_order_of_lines_are_of_all_where_there_are_too_many_groups(
    varied: Shop, ask: Ask
) -> None:
    for region in rows("region"):
        add("region_outline", region_id=region.id, rings=[[0, 0, 9, 0, 9, 9, 0, 0]], points=4, file_name="x")
    query = "_row=region&_row2=customer&_chart=map&_m=principal_outstanding__sum&currency=CNY"
    made, shown = ask(query, most=7)
    sums: dict[Any, Decimal] = {}
    for one in rows("loan", currency="CNY"):
        sums[one.region_id] = sums.get(one.region_id, Decimal(0)) + one.principal_outstanding
    wanted = sorted(sums, key=sums.__getitem__, reverse=True)
    with scoped_as(varied.users["admin"]) as session:
        places = picture.map_of(made, session).places
    assert {one.id: one.value for one in places} == {key: sums[key] for key in wanted if key is not None}
    assert len(shown.lines) == 7
    assert shown.total.entries[0].value == sum(sums.values())
    made, shown = ask(f"{query}&_top=1", most=7)
    assert {line.keys[:1] for line in made.lines()} == {(wanted[0],)}


def test_a_file_names_more_groups_of_a_link_than_a_statement_takes_values(varied: Shop, ask: Ask) -> None:
    made, _shown = ask("_row=customer")
    keys = [varied.customers[0], *range(10**6, 10**6 + 70_000)]
    with scoped_as(varied.users["admin"]) as session:
        names = made.asked.rows[0].names(session, keys)
        bucket = axes.by_name(registry.entity("loan"), g.principal)
        steps = [one for one in bucket.values() if one.field.kind == "link" and one.is_in_steps]
        for axis in steps:
            axis.place(session, keys, names)
    assert (len(names), names[keys[0]], names[keys[-1]]) == (70_002, "Customer 00", "(not visible to you)")
    assert steps, "things that stand in an order of number are among them"
