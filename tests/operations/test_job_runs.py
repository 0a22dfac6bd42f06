"""The list of job runs says in words what ran, also whose payments were posted, and when."""

from app.core import jobs
from app.core.db import unscoped
from app.models import Client
from tests.operations.desk import DAY, Desk


def test_posted_payments_name_the_client_whose_they_are(desk: Desk) -> None:
    with unscoped("a test posts nothing for a client") as session:
        jobs.note(session, "repayments", str(desk.client), DAY, 7)
        name = session.get_one(Client, desk.client).name
    try:
        page = desk.browser("admin").get("/job_run/list/").text
    finally:
        with unscoped("a test leaves nothing behind") as session:
            session.delete(jobs.find(session, "repayments", str(desk.client), DAY))
    row = next(part for part in page.split("<tr")[1:] if "Posting of repayments" in part)
    assert name in row


def test_posted_payments_say_when_they_were_first_posted_and_when_last(desk: Desk) -> None:
    step = ("repayments", str(desk.client), DAY)
    with unscoped("a test posts nothing for a client") as session:
        jobs.note(session, *step, 7)
    with unscoped("a test posts again") as session:
        first = jobs.find(session, *step)
        assert first is not None
        began, ended = first.started_at, first.ended_at
        jobs.note(session, *step, 2)
    with unscoped("a test leaves nothing behind") as session:
        again = jobs.find(session, *step)
        assert again is not None
        session.delete(again)
    assert began is not None
    assert ended is not None
    assert (again.rows, again.started_at, again.seconds) == (9, began, None)
    assert again.ended_at > ended
