"""What follows from custom fields and takes longer than a request."""

from celery import shared_task

from app.core import custom_sql


@shared_task
def index() -> int:
    """Make and drop indexes as administrators ticked them."""
    return custom_sql.bring_in_line()
