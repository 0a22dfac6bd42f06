"""Keyset pages: every row once and in order, whatever the order, the ties and the empty values."""

import base64
import json
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from app.core.alphabet import alphabetical
from app.core.errors import RuleError
from app.core.web import listing as listing_module
from app.core.web.list_page import list_page
from app.core.web.values import Values
from tests.web.pool import STATES, day, listing, unsaved
from tests.web.shop import Shop

QUIET = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
WORDS = [
    "Ґудзь",
    "Гудзь",
    "гудзь",
    "Єва",
    "їжак",
    "Їжак",
    "абрам",
    "Абрам",
    "Ярема",
    "Wang",
    "wang",
    "王",
    "7",
    "",
]
ROW = st.fixed_dictionaries(
    {
        "principal": st.sampled_from([Decimal("0.01"), Decimal(5), Decimal(700)]),
        "overdue_since": st.none() | st.sampled_from([day(n) for n in (-3, 0, 1, 40)]),
        "contract_number": st.none() | st.sampled_from(["aa", "ab", "b"]),
        "purpose": st.none() | st.sampled_from(WORDS),
        "status": st.sampled_from(STATES),
        "is_dunning_stopped": st.booleans(),
    }
)
NAMES = (
    "principal",
    "overdue_since",
    "contract_number",
    "purpose",
    "status",
    "is_dunning_stopped",
    "days_past_due",
    "id",
)
ORDERS = st.lists(st.sampled_from(NAMES), max_size=3, unique=True).flatmap(
    lambda names: st.tuples(*(st.sampled_from([name, f"-{name}"]) for name in names))
)


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: Any) -> None:
    monkeypatch.setattr(listing_module, "SIZES", (1, 2, 3, 7, 25))


def value(row: Any, name: str) -> Any:
    """What a row is ordered by, as Python sees it."""
    if name == "days_past_due":
        return None if row.overdue_since is None else (day(0) - row.overdue_since).days
    found = getattr(row, name)
    if name == "purpose":
        return None if found is None else alphabetical(found)
    return str(found) if name == "status" else found


def expected(rows: list[Any], order: tuple[str, ...]) -> list[int]:
    """Ids in their order: empty values last whichever way it goes, ties by id."""
    names = list(order) or ["-id"]
    if not any(name.lstrip("-") == "id" for name in names):
        first = names[0]
        goes_down = first.startswith("-") != (first.lstrip("-") == "days_past_due")
        names.append("-id" if goes_down else "id")

    def compare(one: Any, other: Any) -> int:
        for name in names:
            a, b = value(one, name.lstrip("-")), value(other, name.lstrip("-"))
            if a == b:
                continue
            if a is None or b is None:
                return 1 if a is None else -1
            return (1 if a > b else -1) * (-1 if name.startswith("-") else 1)
        return 0

    return [row.id for row in sorted(rows, key=cmp_to_key(compare))]


def walked(session: Any, query: dict[str, str], *, forwards: bool) -> list[int]:
    """Ids met by following the pages' own links from one end to the other."""
    met: list[int] = []
    step = {} if forwards else {"last": "1"}
    for _page in range(60):
        asked = listing(query | step)
        found = asked.page(session)
        ids = [row.id for row in found.rows]
        met = met + ids if forwards else ids + met
        if not (found.has_more if forwards else found.has_before):
            assert forwards or found.has_more == (len(met) > len(ids)), "its next page is known"
            return met
        edge = found.rows[-1 if forwards else 0]
        step = {"after" if forwards else "before": asked.cursor(edge)}
    raise AssertionError("the pages do not end")


@QUIET
@given(rows=st.lists(ROW, max_size=9), order=ORDERS, size=st.sampled_from([1, 2, 3, 7, 25]))
def test_walking_the_pages_meets_every_row_once_and_in_order(
    shop: Shop, rows: list[dict[str, Any]], order: tuple[str, ...], size: int
) -> None:
    with unsaved(shop, rows) as session:
        query = {"size": str(size), "sort": " ".join(order), "cols": "number"}
        everything = list(session.scalars(listing({}).rows_query()))
        wanted = expected(everything, order)
        assert walked(session, query, forwards=True) == wanted
        assert walked(session, query, forwards=False) == wanted
        assert len(wanted) == len(rows)


@QUIET
@given(rows=st.lists(ROW, min_size=3, max_size=10), order=ORDERS, at=st.integers(0, 9))
def test_going_on_and_back_again_leads_to_the_same_page(
    shop: Shop, rows: list[dict[str, Any]], order: tuple[str, ...], at: int
) -> None:
    with unsaved(shop, rows) as session:
        query = {"size": "2", "sort": " ".join(order)}
        wanted = expected(list(session.scalars(listing({}).rows_query())), order)
        start = listing(query)
        edge = next(row for row in session.scalars(start.rows_query()) if row.id == wanted[at % len(wanted)])
        onward = listing(query | {"after": start.cursor(edge)}).page(session)
        place = wanted.index(edge.id)
        assert [row.id for row in onward.rows] == wanted[place + 1 : place + 3]
        if onward.rows:
            back = listing(query | {"before": start.cursor(onward.rows[0])}).page(session)
            assert [row.id for row in back.rows] == wanted[max(place - 1, 0) : place + 1]
            assert back.has_before == (place > 1)


