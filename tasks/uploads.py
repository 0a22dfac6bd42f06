"""Files whose rows become records."""

from celery import shared_task

from app.core.web.uploads import work
from tasks.application import application


@shared_task
def run_waiting() -> int:
    """Go on with the uploads that wait."""
    with application().app_context():
        return work.run_waiting()
