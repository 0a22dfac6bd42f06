"""What a webhook tells of a row: the row as its owner would read it through the interface for programs, now."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, g
from flask_babel import force_locale
from sqlalchemy import ColumnElement, select

from app.core import registry
from app.core.db import unscoped, web_session
from app.core.labels import subject
from app.core.org import WebhookDelivery
from app.core.org.webhooks import DeliveryState
from app.core.web import conditions, principal
from app.core.web.looks import Seen, noted
from app.core.web.resources import readable, resource
from app.core.web.steering import business_date

GONE = "deleted"


class OwnerGone(Exception):
    """The user as whom a webhook sees has no login any more."""


@dataclass(frozen=True)
class Told:
    """One delivery ready to be sent."""

    id: int
    number: str
    tries: int
    body: bytes
    seen: Seen
    """Whose personal values stand in it in full."""


@dataclass(frozen=True)
class Waiting:
    """One delivery as it was claimed."""

    id: int
    number: str
    tries: int
    entity: str
    row_id: int
    event: str
    at: datetime


def render(
    webhook_id: int, slug: str, user_id: int, said: str | None, waiting: Sequence[Waiting]
) -> list[Told]:
    """The bodies of those that the owner may be told of now; the others are not among them. Raises OwnerGone.

    Needs an application context; takes one of its own for the owner, his scope and his language.
    """
    with current_app.app_context():
        found = principal.of_user(user_id)
        if found is None:
            raise OwnerGone
        g.user, g.principal = found
        with force_locale(found[1].language):
            rows = _rows(slug, said, {one.row_id for one in waiting if one.event != GONE})
            gone = _may_know_gone(webhook_id, slug, {one.row_id for one in waiting if one.event == GONE})
    told = []
    for one in waiting:
        if one.row_id in (gone if one.event == GONE else rows):
            row, seen = (None, {}) if one.event == GONE else rows[one.row_id]
            told.append(Told(one.id, one.number, one.tries, _body(slug, one, row), seen))
    return told


def where(slug: str, said: str | None) -> list[ColumnElement[bool]]:
    """The conditions of a webhook, written as the filters of a list's address. Raises RuleError for what is none."""
    entity = registry.entity(slug)
    found = conditions.parse(entity, conditions.written(said), principal.current())
    return conditions.where(entity, found, business_date())


def _rows(slug: str, said: str | None, ids: set[int]) -> dict[int, tuple[dict[str, Any], Seen]]:
    """The rows that the owner sees and that meet the conditions, as he reads them, each with whose numbers it shows."""
    entity = registry.entity(slug)
    if not ids or not principal.current().may("can_show", subject(entity)):
        return {}
    found = select(entity).where(entity.id.in_(ids), *where(slug, said))
    fields = readable(entity)
    shown = {}
    for row in web_session().scalars(found).unique():
        with noted() as seen:
            shown[row.id] = resource(row, fields), seen
    return shown


def _may_know_gone(webhook_id: int, slug: str, ids: set[int]) -> set[int]:
    """Whom a row belonged to cannot be asked when it is gone: who sees everything is told, and whoever knew of it."""
    entity = registry.entity(slug)
    if not ids or not principal.current().may("can_show", subject(entity)):
        return set()
    if web_session().reach.is_all or entity.__scope__.is_shared:
        return ids
    with_it = WebhookDelivery.row_id.in_(ids), WebhookDelivery.state == DeliveryState.DELIVERED
    with unscoped("what a webhook has told before") as house:
        known = select(WebhookDelivery.row_id).where(WebhookDelivery.webhook_id == webhook_id, *with_it)
        return set(house.scalars(known))


def _body(slug: str, one: Waiting, row: dict[str, Any] | None) -> bytes:
    data = {"entity": slug, "id": one.row_id, "event": one.event, **({"row": row} if row is not None else {})}
    told = {"id": one.number, "type": f"{slug}.{one.event}", "timestamp": one.at.isoformat(), "data": data}
    return json.dumps(told, ensure_ascii=False).encode()
