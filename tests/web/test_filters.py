"""Filters of every kind and operator, against the same condition in Python."""

import operator
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import g
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.core import registry
from app.core.db import session_for, unscoped
from app.core.errors import RuleError
from app.core.web import conditions, filter_values
from app.core.web.fields import FieldInfo, filterable
from app.core.web.links import shown_entities
from app.core.web.listing import Listing
from tests.web.people import add, rows
from tests.web.pool import READER, day, listing, unsaved
from tests.web.shop import DAY, Shop

LISTED = [cls.slug() for cls in shown_entities()]
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "gt": operator.gt, "lt": operator.lt, "ge": operator.ge, "le": operator.le, "exact": operator.eq,
}  # fmt: skip


BESIDES = {
    "money": ["0", "-1", "1019.5"], "rate": ["14.07", "0"], "number": ["0", "3"], "days": ["0", "30", "-2"], "id": ["999999"],
    "link": ["999999"], "date": ["2018-06-25", "1999-01-01"], "datetime": ["2018-06-25", "2100-01-01"], "bool": ["yes", "no"],
}  # fmt: skip
"""Values to ask for beside those that are there."""


def held(field: FieldInfo, row: Any) -> Any:
    """The value that a filter is about."""
    if field.derived is not None:
        return field.derived.value(row, DAY)
    found = getattr(row, field.column.key)
    return str(found) if field.kind == "choice" and found is not None else found


def meets(field: FieldInfo, op: str, raw: str, row: Any, inside: set[int] | None) -> bool:
    """Whether the row meets the filter; an empty value meets only "is empty" and "is not"."""
    value = held(field, row)
    if op == "null":
        return (value is None) == (raw == "yes")
    if inside is not None and op in ("eq", "in"):
        return value in inside
    if op == "in":
        return value is not None and str(value) in raw.split(",")
    wanted = meant(field, raw)
    if field.kind == "datetime" and op == "eq":
        return value is not None and wanted <= value < wanted + timedelta(days=1)
    if op == "ne":
        return value != wanted
    if value is None:
        return False
    if op in ("contains", "starts"):
        return raw.lower() in value.lower() if op == "contains" else value.startswith(raw)
    return COMPARED[op](value, wanted)


def meant(field: FieldInfo, raw: str) -> Any:
    if field.kind in ("money", "rate", "number", "days", "id", "link"):
        return Decimal(raw)
    if field.kind == "date":
        return date.fromisoformat(raw)
    if field.kind == "datetime":
        begins = datetime.fromisoformat(raw).replace(tzinfo=UTC) - timedelta(hours=8)
        return begins if field.column.type.timezone else begins.replace(tzinfo=None)
    return raw == "yes" if field.kind == "bool" else raw


def tried(field: FieldInfo, values: list[Any], op: str) -> Iterator[str]:
    """Values to ask for: some that are there, their neighbours, and one that is not."""
    if op == "null":
        yield from ("yes", "no")
        return
    there = [value for value in values if value is not None and field.kind != "bool"][:2]
    if field.kind == "datetime":
        there = [f"{value + timedelta(hours=8):%Y-%m-%d}" for value in there]
    elif op in ("contains", "starts"):
        there = [str(value)[:4] for value in there]
    found = [str(value) for value in there] + BESIDES.get(field.kind, ["%", "a_", "zzz"])
    if field.kind == "choice":
        found = [str(value) for value in (*there, *list(field.choices)[:1])]
    yield from dict.fromkeys([*found, ",".join(found)] if op == "in" else found)


def below(field: FieldInfo, raw: str) -> set[int] | None:
    """Ids of a node and everything below it, where a link leads to a branch or place."""
    if field.kind != "link" or field.name not in ("branch", "region"):
        return None
    nodes = {row.id: row.parent_id for row in rows(field.target.slug())}

    def is_below(node: int | None) -> bool:
        return node is not None and (str(node) in raw.split(",") or is_below(nodes.get(node)))

    return {node for node in nodes if is_below(node)}


