"""Messages leave."""

from celery import shared_task

from app.messaging import provider


@shared_task
def send() -> int:
    """Send what is due and receive what came."""
    return provider.serve()
