"""Files that wait to be imported."""

from celery import shared_task

from app.servicing.waiting import run_all


@shared_task
def run_waiting() -> int:
    """Import the files that were uploaded and wait."""
    return run_all()
