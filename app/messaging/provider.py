"""The providers of short messages and of mail that the environment names, open for as long as the process lives."""

from __future__ import annotations

from functools import lru_cache

import config
from app.messaging.channels import Channel, open_channel
from app.messaging.dispatch import serve as serve_channel

SECONDS = 50
"""How long a provider that tells of deliveries is listened to before other jobs have their turn."""


@lru_cache
def sms() -> Channel:
    """The channel for short messages. Raises ValueError naming a setting that is missing or wrong."""
    if config.SMS_PROVIDER != "smpp":
        return open_channel(config.SMS_PROVIDER)
    given = {
        "host": config.SMPP_HOST, "port": config.SMPP_PORT, "system_id": config.SMPP_SYSTEM_ID,
        "password": config.SMPP_PASSWORD, "source": config.SMPP_SOURCE, "window": config.SMPP_WINDOW,
        "rate": config.SMPP_PER_SECOND,
    }  # fmt: skip
    return open_channel("smpp", {name: str(value) for name, value in given.items()})


@lru_cache
def mail() -> Channel:
    """The channel for mail; without a server it is only written down. Raises ValueError naming a wrong setting."""
    if not config.SMTP_URL:
        return open_channel("log")
    return open_channel("smtp", {"url": config.SMTP_URL, "sender": config.MAIL_FROM})


def serve() -> int:
    """Send what is due and receive what came; how many messages were sent."""
    return serve_channel(sms(), SECONDS)
