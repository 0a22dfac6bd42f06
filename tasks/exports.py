"""Files that are too large for one request."""

from celery import shared_task

from app.core.web import export_job
from tasks.application import application


@shared_task
def make_waiting() -> int:
    """Make the files that wait."""
    with application().app_context():
        return export_job.run_waiting()
