"""A real mail server that keeps what it is sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from socket import socket
from typing import Any

from aiosmtpd.controller import Controller

from app.messaging.channels import Channel, open_channel


@dataclass
class Postbox:
    """What a mail server took, and what it answers."""

    mails: list[Any] = field(default_factory=list)
    answer: str = "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  as aiosmtpd names it
        if self.answer.startswith("250"):
            self.mails.append(
                (envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default))
            )
        return self.answer


@contextmanager
def open_postbox() -> Iterator[tuple[Postbox, Controller]]:
    """The server at work on a free port."""
    box = Postbox()
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = Controller(box, hostname="127.0.0.1", port=port)
    running.start()
    yield box, running
    running.stop()


def way_to(server: Controller) -> Channel:
    """The channel that leads there."""
    said = {"url": f"smtp://127.0.0.1:{server.port}", "sender": "Loandesk <desk@bank.example>"}
    return open_channel("smtp", said)
