"""Webhooks: what may be typed of one, its secret, and telling again."""

import secrets
from contextlib import suppress

from flask import current_app
from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.core import clock, codes, form_rules, once, registry
from app.core.errors import RuleError
from app.core.history_triggers import is_told
from app.core.labels import column_label
from app.core.once import Once
from app.core.operation import operation
from app.core.org import Webhook, WebhookDelivery
from app.core.org.webhooks import DeliveryState
from app.core.rules import runner
from app.core.web.principal import need_rights_of
from app.core.webhooks import addresses, signing, telling

_TOLD = (
    "url user_id entity conditions is_told_of_new is_told_of_changes is_told_of_removals is_called_by_rules"
)
"""What is told to whom."""

codes.add(
    "webhook_event",
    {
        "created": _("New"),
        "changed": _("Changed record"),
        "deleted": _("Deleted record"),
        "rule": _("By a rule"),
    },
)
codes.add(
    "webhook_problem",
    {
        "timeout": _("No answer within ten seconds"),
        "connection": _("No connection"),
        "tls": _("The certificate is not good"),
        "unknown": _("Nothing is known by this name"),
        "forbidden": _("The address leads inside one's own network"),
        "redirect": _("It answered with another address, which is not followed"),
        "status": _("It answered with an error"),
        "fault": _("The program failed at it"),
    },
)
codes.add(
    "webhook_stop",
    {
        "failing": _("It took nothing for a day"),
        "owner": _("The login of the user as whom it sees is closed"),
        "conditions": _("Its conditions name something that is not there for its user"),
    },
)


@form_rules.fill(Webhook)
def has_a_secret(_session: Session, webhook: Webhook, _user_id: int | None) -> None:
    """A new webhook signs with a secret of its own."""
    webhook.salt = secrets.token_bytes(32)
    once.tell(webhook, _secret(webhook))


def _secret(webhook: Webhook) -> str:
    return signing.secret_of(webhook.salt, str(current_app.config["SECRET_KEY"]))


@form_rules.check(Webhook, about="url")
def leads_outside(_session: Session, webhook: Webhook) -> object:
    """The address may be called; one whose name is not known yet is taken with a warning."""
    webhook.url = webhook.url.strip()
    try:
        addresses.resolve_soon(addresses.parse(webhook.url))
    except addresses.Unknown as error:
        return error.message
    return None


@form_rules.check(Webhook, about="entity")
def stays_with_its_kind(_session: Session, webhook: Webhook) -> None:
    """What waits and what was told bears numbers of one kind of record, and rules call it for that kind."""
    if inspect(webhook).persistent:
        names = column_label(Webhook, "entity")
        raise RuleError(_("Said when a record is added and never changed: %(names)s", names=names), "entity")


@form_rules.check(
    Webhook,
    about="entity user_id conditions is_told_of_new is_told_of_changes is_told_of_removals is_called_by_rules",
)
def tells_something(_session: Session, webhook: Webhook) -> None:
    """It names at least one event, and conditions that the list of its records takes."""
    told = webhook.is_told_of_new, webhook.is_told_of_changes, webhook.is_told_of_removals
    if not any((*told, webhook.is_called_by_rules)):
        raise RuleError(_("Choose at least one of them"), "is_told_of_new")
    for flag, event in (("is_told_of_changes", "changed"), ("is_told_of_removals", "deleted")):
        if getattr(webhook, flag) and not is_told(registry.entity(webhook.entity), event):
            raise RuleError(_("This does not happen with such records"), flag)
    try:
        telling.where(webhook.entity, webhook.conditions)
        # a field may be hidden from the role in which it sees
        with suppress(runner.NobodyThere), runner.acting(webhook):
            telling.where(webhook.entity, webhook.conditions)
    except RuleError as error:
        raise RuleError(error.message, "conditions") from error


@form_rules.check(Webhook, about=f"is_off {_TOLD}")
def may_see_no_more_than_its_author(_session: Session, webhook: Webhook) -> None:
    """What its user sees goes to an address that its author chose; anybody who may edit it switches it off."""
    if not webhook.is_off or form_rules.changed(webhook, *_TOLD.split()):
        need_rights_of(webhook.user_id)


@form_rules.check(Webhook, about="is_off")
def begins_anew(_session: Session, webhook: Webhook) -> None:
    """Switched on again, it has no reason to be off."""
    if not webhook.is_off:
        webhook.stopped_at = webhook.stopped_because = None


@operation(
    Webhook, _("New secret"), icon="key", is_bulk=False, is_for_people=True, house="a webhook gets another secret",
    intro=_("From this moment on everything is signed with the new secret, what waits, too."),
)  # fmt: skip
def renew_secret(_house: Session, webhook: Webhook) -> Once:
    """Another secret, in place of one that somebody else may know."""
    webhook.salt = secrets.token_bytes(32)
    return Once(gettext("%(name)s has a new secret", name=webhook.name), _secret(webhook))


@operation(
    WebhookDelivery, _("Send again"), icon="send", house="a delivery is sent again",
    is_offered=lambda delivery: delivery.state != DeliveryState.SENDING,
)  # fmt: skip
def send_again(_house: Session, delivery: WebhookDelivery) -> str:
    """Tell it once more under the same number, as the row stands then."""
    if delivery.state == DeliveryState.SENDING:
        raise RuleError(_("It is being sent at this moment"))
    delivery.state, delivery.due_at, delivery.tries = DeliveryState.WAITING, clock.now(), 0
    return gettext("It is sent within some seconds")
