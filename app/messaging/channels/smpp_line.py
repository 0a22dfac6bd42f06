"""The line to an SMSC through good and bad times: opened on first use, opened again with growing pauses."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.messaging.channels import smpp_pdu as pdu
from app.messaging.channels.smpp_link import Address, BindRefused, Link, LinkLost, Patience

log = logging.getLogger(__name__)

FIRST_DELAY, LONGEST_DELAY = 0.1, 5.0


def longer(delay: float) -> float:
    """The next pause: twice the last one, between a tenth of a second and five."""
    return min(max(delay * 2, FIRST_DELAY), LONGEST_DELAY)


@dataclass(frozen=True)
class SmppSettings:
    """How to reach the SMSC and how fast it may be fed. Times are seconds."""

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    source: str
    source_ton: int = 5
    source_npi: int = 0
    system_type: str = ""
    window: int = 50
    rate: float = 0.0
    """Parts a second; 0 for no limit of ours."""
    tls: bool = False
    ca_file: str = ""
    hex_ids: bool = False
    """The provider gives ids in hexadecimal when it takes a message and in decimal in its reports."""
    connect_wait: float = 10.0
    answer_wait: float = 30.0
    silence: float = 30.0
    reconnect_for: float = 60.0
    throttled_for: float = 120.0

    def open(self, clock: Callable[[], float]) -> Link:
        """Connect and bind; raises LinkLost."""
        address = Address(
            host=self.host,
            port=self.port,
            system_id=self.system_id,
            password=self.password,
            system_type=self.system_type,
            is_tls=self.tls,
            ca_file=self.ca_file,
        )
        return Link(address, Patience(self.connect_wait, self.answer_wait, self.silence), clock)


class Line:
    """Holds the one link and decides when to try for another."""

    def __init__(self, settings: SmppSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings = settings
        self.link: Link | None = None
        self.reason = ""
        """Why there is no link, for people."""
        self._clock = clock
        self._is_final = False
        self._is_proven = False
        self._down_since: float | None = None
        self._retry_at = self._retry_delay = 0.0

    @property
    def is_given_up(self) -> bool:
        """There is no link, and waiting for one is no use to a message."""
        if self.link or self._down_since is None:
            return False
        return self._is_final or self._clock() - self._down_since >= self.settings.reconnect_for

    def ready(self, wait: float) -> Link | None:
        """The link, opened if it is time to; None after a failure or a pause of at most `wait` seconds."""
        if self.link:
            return self.link
        pause = self._retry_at - self._clock()
        if pause > 0:
            time.sleep(min(wait, pause))
            return None
        try:
            self.link = self.settings.open(self._clock)
        except LinkLost as lost:
            self._is_final = isinstance(lost, BindRefused) and lost.status != pdu.ALREADY_BOUND
            self._note_down(str(lost))
        self._is_proven = False
        return self.link

    def heard(self) -> None:
        """The peer said something, so this link works."""
        self._is_proven = True

    def lost(self, reason: str) -> None:
        """Drop the link. One that never said a word counts as a failure to connect."""
        if self.link:
            self.link.drop()
            self.link = None
        if self._is_proven:
            self._down_since, self._retry_delay = None, 0.0
        self._is_final = False
        self._note_down(reason)

    def leave(self) -> None:
        """Unbind in good order."""
        if self.link:
            self.link.unbind()
            self.link = None

    def _note_down(self, reason: str) -> None:
        log.warning("SMPP: %s", reason)
        self.reason = reason
        now = self._clock()
        self._down_since = now if self._down_since is None else self._down_since
        self._retry_delay = longer(self._retry_delay)
        self._retry_at = now + self._retry_delay
