"""Nights that are asked for on a screen, and nights that the clock brings."""

from celery import shared_task

from tasks import nightly


@shared_task
def run_requested() -> int:
    """Close the days that somebody asked to close."""
    return nightly.run_requested()


@shared_task
def follow_the_clock() -> int:
    """Close the days that are over by the computer's date, where the installation is set to follow it."""
    return nightly.follow_the_clock()
