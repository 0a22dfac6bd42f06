"""What is cleared away."""

from celery import shared_task

from app.core import housekeeping


@shared_task
def clear_away() -> int:
    """Remove the files that nothing refers to, once a day."""
    outcome = housekeeping.run()
    return outcome.rows if outcome.is_new else 0
