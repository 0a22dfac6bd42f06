"""What is cleared away."""

from celery import shared_task

from app.core import housekeeping


@shared_task
def clear_away() -> int:
    """Remove the files that nothing refers to and the keys of old requests, and make the coming months, once a day."""
    outcomes = housekeeping.run_months(), housekeeping.run(), housekeeping.run_requests()
    return sum(outcome.rows for outcome in outcomes if outcome.is_new)