@pytest.fixture(scope="module")
def varied(shop: Shop) -> Shop:
    """More kinds of rows than the shop alone has."""
    add(
        "contact_note",
        customer_id=shop.customers[0],
        at=datetime(2018, 6, 24, 16, 0, tzinfo=UTC),
        text="An hour",
    )
    add(
        "contact_note",
        customer_id=shop.customers[1],
        at=datetime(2018, 6, 24, 15, 59, tzinfo=UTC),
        text="100%_sure",
    )
    south = add("branch", name="South", parent_id=shop.branches["head"])
    with unscoped("loans of another branch") as session:
        for loan in session.query(registry.entity("loan")).limit(7):
            loan.branch_id, loan.contract_number, loan.next_due_on = south, f"C%_{loan.id}", DAY
    return shop


@pytest.mark.parametrize("slug", LISTED)
def test_every_filter_and_operator_finds_what_python_finds(varied: Shop, slug: str) -> None:
    entity, everything = registry.entity(slug), rows(slug)
    with varied.app.test_request_context(), session_for(lambda: ("all", None)) as session:
        session.info["unscoped"], g.settings = "compare filters", {"zone": "Asia/Shanghai"}
        for field in filterable(entity):
            for op in conditions.OPS_OF.get(field.kind, ()):
                if (field.kind == "code" and op == "eq" and field.words) or field.has_fields:
                    continue
                for raw in tried(field, [held(field, row) for row in everything], op):
                    is_plain = op == "eq" and field.name not in conditions.RESERVED
                    key = field.name if is_plain else f"{field.name}__{op}"
                    where = Listing(entity, MultiDict({key: raw}), READER, DAY).where()
                    found = set(session.scalars(select(entity.id).where(*where)))
                    inside = below(field, raw) if op in ("eq", "in") else None
                    wanted = {row.id for row in everything if meets(field, op, raw, row, inside)}
                    assert found == wanted, (key, raw)


WRITTEN = st.decimals(min_value=-(10**12), max_value=10**12, places=2)


@settings(max_examples=200, deadline=None)
@given(
    value=WRITTEN,
    grouped=st.sampled_from([",", " ", "\u00a0", "\u202f", "'", ".", ""]),
    point=st.sampled_from([",", "."]),
)
def test_a_number_is_read_as_people_of_any_of_our_languages_write_it(
    value: Decimal, grouped: str, point: str
) -> None:
    if grouped == point:
        grouped = ""
    whole, _dot, cents = f"{value:,.2f}".partition(".")
    text = whole.replace(",", grouped) + point + cents
    assert filter_values.number(text) == value


@pytest.mark.parametrize("text", ["", "-", "1-2", "NaN", "inf", "1.2.3,4,5", "ten", "0x10", "1,2,3.4.5"])
def test_what_is_no_number_is_refused_by_its_own_words(shop: Shop, text: str) -> None:
    with shop.app.test_request_context(), pytest.raises(RuleError, match="is not a number"):
        filter_values.number(text)


@pytest.mark.parametrize("text", ["1e17", "10" * 20, "-9" + "9" * 16])
def test_a_number_that_is_too_long_is_refused_as_such(shop: Shop, text: str) -> None:
    with shop.app.test_request_context(), pytest.raises(RuleError, match="is too long: at most 16 digits"):
        filter_values.number(text)


@pytest.mark.parametrize(
    "query",
    [
        "days_past_due__gt=99999999", "days_past_due__lt=-99999999", "days_past_due=9999999999999", "principal__gt=9999999999999999",
        "principal__lt=-9999999999999999", "disbursed_on=0001-01-01", "disbursed_on__le=9999-12-31", "customer=9223372036854775807",
        "officer=2147483647", "branch=9223372036854775807", "number__starts=%25", "number__contains=_", "q=%25",
    ],
)  # fmt: skip
def test_values_at_the_edge_of_what_can_be_are_answered(shop: Shop, query: str) -> None:
    answer = shop.caller("admin").call("GET", f"loan/?{query}")
    assert answer.status_code == 200, answer.text
    if "_" not in query.partition("=")[0] or "%25" in query or "=_" in query:
        assert answer.json["result"] == []


@pytest.mark.parametrize(
    "query",
    [
        "customer=9223372036854775808", "officer=2147483648", "customer=²", "officer=-1", "number=%00", "number__contains=%00",
        "days_past_due__gt=1.5", "days_past_due__gt=many", "principal__gt=1e17", "disbursed_on=10000-01-01", "disbursed_on=2018-6-1",
        "status=", "principal__in=1", "number__null__null=yes", "customer.nothing=1", "nothing.customer=1", "customer.=1", ".=1",
        "principal__=",
    ],
)  # fmt: skip
def test_values_that_can_be_none_are_refused_in_a_sentence_or_mean_no_filter(shop: Shop, query: str) -> None:
    answer = shop.caller("admin").call("GET", f"loan/?{query}")
    if query.endswith("="):
        assert answer.status_code == 200, "an empty value is no filter"
    else:
        assert answer.status_code == 400, answer.text
        assert answer.json["message"].count(" ") >= 2


