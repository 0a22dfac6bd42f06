"""Addresses of other programs that are told what happens here, and every telling with what came of it."""

from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.entity import Entity, link
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import Choice, Code, Count, CreatedAt, Digest, Flag, Instant, Line, Name, choice

_TRACE = {"is_trace": True}


class Webhook(Entity):
    """The address of a program that is told of new, changed and deleted records of one kind, as its owner may see them."""

    __scope__ = Scope.house("tells other programs what happens in the house")

    name: Mapped[Name]
    url: Mapped[Line]
    user_id: Mapped[int] = link("user")
    """Whose scope and role decide what is told; nothing is told that he could not open himself."""
    entity: Mapped[Code] = mapped_column(info={"words": "webhook_entity"}, index=True)
    is_told_of_new: Mapped[Flag]
    is_told_of_changes: Mapped[Flag]
    is_told_of_removals: Mapped[Flag]
    is_called_by_rules: Mapped[Flag]
    conditions: Mapped[Line | None] = mapped_column(info={"filters_of": "entity", "follows": "entity"})
    is_off: Mapped[Flag]
    salt: Mapped[Digest] = mapped_column(server_default=text("uuid_send(gen_random_uuid())"))
    """Chance from which the secret is made together with SECRET_KEY, which the database never sees: neither a copy
    of the database nor a look into it gives what signs."""
    stopped_at: Mapped[Instant | None]
    stopped_because: Mapped[Code | None] = mapped_column(info={"words": "webhook_stop"})
    last_delivered_at: Mapped[Instant | None] = mapped_column(info=dict(_TRACE))

    __screen__ = Screen(
        help=_(
            "Addresses of other programs that are told of new, changed and deleted records of one kind. Only what the named"
            " user may see is told, and each telling is signed. One that fails for long is switched off and says why; what "
            "was told stands on its page."
        ),
        guide="programs use-the-api",
        menu=_("Administration"), title=_("Webhooks"), icon="send", position=80, is_for_people=True,
        list="name url entity user is_off last_delivered_at stopped_because",
        form={_("Webhook"): "name url is_off",
              _("What is told"): "entity user conditions is_told_of_new is_told_of_changes is_told_of_removals is_called_by_rules"},
        show={_("Webhook"): "name url is_off stopped_because stopped_at last_delivered_at",
              _("What is told"): "entity user conditions is_told_of_new is_told_of_changes is_told_of_removals is_called_by_rules"},
        filters="name url entity user is_off stopped_because", search="name url", order="name", tabs="webhook_delivery",
        labels={"url": _("Address"), "is_off": _("Switched off"), "entity": _("Kind of record"), "is_told_of_new": _("New ones"), "user": _("As seen by"),
                "is_told_of_changes": _("Changes"), "is_told_of_removals": _("Deletions"), "is_called_by_rules": _("What rules send here"),
                "conditions": _("Only if"),
                "stopped_because": _("Switched off because"), "stopped_at": _("Switched off at")},
        hints={"url": _("It begins with https; inside one's own network only hosts that the installation allows"),
               "user": _("What this user may not see is not told"),
               "conditions": _("Written as the filters in the address of the list; empty: always")},
    )  # fmt: skip


class DeliveryState(Choice):
    """How far a telling has come."""

    WAITING = "waiting", _("Waiting"), "secondary"
    SENDING = "sending", _("Sending"), "blue"
    DELIVERED = "delivered", _("Delivered"), "green"
    FAILED = "failed", _("Failed"), "red"
    UNTOLD = "untold", _("Not to be told"), "secondary"


class WebhookDelivery(Entity):
    """One change of one row that a program is told of: stored with the change, sent afterwards, with what came of it."""

    __scope__ = Scope.house("what other programs were told, and what they answered")
    __history__ = False
    __table_args__ = (
        Index("ix_webhook_delivery_row", "webhook_id", "row_id"),
        Index("ix_webhook_delivery_open", "webhook_id", "due_at", postgresql_where=text("state IN ('waiting', 'sending')")),
    )  # fmt: skip

    webhook_id: Mapped[int] = link("webhook", ondelete="CASCADE", index=False)
    number: Mapped[Code] = mapped_column(
        unique=True, server_default=text("'msg_' || replace(gen_random_uuid()::text, '-', '')")
    )
    """The `webhook-id`: the same at each try, so that who hears it twice knows."""
    entity: Mapped[Code] = mapped_column(info={"words": "entity"})
    row_id: Mapped[int] = mapped_column(BigInteger, info={"kind": "number", "of": "entity"})
    event: Mapped[Code] = mapped_column(info={"words": "webhook_event"})
    state: Mapped[DeliveryState] = choice(DeliveryState, default=DeliveryState.WAITING)
    tries: Mapped[Count] = mapped_column(default=0, server_default="0")
    due_at: Mapped[CreatedAt]
    claimed_at: Mapped[Instant | None]
    status_code: Mapped[Count | None]
    seconds: Mapped[float | None] = mapped_column(Numeric(10, 3), info={"kind": "number"})
    problem: Mapped[Code | None] = mapped_column(info={"words": "webhook_problem"})
    answer: Mapped[Line | None]
    created_at: Mapped[CreatedAt]
    delivered_at: Mapped[Instant | None]

    __screen__ = Screen(
        title=_("Webhook deliveries"), icon="send", operations="",
        list="created_at webhook event entity row_id state tries status_code seconds problem",
        show={_("Delivery"): "webhook number event entity row_id created_at state delivered_at",
              _("Last try"): "tries due_at status_code seconds problem answer"},
        filters="webhook event entity row_id state problem status_code created_at", search="number",
        labels={"row": _("Record"), "due_at": _("Next try at"), "created_at": _("At"), "number": _("Number of the event"),
                "status_code": _("Status of the answer"), "claimed_at": _("Taken up at")},
    )  # fmt: skip
