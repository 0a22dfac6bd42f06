"""What is cleared away."""

from celery import shared_task

from app.core import housekeeping


@shared_task
def clear_away() -> int:
    """Remove the files that nothing refers to and what is remembered of old requests and deliveries, once a day."""
    outcomes = housekeeping.run(), housekeeping.run_requests(), housekeeping.run_deliveries()
    return sum(outcome.rows for outcome in outcomes if outcome.is_new)
