"""Files that are too large for one request."""

from functools import lru_cache
from typing import Any

from celery import shared_task

from app import create_app
from app.core.web import export_job


@lru_cache
def _application() -> Any:
    return create_app()


@shared_task
def make_waiting() -> int:
    """Make the files that wait."""
    with _application().app_context():
        return export_job.run_waiting()
