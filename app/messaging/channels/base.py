"""What every provider of messages looks like: one verb, one error, and an outcome that may be unknown."""

from __future__ import annotations

import dataclasses
import typing
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self

CHANNELS: dict[str, type[Channel]] = {}
"""Every provider by the name used in settings and stored beside each message."""


@dataclass(frozen=True)
class Attached:
    """A file that goes with a mail."""

    name: str
    media_type: str
    content: bytes = dataclasses.field(repr=False)


@dataclass(frozen=True)
class Message:
    """One message to one number or address.

    `reference` is ours and never changes between tries; it is what a provider's later receipt is matched
    by when the answer to the submission was lost. `to` is in E.164, of mail an address; `sender` replaces the
    channel's own source address. Only mail has a subject and files.
    """

    reference: str
    to: str
    text: str
    sender: str = ""
    subject: str = ""
    files: tuple[Attached, ...] = ()


@dataclass(frozen=True)
class Receipt:
    """The provider took the message. `provider_ids` has one id for each part, in order."""

    reference: str
    provider_ids: tuple[str, ...]
    channel: str

    @property
    def parts(self) -> int:
        """How many short messages were used."""
        return len(self.provider_ids)


class ChannelError(Exception):
    """The message was not sent.

    `is_permanent` tells that trying again cannot help (a number that does not exist). `provider_ids` names
    parts of the message that were taken all the same before a later part was refused.
    """

    def __init__(self, reason: str, *, permanent: bool, provider_ids: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_permanent = permanent
        self.provider_ids = provider_ids


class UnknownOutcome(Exception):
    """The message left us and no answer came; it may have been sent, so it is never repeated silently.

    `pending` holds the short reference of each part without an answer: the provider's delivery report
    carries it together with the number (see `DeliveryReport.short_reference`). `provider_ids` are those of
    the parts that were answered.
    """

    def __init__(self, reason: str, *, pending: tuple[int, ...], provider_ids: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.pending = pending
        self.provider_ids = provider_ids


Outcome = Receipt | ChannelError | UnknownOutcome


class DeliveryState(StrEnum):
    """What became of a message that the provider took."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True)
class DeliveryReport:
    """The provider tells what became of one part.

    `code` is the provider's own word (DELIVRD, UNDELIV, EXPIRED, …) and `error` its error number.
    `short_reference` is there when the provider returns our reference.
    """

    provider_id: str
    state: DeliveryState
    code: str
    error: str
    number: str
    short_reference: int | None = None
    at: datetime | None = None
    """As the provider wrote it; it has no zone."""


@dataclass(frozen=True)
class Inbound:
    """Somebody wrote to us. A long text arrives in several: same `group`, `part` of `parts`."""

    number: str
    to: str
    text: str
    part: int = 1
    parts: int = 1
    group: int | None = None


Event = DeliveryReport | Inbound


def overall(states: Iterable[DeliveryState]) -> DeliveryState:
    """What became of a message of several parts: delivered when all are, failed as soon as one is.

    >>> overall([DeliveryState.DELIVERED, DeliveryState.PENDING]).value
    'pending'
    """
    found = set(states)
    if DeliveryState.FAILED in found:
        return DeliveryState.FAILED
    return DeliveryState.DELIVERED if found == {DeliveryState.DELIVERED} else DeliveryState.PENDING


@dataclass(frozen=True)
class NoSettings:
    """For a provider that has nothing to set."""


class Channel(ABC):
    """A provider of messages. A subclass registers itself: `class SmsAcme(Channel, name="acme")`.

    Used by one thread at a time. `Settings` is a dataclass of texts, numbers and flags; every field without
    a default must be set.
    """

    name: ClassVar[str]
    Settings: ClassVar[type[Any]] = NoSettings

    def __init_subclass__(cls, name: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if name:
            cls.name = name
            CHANNELS[name] = cls

    def __init__(self, settings: Any = None) -> None:
        self.settings = self.Settings() if settings is None else settings

    @classmethod
    def from_settings(cls, values: Mapping[str, str]) -> Self:
        """Build from texts; raises ValueError naming the setting that is missing, unknown or wrong."""
        return cls(read_settings(cls.Settings, values, cls.name))

    @abstractmethod
    def send(self, message: Message) -> Receipt:
        """Send one message and wait for the provider's answer; raises ChannelError or UnknownOutcome."""

    def send_many(self, messages: Iterable[Message]) -> Iterator[tuple[Message, Outcome]]:
        """Send many and yield each with its outcome as it becomes known, in any order.

        Messages are taken from the iterable only as fast as they can be sent. Between two outcomes the
        caller may read `events`.
        """
        for message in messages:
            try:
                yield message, self.send(message)
            except (ChannelError, UnknownOutcome) as outcome:
                yield message, outcome

    def events(self, wait: float = 0.0) -> Iterator[list[Event]]:
        """Delivery reports and inbound messages, in batches, for at most `wait` seconds.

        A batch is acknowledged to the provider when the next one is asked for: store it first. What was
        not acknowledged comes again, so storing must bear repetition.
        """
        del wait
        return iter(())

    def close(self) -> None:  # noqa: B027 - most providers keep no connection
        """Leave the provider; the channel may be used again and then connects anew."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


_FLAGS = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)


def read_settings(kind: type[Any], values: Mapping[str, str], channel: str) -> Any:
    """Turn texts into the dataclass of a channel's settings."""
    fields = {field.name: field for field in dataclasses.fields(kind)}
    if unknown := sorted(set(values) - set(fields)):
        raise ValueError(f"Channel {channel} has no setting {unknown[0]!r}; it has: {', '.join(fields)}.")
    required = [n for n, f in fields.items() if f.default is dataclasses.MISSING and not values.get(n)]
    if required:
        raise ValueError(f"Channel {channel} needs the setting {required[0]!r}.")
    types = typing.get_type_hints(kind)
    return kind(**{name: _setting(channel, name, types[name], text) for name, text in values.items() if text})


def _setting(channel: str, name: str, kind: type[Any], text: str) -> Any:
    try:
        return _FLAGS[text.strip().lower()] if kind is bool else kind(text)
    except (KeyError, ValueError):
        raise ValueError(f"Setting {name!r} of channel {channel} cannot be {text!r}.") from None
