"""Messages leave."""

import logging
from functools import partial

from celery import shared_task

from app.core import clock
from app.core.notices import settle
from app.core.rules import runner
from app.core.web import approved, escalating
from app.core.web.builder import sending
from app.core.webhooks import dispatch
from app.messaging import notice_mail, provider
from tasks.application import application

log = logging.getLogger("loandesk.dispatch")


@shared_task
def tell() -> int:
    """Tell other programs what happened."""
    with application().app_context():
        return dispatch.send_due()


@shared_task
def follow_rules() -> int:
    """Do what rules of administrators say of what happened, and what was approved; pass on what waits for it too long.

    One that fails holds up none of the others; the first failure is raised when all had their turn.
    """
    done, failed = 0, []
    with application().app_context():
        for step in (runner.run, approved.run, partial(escalating.run, clock.now())):
            try:
                done += step()
            except Exception as error:
                log.exception("following rules: a step failed")
                failed.append(error)
    if failed:
        raise failed[0]
    return done


@shared_task
def notify() -> int:
    """Tell users what happened that they want to know, and whose report is due."""
    with application().app_context():
        sending.note_due()
        return settle.settle()


@shared_task
def mail() -> int:
    """Mail leaves to those who want to be told by mail, too."""
    with application().app_context():
        return notice_mail.send_due(provider.mail)


@shared_task
def send() -> int:
    """Send what is due and receive what came."""
    return provider.serve()
