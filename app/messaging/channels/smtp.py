"""Mail over SMTP (RFC 5321), with TLS from the start (smtps) or as soon as the server offers it."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as FORM
from email.utils import formatdate
from urllib.parse import SplitResult, unquote, urlsplit

from app.core import clock
from app.messaging.channels.base import Channel, ChannelError, Message, Outcome, Receipt, UnknownOutcome

PORTS = {"smtp": 587, "smtps": 465}
_TAKEN, _WAIT, _REFUSED = 250, 400, 500
"""Replies: it has the text; from here on something is wrong; from here on it is so for good (RFC 5321, 4.2.1)."""


@dataclass(frozen=True)
class SmtpSettings:
    """Where mail goes out and under whose address."""

    url: str
    sender: str
    timeout: int = 20


class SmtpChannel(Channel, name="smtp"):
    """A mail server. One connection carries everything that is sent together.

    The outcome is unknown only where the connection breaks after the text was handed over and before the server
    said that it has it.
    """

    Settings = SmtpSettings
    settings: SmtpSettings

    def __init__(self, settings: SmtpSettings) -> None:
        super().__init__(settings)
        self._place = _place(settings.url)
        self._server: smtplib.SMTP | None = None

    def send(self, message: Message) -> Receipt:
        mail = _written(message, message.sender or self.settings.sender)
        server = self._connected()
        self._told(lambda: server.mail(mail["From"]))
        self._told(lambda: server.rcpt(message.to))
        try:
            code, said = server.data(mail.as_bytes(policy=FORM))
        except smtplib.SMTPDataError as error:
            raise self._refusal(error.smtp_code, error.smtp_error) from error
        except OSError as error:
            self.close()
            raise UnknownOutcome(str(error), pending=()) from error
        if code != _TAKEN:
            raise self._refusal(code, said)
        return Receipt(message.reference, (str(mail["Message-ID"]),), self.name)

    def send_many(self, messages: Iterable[Message]) -> Iterator[tuple[Message, Outcome]]:
        try:
            yield from super().send_many(messages)
        finally:
            self.close()

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            try:
                self._server = self._open()
            except smtplib.SMTPAuthenticationError as error:
                raise ChannelError(_words(error.smtp_error), permanent=False) from error
            except OSError as error:
                raise ChannelError(str(error), permanent=False) from error
        return self._server

    def _open(self) -> smtplib.SMTP:
        kind = smtplib.SMTP_SSL if self._place.scheme == "smtps" else smtplib.SMTP
        host, port = self._place.hostname or "", self._place.port or PORTS[self._place.scheme]
        server = kind(host, port, timeout=self.settings.timeout)
        server.ehlo()
        if kind is smtplib.SMTP and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if self._place.username:
            server.login(unquote(self._place.username), unquote(self._place.password or ""))
        return server

    def _told(self, command: Callable[[], tuple[int, bytes]]) -> None:
        """Give a command; raises ChannelError for a refusal, after which the connection is good for the next mail."""
        try:
            code, said = command()
        except OSError as error:
            self.close()
            raise ChannelError(str(error), permanent=False) from error
        if code >= _WAIT:
            raise self._refusal(code, said)

    def _refusal(self, code: int, said: bytes | str) -> ChannelError:
        self.close()
        return ChannelError(f"{code} {_words(said)}", permanent=code >= _REFUSED)


def _words(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def _place(url: str) -> SplitResult:
    """The server's address. Raises ValueError that says how one is written."""
    place = urlsplit(url)
    if place.scheme not in PORTS or not place.hostname:
        raise ValueError(
            "SMTP_URL is written smtp://user:password@host:587 or smtps://user:password@host:465."
        )
    return place


def _written(message: Message, sender: str) -> EmailMessage:
    """The mail; its number is made of our reference, so that a server that gets it twice can tell."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, message.to, " ".join(message.subject.split())
    mail["Date"] = formatdate(clock.now().timestamp())
    mail["Message-ID"] = f"<{message.reference}@{sender.rpartition('@')[2].strip('> ') or 'loandesk'}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    for one in message.files:
        kind, _slash, sort = one.media_type.partition("/")
        mail.add_attachment(one.content, maintype=kind, subtype=sort, filename=one.name)
    return mail
