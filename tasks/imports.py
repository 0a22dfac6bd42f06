"""Files that wait to be imported."""

from celery import shared_task

from app.servicing.waiting import run_all
from tasks.application import application


@shared_task
def run_waiting() -> int:
    """Import the files that were uploaded and wait, each in the language of who uploaded it."""
    with application().app_context():
        return run_all()