@settings(QUIET, max_examples=10)
@given(
    words=st.lists(st.none() | st.sampled_from(WORDS), min_size=4, max_size=14),
    sort=st.sampled_from(["purpose", "-purpose", "status -purpose", "-purpose -id"]),
    size=st.sampled_from([1, 2, 3, 7]),
)
def test_names_that_differ_only_in_case_are_met_once_each_both_ways_and_stand_so_in_the_file(
    shop: Shop, words: list[str | None], sort: str, size: int
) -> None:
    with unsaved(shop, [{"purpose": word} for word in words]) as session:
        asked = {"size": str(size), "sort": sort}
        loans = {row.id: row for row in session.scalars(listing({}).rows_query())}
        wanted = expected(list(loans.values()), tuple(sort.split()))
        assert walked(session, asked, forwards=True) == wanted
        assert walked(session, asked, forwards=False) == wanted
        blocks = list(Values(listing(asked | {"cols": "number"})).blocks(session))
        assert [each for block in blocks for each in block[0]] == [loans[one].number for one in wanted]


def test_a_row_that_is_added_or_gone_moves_no_other_from_its_page(shop: Shop) -> None:
    rows = [{"principal": Decimal(n)} for n in range(6)]
    with unsaved(shop, rows) as session:
        query = {"size": "3", "sort": "principal"}
        first = listing(query).page(session)
        cursor = listing(query).cursor(first.rows[-1])
        session.delete(first.rows[0])
        session.flush()
        onward = listing(query | {"after": cursor}).page(session)
        assert [int(row.principal) for row in onward.rows] == [3, 4, 5]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=True) | st.text(max_size=8) | st.dates().map(str)
    | st.sampled_from(["NaN", "Infinity", "1e400", "-1", "\x00", "\ud800", "0001-01-01", "9999-12-31", "overdue", "x" * 9000]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2), max_leaves=4,
)  # fmt: skip


@settings(QUIET, max_examples=60)
@example(values=[2**70], order=(), way="after")
@example(values=[-(2**63) - 1], order=("id",), way="before")
@example(values=["a\x00b", 1], order=("contract_number",), way="after")
@example(values=["\ud800", 1], order=("contract_number",), way="after")
@example(values=["a\x00b", 1], order=("purpose",), way="after")
@example(values=["\ud800", 1], order=("-purpose",), way="before")
@example(values=["NaN", 1], order=("principal",), way="after")
@example(values=["sNaN", 1], order=("principal",), way="after")
@example(values=["1e400", 1], order=("-principal",), way="before")
@example(values=["9999-12-31", 1], order=("days_past_due",), way="after")
@example(values=["yes", 1], order=("is_dunning_stopped",), way="after")
@example(values=[None, None], order=("status",), way="after")
@given(
    values=JUNK | st.lists(JUNK, min_size=2, max_size=2),
    order=ORDERS,
    way=st.sampled_from(["after", "before"]),
)
def test_a_forged_cursor_gives_a_page_or_a_sentence_and_never_breaks(
    shop: Shop, values: Any, order: tuple[str, ...], way: str
) -> None:
    raw = base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
    with unsaved(shop, []) as session, suppress(RuleError):
        assert listing({"sort": " ".join(order), way: raw}).page(session).rows == []


@settings(QUIET, max_examples=25)
@given(raw=st.text(max_size=40), at=st.text(max_size=8))
def test_an_address_of_noise_gives_a_page_or_a_sentence(shop: Shop, raw: str, at: str) -> None:
    with unsaved(shop, []) as session, suppress(RuleError):
        assert listing({"after": raw, "at": at}).page(session).rows == []


@pytest.mark.parametrize("at", ["0", "-5", "9" * 30, "²", "x", "1.5", ""])
def test_a_forged_place_changes_no_rows(shop: Shop, at: str) -> None:
    with unsaved(shop, [{}, {}, {}]) as session:
        asked = listing({"size": "2", "at": at})
        page = list_page(asked, session, lambda _verb: True)
        assert len(page.rows) == 2


def test_the_words_under_a_list_say_where_one_is(shop: Shop) -> None:
    with unsaved(shop, [{"principal": Decimal(n)} for n in range(7)]) as session:
        page = list_page(listing({"size": "3"}), session, lambda _verb: True)
        assert page.total_text == "1–3 of 7"
        assert page.prev_url is None
        assert "last=1" in str(page.last_url)
        assert "at=4" in str(page.next_url)
        assert list_page(listing({"size": "7"}), session, lambda _verb: True).next_url is None
    assert date.fromisoformat("2018-06-25") == day(0)
