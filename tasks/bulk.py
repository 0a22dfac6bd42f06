"""Changes of more rows than one request makes."""

from celery import shared_task

from app.core.web import bulk_work
from tasks.application import application


@shared_task
def run_waiting() -> int:
    """Go on with the large changes that wait."""
    with application().app_context():
        return bulk_work.run_waiting()
