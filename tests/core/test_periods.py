"""Periods that move with the day: what the page of the address says, and what holds on every day."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from app.core.periods import PRESETS, period, said
from tests.rules.source import ROOT

PAGE = (ROOT / "docs/howto/filter-by-address.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\| `([\w-]+)` \| (\d{4}-\d\d-\d\d) \| (\d{4}-\d\d-\d\d) \|$", PAGE, re.MULTILINE)
DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))
ONE = timedelta(days=1)


def test_the_examples_of_the_page_are_what_is_found() -> None:
    assert len(EXAMPLES) > 10
    for name, first, last in EXAMPLES:
        found = period(name, date(2018, 6, 27))
        assert found == (date.fromisoformat(first), date.fromisoformat(last)), name


@given(day=DAYS, number=st.integers(1, 9999))
def test_days_are_counted_with_the_day_itself(day: date, number: int) -> None:
    first, last = period(f"last-{number}-days", day) or (day, date.min)
    assert (last, (last - first).days + 1) == (day, number)
    first, last = period(f"next-{number}-days", day) or (date.max, day)
    assert (first, (last - first).days + 1) == (day, number)
    assert period(f"older-than-{number}-days", day) == (date.min, day - (number + 1) * ONE)


@pytest.mark.parametrize("unit", ["week", "month", "quarter", "year"])
@given(day=DAYS)
def test_three_neighbours_meet_and_hold_the_day_in_their_middle(unit: str, day: date) -> None:
    before, this, after = (period(f"{which}-{unit}", day) for which in ("last", "this", "next"))
    assert before
    assert this
    assert after
    assert this[0] <= day <= this[1]
    assert (before[1] + ONE, this[1] + ONE) == (this[0], after[0])
    assert this[0].weekday() == 0 if unit == "week" else this[0].day == 1
    assert period(f"this-{unit}", this[1]) == this, "it is the same seen from its end"
    assert period(f"last-{unit}", after[1]) == this


@settings(max_examples=30)
@given(
    day=st.dates(), name=st.sampled_from([*PRESETS, "next-year", "last-9999-days", "older-than-9999-days"])
)
def test_no_day_of_the_calendar_leads_out_of_it(day: date, name: str) -> None:
    found = period(name, day)
    assert found
    assert found[0] <= found[1]
    assert said(name)


@pytest.mark.parametrize(
    "text", ["", "last", "this-day", "last-0-days", "last--3-days", "last-99999-days", "next-week-", "this week", "2018-06-27", "last-²-days"]
)  # fmt: skip
def test_other_texts_name_no_period(text: str) -> None:
    assert period(text, date(2018, 6, 27)) is None
    assert said(text) is None
