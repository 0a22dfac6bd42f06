"""The button that closes the day closes the day it names, or none."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import unscoped
from app.core.org import JobRun
from tests.operations.desk import DAY, Desk
from tests.web.people import rows


@pytest.fixture(autouse=True)
def standing(desk: Desk) -> None:
    """The clock stands still on DAY and nobody has asked for a night."""
    with unscoped("a test sets the clock") as session:
        clock.set_business_date(session, DAY)
        for run in session.scalars(select(JobRun).where(JobRun.job == "nightly")):
            session.delete(run)


def test_the_button_names_the_day_it_closes_and_what_comes_of_it(desk: Desk) -> None:
    page = desk.browser("admin").get("/home/").text
    assert "Close Jun 25, 2018" in page
    assert f'name="day" value="{DAY.isoformat()}"' in page
    assert "the business date becomes Jun 26, 2018. This cannot be undone." in page


def test_the_day_that_the_page_shows_is_closed(desk: Desk) -> None:
    answer = desk.browser("admin").post("/clock/close", {"day": DAY.isoformat()}, follow_redirects=True)
    assert "Jun 25, 2018 is being closed" in answer.text
    assert [(run.business_on, str(run.state)) for run in rows("job_run", job="nightly")] == [
        (DAY + timedelta(days=1), "waiting")
    ]


@pytest.mark.parametrize("day", ["2018-06-24", "2018-06-26", "", "yesterday"])
def test_a_page_of_another_day_closes_nothing_and_says_so(desk: Desk, day: str) -> None:
    answer = desk.browser("admin").post("/clock/close", {"day": day}, follow_redirects=True)
    assert (
        "Nothing was closed: the page showed another day. The business date is Jun 25, 2018 now."
        in answer.text
    )
    assert rows("job_run", job="nightly") == []


def test_who_may_not_close_the_day_is_shown_no_button_and_closes_nothing(desk: Desk) -> None:
    assert "/clock/close" not in desk.browser("clerk").get("/home/").text
    desk.browser("clerk").post("/clock/close", {"day": DAY.isoformat()})
    assert rows("job_run", job="nightly") == []
