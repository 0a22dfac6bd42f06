"""What is cleared away."""

from celery import shared_task

from app.core import housekeeping


@shared_task
def clear_away() -> int:
    """Remove what is over (files, keys of requests, deliveries, uploaded rows, notifications, firings, values of changes), make coming months."""
    outcomes = (
        housekeeping.run_months(),
        housekeeping.run(),
        housekeeping.run_requests(),
        housekeeping.run_deliveries(),
        housekeeping.run_uploads(),
        housekeeping.run_notifications(),
        housekeeping.run_firings(),
        housekeeping.run_changes(),
    )
    return sum(outcome.rows for outcome in outcomes if outcome.is_new)
