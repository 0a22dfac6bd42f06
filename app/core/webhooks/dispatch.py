"""Sending what waits: each webhook in a thread of its own, so that one that hangs holds up nobody else.

A delivery is told at least once: it is claimed and that is committed, it is sent, and what came of it is stored. A
claim that a killed process leaves behind lapses, and the delivery is sent again under the same number.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Flask, current_app
from sqlalchemy import select, update

from app.core import clock
from app.core.db import source, unscoped
from app.core.errors import RuleError
from app.core.notices import stopped
from app.core.org import Webhook, WebhookDelivery
from app.core.org.webhooks import DeliveryState
from app.core.retry import is_lost
from app.core.web import looks
from app.core.webhooks import signing
from app.core.webhooks.post import Heard, post
from app.core.webhooks.telling import OwnerGone, Told, Waiting, render

log = logging.getLogger("loandesk.webhooks")
AT_ONCE = 8
"""Webhooks that are served at the same time by one process."""
BATCH = 20
LEASE = timedelta(minutes=5)
"""Longer than a batch of targets that all take their ten seconds."""
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=6)
MOST_TRIES = 11
"""With pauses of 5 seconds, four times longer each, to 6 hours: a day and two hours in all."""
WORK_SECONDS = 20.0


def send_due(lease: timedelta = LEASE) -> int:
    """Send everything that is due, for some seconds; how many were delivered. Needs an application context."""
    release(lease)
    app, delivered = current_app._get_current_object(), 0  # type: ignore[attr-defined]  # noqa: SLF001  for other threads
    until = time.monotonic() + WORK_SECONDS
    with ThreadPoolExecutor(AT_ONCE) as threads:
        while waiting := _with_something_due():
            delivered += sum(threads.map(partial(_serve_in, app), waiting))
            if time.monotonic() >= until:
                break
    return delivered


def release(lease: timedelta = LEASE) -> int:
    """Let deliveries wait again whose sender is dead."""
    is_left = WebhookDelivery.state == DeliveryState.SENDING, WebhookDelivery.claimed_at < clock.now() - lease
    freed = update(WebhookDelivery).where(*is_left).values(state=DeliveryState.WAITING, claimed_at=None)
    with unscoped("deliveries of dead senders") as house:
        return len(house.scalars(freed.returning(WebhookDelivery.id)).all())


def _is_due() -> tuple[Any, ...]:
    return WebhookDelivery.state == DeliveryState.WAITING, WebhookDelivery.due_at <= clock.now()


def _with_something_due() -> list[int]:
    with unscoped("which webhooks have something to tell") as house:
        due = select(WebhookDelivery.id).where(WebhookDelivery.webhook_id == Webhook.id, *_is_due())
        return list(house.scalars(select(Webhook.id).where(~Webhook.is_off, due.exists())))


def _serve_in(app: Flask, webhook_id: int) -> int:
    """Serve one webhook; what goes wrong with it is logged and left to the lease, and the others go on."""
    source.set("job")
    try:
        with app.app_context():
            return serve(webhook_id)
    except Exception:
        log.exception("webhook %d could not be served", webhook_id)
        return 0


def serve(webhook_id: int) -> int:
    """Send a batch of a webhook's deliveries, until the first that fails; how many were delivered."""
    with unscoped("claim what a webhook is to be told") as house:
        webhook = house.get_one(Webhook, webhook_id)
        waiting = _claim(house, webhook_id)
        call = partial(post, webhook.url)
        secret = signing.secret_of(bytes(webhook.salt), str(current_app.config["SECRET_KEY"]))
        asked = webhook.entity, webhook.user_id, webhook.conditions
    try:
        # a number that was noted while it told of another kind of record is told of nothing
        told = _rendered(webhook_id, asked, [one for one in waiting if one.entity == asked[0]])
    except OwnerGone:
        return _stop(webhook_id, "owner")
    except RuleError:
        return _stop(webhook_id, "conditions")
    _settle_untold([one.id for one in waiting], [one.id for one in told])
    return _send(webhook_id, told, secret, call)


def _rendered(webhook_id: int, asked: tuple[str, int, str | None], waiting: list[Waiting]) -> list[Told]:
    """What is to be sent; a try at what the program fails to write is a failed one, and the others are written.

    Raises OwnerGone and RuleError, and what says that the database is lost: the lease then frees all of them.
    """
    try:
        return render(webhook_id, *asked, waiting)
    except (OwnerGone, RuleError):
        raise
    except Exception as error:
        if is_lost(error):
            raise
        if len(waiting) != 1:
            return [told for one in waiting for told in _rendered(webhook_id, asked, [one])]
        [one] = waiting
        log.exception("delivery %d could not be written", one.id)
        _store(
            webhook_id,
            Told(one.id, one.number, one.tries, b"", {}),
            Heard(None, "", 0.0, "fault", is_sent=False),
        )
        return []


