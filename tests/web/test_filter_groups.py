"""Filters of days that move, groups of which one filter is enough, orders by several columns, and their words."""

import operator
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from openpyxl import load_workbook
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.core.periods import PRESETS, period
from app.core.web.listing import Listing
from app.models import Loan
from tests.web.people import add, rows
from tests.web.pool import READER, STATES, day, unsaved
from tests.web.shop import DAY, Shop

Meets = Callable[[dict[str, Any]], bool]
COMPARED = {"ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt}
SPREAD = [day(n) for n in (-400, -40, -8, -7, -6, -1, 0, 1, 6, 7, 24, 29, 30, 31, 60, 90, 176, 177, 400)]
"""Days around the edges of the periods that are seen from the shop's day."""


def found(session: Any, pairs: list[tuple[str, str]]) -> set[str]:
    """Numbers of the example's loans that an address shows."""
    asked = Listing(Loan, MultiDict([("currency", "XTS"), *pairs]), READER, DAY)
    return set(session.scalars(select(Loan.number).where(*asked.where())))


def refused(shop: Shop, query: str, slug: str = "loan", who: str = "admin") -> str:
    """Why a list does not answer, the same on the screen and for a program."""
    said = str(shop.caller(who).call("GET", f"{slug}/?{query}").json["message"])
    page = shop.browser(who).get(f"/{slug}/list/?{query}")
    assert page.status_code == 400
    assert said.replace("“", "").split()[0] in page.text
    return said


@pytest.mark.parametrize("name", [*PRESETS, "tomorrow", "last-1-days", "next-90-days", "LAST-QUARTER"])
def test_a_period_finds_the_rows_of_its_days_and_those_before_and_after_it(shop: Shop, name: str) -> None:
    first, last = period(name.lower(), DAY) or (date.max, date.min)
    with unsaved(shop, [{"next_due_on": one} for one in (None, *SPREAD)]) as session:
        held = {
            loan.number: loan.next_due_on
            for loan in session.scalars(select(Loan).where(Loan.currency == "XTS"))
        }
        inside = {number for number, one in held.items() if one and first <= one <= last}
        assert found(session, [("next_due_on", name)]) == inside
        for op, edge in (("ge", first), ("gt", last), ("le", last), ("lt", first)):
            wanted = {number for number, one in held.items() if one and COMPARED[op](one, edge)}
            assert found(session, [(f"next_due_on__{op}", name)]) == wanted, op


def test_instants_are_counted_by_the_computers_day_where_the_installation_is(shop: Shop) -> None:
    now = datetime.now(UTC)
    begins = (now + timedelta(hours=8)).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(
        hours=8
    )
    for text, at in (
        ("first", begins),
        ("eve", begins - timedelta(seconds=1)),
        ("old", begins - timedelta(days=40)),
    ):
        add("contact_note", customer_id=shop.customers[0], at=at, text=text)
    asked = shop.caller("admin")

    def texts(query: str) -> set[str]:
        answer = asked.call("GET", f"contact_note/?{query}")
        return {row["text"] for row in answer.json["result"]}

    assert texts("at__eq=today") == {"first"}
    assert texts("at__eq=yesterday") == {"eve"}
    assert texts("at__eq=last-30-days") == {"first", "eve"}
    assert texts("at__eq=older-than-30-days") == {"old"}
    assert texts("at__lt=last-30-days") == {"old"}
    assert asked.call("GET", "contact_note/?at__eq=9999-12-31").json["result"] == []
    assert asked.call("GET", "user/?created_on=0001-01-01").status_code in (200, 400)


LOAN = st.fixed_dictionaries({
    "status": st.sampled_from(STATES), "principal": st.sampled_from([Decimal(1), Decimal(50), Decimal(900)]),
    "next_due_on": st.none() | st.sampled_from([day(-2), day(0), day(45)]), "is_dunning_stopped": st.booleans(),
})  # fmt: skip
FILTERS: dict[tuple[str, str], Meets] = {
    ("status", "overdue"): lambda row: row["status"] == "overdue",
    ("status__in", "grace,settled"): lambda row: row["status"] in ("grace", "settled"),
    ("status__ne", "current"): lambda row: row["status"] != "current",
    ("principal__gt", "40"): lambda row: row["principal"] > 40,
    ("principal", "1"): lambda row: row["principal"] == 1,
    ("next_due_on", "last-7-days"): lambda row: row["next_due_on"] == day(0),
    ("next_due_on__null", "yes"): lambda row: row["next_due_on"] is None,
    ("is_dunning_stopped", "1"): lambda row: bool(row["is_dunning_stopped"]),
}
GROUPED = st.tuples(st.sampled_from(["", "", "any1.", "any2.", "any13."]), st.sampled_from(list(FILTERS)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(loans=st.lists(LOAN, min_size=1, max_size=12), asked=st.lists(GROUPED, max_size=7))
def test_a_row_meets_every_filter_and_of_each_group_at_least_one(
    shop: Shop, loans: list[dict[str, Any]], asked: list[tuple[str, tuple[str, str]]]
) -> None:
    groups: dict[str, list[Meets]] = {}
    for place, (group, one) in enumerate(asked):
        groups.setdefault(group or str(place), []).append(FILTERS[one])
    wanted = {
        f"T{number:03d}"
        for number, row in enumerate(loans)
        if all(any(meets(row) for meets in members) for members in groups.values())
    }
    with unsaved(shop, loans) as session:
        assert found(session, [(group + name, raw) for group, (name, raw) in asked]) == wanted


def test_a_group_stands_in_one_chip_whose_filters_are_removed_one_by_one(shop: Shop) -> None:
    query = "any1.status=overdue&any1.days_past_due__gt=30&customer.status=active&any1.disbursed_on=last-30-days&after=x"
    page = shop.admin.get(f"/loan/list/?{query.replace('&after=x', '')}").text
    group, plain = re.findall(r'<li class="filter-chip.*?</li>', page)
    assert " ".join(re.sub("<[^>]+>", " ", group).split()) == (
        "Status is Overdue or Days past due more than 30 or Disbursed on last 30 days or…"
    )
    assert 'data-or="any1"' in group
    assert "data-or" not in plain
    [first, second, third] = (
        url.replace("&amp;", "&") for url in re.findall(r'href="/loan/list/\?([^"]+)" data-swap', group)
    )
    assert first == "any1.days_past_due__gt=30&customer.status=active&any1.disbursed_on=last-30-days"
    assert (second.count("any1"), third.count("any1")) == (2, 2)
    assert "is-any" not in shop.admin.get("/loan/list/?any1.status=overdue").text.partition("<table")[0]


def test_workbook_chart_and_program_follow_the_group_and_the_scope(shop: Shop) -> None:
    query = "any1.status=overdue&any1.principal__ge=1035&disbursed_on=this-year&sort=status,-principal"
    wanted = {
        loan.id: loan
        for loan in rows("loan")
        if (loan.status == "overdue" or loan.principal >= 1035) and loan.disbursed_on.year == DAY.year
    }
    everything = query.replace("this-year", "last-year")
    late = sorted(
        (loan for loan in rows("loan") if loan.status == "overdue" or loan.principal >= 1035),
        key=lambda loan: (str(loan.status), -loan.principal),
    )
    assert wanted == {}
    assert shop.caller("admin").call("GET", f"loan/?{query}").json["result"] == []
    with shop.admin.get(f"/loan/export.xlsx?{everything}&cols=number") as answer:
        book = load_workbook(BytesIO(answer.get_data()))
    assert [row[0] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)] == [
        one.number for one in late
    ]
    told = str(
        [cell for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for cell in row]
    )
    assert "Status is Overdue or Principal at least 1035; Disbursed on last year" in told
    bars = shop.admin.get(f"/loan/chart/status?data=1&{everything}").json["series"][0]["data"]
    assert sum(bars) == len(late)
    own = shop.caller("olga").call("GET", f"loan/?{everything}&size=100").json["result"]
    assert {row["id"] for row in own} == {loan.id for loan in late if loan.officer_id == shop.users["olga"]}


@pytest.mark.parametrize(
    "query, sentence",
    [
        ("disbursed_on=last-many-days", "Disbursed on: last-many-days is neither a date (year-month-day) nor a period such as last-30-days"),
        ("any1.status=overdue&any1.principal__gt=lots", "Principal: lots is not a number"),
        ("days_past_due__gt=1.5", "Days past due: 1.5 is not a whole number"),
        ("is_dunning_stopped=perhaps", "perhaps is neither yes nor no"),
        ("customer.status=late", "There is no late to choose"),
        ("status__gt=overdue", "Status cannot be filtered by “gt”, only by eq, ne, in, null"),
        ("status__in=overdue,late", "Status: There is no late to choose"),
        ("any1.nothing=1", "There is no filter any1.nothing here"),
        ("any0.status=overdue", "There is no filter any0.status here"),
        ("any1.any2.status=overdue", "There is no filter any1.any2.status here"),
        ("&".join(["principal__gt=1"] * 21), "A list takes at most 20 filters"),
        ("sort=number,principal,status,disbursed_on,matures_on,id", "A list is sorted by at most 5 columns"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_filter_is_named(shop: Shop, query: str, sentence: str) -> None:
    assert sentence in refused(shop, query)


def test_a_group_opens_nothing_that_a_role_sees_masked(shop: Shop) -> None:
    number = rows("customer", id=shop.customers[0])[0].identity_number
    for query in (f"any1.identity_number={number}", "any1.identity_number__starts=6&any1.status=active"):
        assert "There is no filter" in refused(shop, query, "customer", "partner")
        assert shop.caller("admin").call("GET", f"customer/?{query}").status_code == 200


def test_the_head_says_which_columns_the_list_is_sorted_by_and_in_which_place(shop: Shop) -> None:
    page = shop.admin.get("/loan/list/?sort=status,-principal&cols=number.status.principal").text
    heads = re.findall(r'<th scope="col".*?</th>', page)
    told = [(re.findall(r'aria-sort="(\w+)"', one), re.findall("<sup>(.)</sup>", one)) for one in heads]
    assert told == [(["none"], []), (["ascending"], ["1"]), (["descending"], ["2"])]
    assert 'href="?sort=number' in page or "sort=number" in heads[0]
    alone = shop.admin.get("/loan/list/?sort=status&cols=number.status").text
    assert "<sup>" not in alone


def test_the_description_for_programs_tells_of_groups_and_periods(shop: Shop) -> None:
    described = shop.caller("admin").call("GET", "_openapi").json["paths"]["/api/v1/loan/"]["get"]
    assert "any1.status=overdue" in described["description"]
    [due] = [one for one in described["parameters"] if one["name"] == "next_due_on"]
    assert "last-30-days" in due["description"]
    notes = shop.caller("admin").call("GET", "_openapi").json["paths"]["/api/v1/contact_note/"]["get"]
    assert {"at__eq", "at__ge"} <= (names := {one["name"] for one in notes["parameters"]})
    assert "at" not in names