def test_a_filter_through_a_link_finds_the_rows_of_the_linked_ones(varied: Shop) -> None:
    active = {row.id for row in rows("customer") if str(row.status) == "active"}
    answer = varied.caller("admin").call("GET", "loan/?customer.status=active&size=100").json
    assert {row["id"] for row in answer["result"]} == {
        loan.id for loan in rows("loan") if loan.customer_id in active
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(alphabet="ab%_\\'\" C0", max_size=6),
    names=st.lists(st.text(alphabet="abAB%_\\ C0", min_size=1, max_size=8), max_size=5),
)
def test_quick_search_takes_every_character_literally(shop: Shop, text: str, names: list[str]) -> None:
    numbers = [f"{name}{place}" for place, name in enumerate(names)]
    with unsaved(shop, [{"number": number} for number in numbers]) as session:
        found = {loan.number for loan in session.scalars(listing({"q": text}).rows_query())}
    plain = text.strip()
    # a code is found by its start; the customer of these loans is called Customer 00
    by_customer = bool(plain) and all(word.lower() in "customer 00" for word in plain.split()[:5])
    assert found == {n for n in numbers if not plain or n.startswith(plain) or by_customer}


def test_instants_are_filtered_by_the_installations_day(varied: Shop) -> None:
    """16:00 in Greenwich is midnight in Shanghai: the note belongs to the 25th."""
    answer = varied.caller("admin").call("GET", "contact_note/?at__ge=2018-06-25&at__lt=2018-06-26").json
    assert [row["text"] for row in answer["result"]] == ["An hour"]
    assert day(0) == DAY


@pytest.mark.parametrize(
    "slug, name, column, target",
    [
        ("loan", "client", "client_id", "client"), ("loan", "officer", "officer_id", "user"), ("loan", "client__ne", "client_id__ne", "client"),
        ("loan", "bucket__null", "bucket_id__null", ""), ("instalment", "loan", "loan_id", "loan"),
        ("instalment", "loan.client", "loan.client_id", "client"), ("repayment", "loan.customer.client", "loan.customer_id.client_id", "client"),
        ("customer", "branch", "branch_id", "branch"),
    ],
)  # fmt: skip
def test_a_link_filters_by_the_name_of_its_column_too(
    shop: Shop, slug: str, name: str, column: str, target: str
) -> None:
    wanted = shop.some(target) if target else "yes"
    program = shop.caller("admin")
    usual, asked = (program.call("GET", f"{slug}/?{one}={wanted}&size=100") for one in (name, column))
    assert asked.status_code == 200, asked.text
    assert [row["id"] for row in asked.json["result"]] == [row["id"] for row in usual.json["result"]]
    pages = [shop.admin.get(f"/{slug}/list/?{one}={wanted}").text for one in (name, column)]
    chips = [re.findall(r'<li class="filter-chip">.*?</b>', page) for page in pages]
    assert len(chips[0]) == 1
    assert chips[1] == chips[0]


def test_a_link_by_the_name_of_its_column_opens_nothing_beyond_the_scope(shop: Shop) -> None:
    foreign = shop.users["otto"]
    answer = shop.caller("olga").call("GET", f"loan/?officer_id={foreign}")
    assert (answer.status_code, answer.json["result"]) == (200, [])
    own = shop.caller("olga").call("GET", f"loan/?officer_id={shop.users['olga']}&size=100")
    assert len(own.json["result"]) == len(shop.loans) // 2


def test_nobody_filters_by_what_he_may_not_list_of_another_record(shop: Shop) -> None:
    """Loans tell their officer's name; his login and address are for who may open the list of users."""
    for query in ("officer.email__contains=example", "officer.username__starts=o"):
        assert shop.browser("partner").get(f"/loan/list/?{query}").status_code == 400
        assert shop.admin.get(f"/loan/list/?{query}").status_code == 200