def _claim(house: Any, webhook_id: int) -> list[Waiting]:
    due = (
        select(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == webhook_id, *_is_due())
        .order_by(WebhookDelivery.due_at, WebhookDelivery.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True, of=WebhookDelivery)
    )
    found = list(house.scalars(due))
    for one in found:
        one.state, one.claimed_at, one.tries = DeliveryState.SENDING, clock.now(), one.tries + 1
    return [
        Waiting(one.id, one.number, one.tries, one.entity, one.row_id, one.event, one.created_at)
        for one in found
    ]


def _settle_untold(claimed: list[int], told: list[int]) -> None:
    left = set(claimed) - set(told)
    if left:
        with unscoped("what the owner of a webhook may not be told") as house:
            # what could not be written waits for another try
            is_claimed = WebhookDelivery.state == DeliveryState.SENDING
            unseen = update(WebhookDelivery).where(WebhookDelivery.id.in_(left), is_claimed)
            house.execute(unseen.values(state=DeliveryState.UNTOLD, claimed_at=None))


def _send(webhook_id: int, told: list[Told], secret: str, call: Callable[..., Heard]) -> int:
    """Send one after the other; how many were delivered.

    After a failure the others wait for the next round, so that a dead target costs one try; and so they do behind a
    target that takes each of them slowly, for whom the round of all other webhooks would have to wait.
    """
    until = time.monotonic() + WORK_SECONDS
    for place, one in enumerate(told):
        if time.monotonic() >= until:
            _give_back([other.id for other in told[place:]])
            return place
        at = int(clock.now().timestamp())
        said = {
            "Content-Type": "application/json", "User-Agent": "Loandesk", "webhook-id": one.number,
            "webhook-timestamp": str(at), "webhook-signature": signing.signature(secret, one.number, at, one.body),
        }  # fmt: skip
        heard = call(said, one.body)
        _store(webhook_id, one, heard)
        if not heard.is_delivered:
            _give_back([other.id for other in told[place + 1 :]])
            return place
    return len(told)


def _give_back(ids: list[int]) -> None:
    """Deliveries that were claimed and not tried."""
    untried = update(WebhookDelivery).where(WebhookDelivery.id.in_(ids))
    with unscoped("deliveries that were not tried") as house:
        house.execute(
            untried.values(state=DeliveryState.WAITING, claimed_at=None, tries=WebhookDelivery.tries - 1)
        )


def _pause(tries: int) -> timedelta:
    """How long to wait after so many tries; what dead senders claimed again and again has had more than the most."""
    return min(FIRST_PAUSE * 4 ** (min(tries, MOST_TRIES) - 1), LONGEST_PAUSE)


def _store(webhook_id: int, one: Told, heard: Heard) -> None:
    """Keep what came of a try; after the last one the webhook is switched off, unless it took something meanwhile."""
    now = clock.now()
    with unscoped("what came of a delivery") as house:
        row = house.get_one(WebhookDelivery, one.id, with_for_update=True)
        row.status_code, row.seconds, row.problem, row.answer = heard.status, heard.seconds, heard.problem, heard.answer  # fmt: skip
        row.claimed_at, row.due_at = None, now + _pause(one.tries)
        webhook = house.get_one(Webhook, webhook_id)
        if heard.is_sent:
            # each try is one: a target that never answered may have read it
            house.add_all(looks.events(one.seen, webhook.user_id, webhook.name))
        if heard.is_delivered:
            row.state, row.delivered_at = DeliveryState.DELIVERED, now
            webhook.last_delivered_at = now
        elif one.tries < MOST_TRIES:
            row.state = DeliveryState.WAITING
        else:
            row.state = DeliveryState.FAILED
            if webhook.last_delivered_at is None or webhook.last_delivered_at < row.created_at:
                webhook.is_off, webhook.stopped_at, webhook.stopped_because = True, now, "failing"
                stopped.tell(house, webhook)


def _stop(webhook_id: int, reason: str) -> int:
    """Switch a webhook off that cannot be told anything; what it was to be told waits."""
    with unscoped("a webhook is switched off") as house:
        webhook = house.get_one(Webhook, webhook_id)
        webhook.is_off, webhook.stopped_at, webhook.stopped_because = True, clock.now(), reason
        stopped.tell(house, webhook)
        ours = WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.state == DeliveryState.SENDING
        waits = update(WebhookDelivery).where(*ours)
        house.execute(
            waits.values(state=DeliveryState.WAITING, claimed_at=None, tries=WebhookDelivery.tries - 1)
        )
    return 0
