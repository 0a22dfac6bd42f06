"""The list of job runs says in words what ran, also whose payments were posted."""

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
