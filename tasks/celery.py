"""Celery: the queue of jobs. What is to be done stands in PostgreSQL; losing the queue loses nothing."""

from celery import Celery
from celery.signals import worker_process_init

import app.models  # noqa: F401  every entity is known before a task runs
import config
from app.core.db import engine
from tasks.schedule import BEAT

celery = Celery(
    "loandesk",
    broker=config.CELERY_BROKER_URL,
    include=[
        "tasks.bulk",
        "tasks.clockwork",
        "tasks.custom",
        "tasks.dispatch",
        "tasks.exports",
        "tasks.housekeeping",
        "tasks.imports",
        "tasks.sealing",
        "tasks.uploads",
    ],
)
celery.conf.update(
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_default_queue="loandesk",
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=1000,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    # Longer than any task: a task that is still running is not given to a second worker.
    broker_transport_options={"visibility_timeout": 6 * 3600},
    broker_connection_retry_on_startup=True,
    timezone="UTC",
    beat_schedule=BEAT,
)


@worker_process_init.connect
def _own_connections(**_: object) -> None:
    """A forked worker must not use its parent's connections."""
    engine().dispose(close=False)
