"""A message's scheduled time is by its client's clock, its instants by the installation's: both say so."""

import re
from io import BytesIO

import pytest
from openpyxl import load_workbook

from app.core.db import unscoped
from app.models import Client
from tests.operations.desk import DAY, Desk
from tests.operations.test_message_verbs import message

SCHEDULED = "Scheduled time (client's clock)"
QUEUED = {"slot": "11:00", "business_on": DAY, "send_after": "2018-06-25 11:00+03:00"}


@pytest.fixture
def abroad(desk: Desk) -> Desk:
    """The desk, whose lender lives by the clock of Kyiv while the installation's is that of Shanghai."""
    with unscoped("data of a test") as session:
        session.get_one(Client, desk.client).zone = "Europe/Kyiv"
    yield desk
    with unscoped("data of a test") as session:
        session.get_one(Client, desk.client).zone = "Asia/Shanghai"


def text_of(page: str) -> str:
    """What a person reads of a page, its blanks as one each."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)).replace("&#39;", "'")


def test_the_page_of_a_message_names_the_zone_of_each_time(abroad: Desk) -> None:
    page = text_of(abroad.browser("agent").get(f"/message/show/{message(abroad, **QUEUED)}").text)
    assert f"{SCHEDULED} 11:00 (Europe/Kyiv)" in page
    assert "Send after Jun 25, 2018 4:00 PM (Asia/Shanghai)" in page
    assert page.count("(Asia/Shanghai)") == 1, "an empty time has no zone"


def test_where_both_clocks_are_one_no_zone_is_named(desk: Desk) -> None:
    page = text_of(desk.browser("agent").get(f"/message/show/{message(desk, **QUEUED)}").text)
    assert f"{SCHEDULED} 11:00 " in page
    assert "Send after Jun 25, 2018 4:00 PM" in page
    assert "Asia/Shanghai" not in page


def test_lists_and_workbooks_say_by_whose_clock_the_scheduled_time_is(abroad: Desk) -> None:
    made = message(abroad, **QUEUED)
    page = abroad.browser("agent").get("/message/list/?cols=slot.send_after").text
    assert SCHEDULED in text_of(page)
    assert f"/message/show/{made}" in page
    with abroad.browser("manager").get("/message/export.xlsx?cols=slot.send_after") as answer:
        head = [cell.value for cell in load_workbook(BytesIO(answer.data)).active[1]]
    assert SCHEDULED in head
