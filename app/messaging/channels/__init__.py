"""One class per provider. A new one is a file here with a subclass of `Channel`, and a setting."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

from app.messaging.channels.base import (
    CHANNELS,
    Attached,
    Channel,
    ChannelError,
    DeliveryReport,
    DeliveryState,
    Inbound,
    Message,
    Outcome,
    Receipt,
    UnknownOutcome,
    overall,
)

__all__ = [
    "CHANNELS",
    "Attached",
    "Channel",
    "ChannelError",
    "DeliveryReport",
    "DeliveryState",
    "Inbound",
    "Message",
    "Outcome",
    "Receipt",
    "UnknownOutcome",
    "open_channel",
    "overall",
]


def open_channel(name: str, settings: Mapping[str, str] | None = None) -> Channel:
    """The channel of that name, set up but not yet connected.

    Settings are texts by the name of the field in the channel's `Settings`, as they come from the
    environment. Raises ValueError that names the unknown channel or the wrong setting.
    """
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    if name not in CHANNELS:
        raise ValueError(f"There is no channel {name!r}; known are: {', '.join(sorted(CHANNELS))}.")
    return CHANNELS[name].from_settings(settings or {})
