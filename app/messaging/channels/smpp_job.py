"""One message on its way over SMPP: its parts, and what is known of each."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

import smpp34

from app.messaging.channels.base import ChannelError, Message, Outcome, Receipt, UnknownOutcome
from app.messaging.channels.smpp_pdu import USER_MESSAGE_REFERENCE
from app.messaging.segments import Encoding, segments

if TYPE_CHECKING:
    from app.messaging.channels.smpp_line import SmppSettings

_UCS2 = 8
_HAS_HEADER = 0x40
_REPORT_WANTED = 1
_INTERNATIONAL, _ISDN = 1, 1
_NUMBER = re.compile("[0-9]{3,20}")


def short_reference(reference: str, part: int) -> int:
    """The 16 bits by which a provider's report names a part of our message; telling together with the number.

    >>> short_reference("1001", 0), short_reference("1001", 1)
    (45802, 33404)
    """
    return zlib.crc32(f"{reference}/{part}".encode()) & 0xFFFF


class Job:
    """The parts of one message and the state of each. Raises ValueError for a message that cannot be sent."""

    def __init__(self, message: Message, settings: SmppSettings) -> None:
        self.message = message
        self._number = message.to.removeprefix("+")
        if not _NUMBER.fullmatch(self._number):
            raise ValueError(f"{message.to!r} is no telephone number.")
        cut = segments(message.text)
        self.parts = cut.with_headers(zlib.crc32(message.reference.encode()))
        self._coding = _UCS2 if cut.encoding is Encoding.UCS2 else 0
        self._settings = settings
        self._ids: list[str] = [""] * len(self.parts)
        self._open = len(self.parts)
        self._pending: list[int] = []
        self._refusal = self._loss = ""
        self._is_permanent = False
        self._throttled_at: float | None = None

    @property
    def is_refused(self) -> bool:
        """A part was refused, so the others that have not left yet stay."""
        return bool(self._refusal)

    def submission(self, part: int, sequence: int) -> bytes:
        """The bytes of the submission of one part."""
        reference = short_reference(self.message.reference, part).to_bytes(2, "big")
        return smpp34.SubmitSm(
            self.message.sender or self._settings.source,
            self._number,
            self.parts[part],
            source_addr_ton=self._settings.source_ton,
            source_addr_npi=self._settings.source_npi,
            dest_addr_ton=_INTERNATIONAL,
            dest_addr_npi=_ISDN,
            esm_class=_HAS_HEADER if len(self.parts) > 1 else 0,
            data_coding=self._coding,
            registered_delivery=_REPORT_WANTED,
            tlvs=[smpp34.Tlv(USER_MESSAGE_REFERENCE, reference)],
            sequence_number=sequence,
        ).encode()

    def may_wait(self, now: float, patience: float) -> bool:
        """Whether the message has not been told to slow down for longer than that many seconds."""
        self._throttled_at = now if self._throttled_at is None else self._throttled_at
        return now - self._throttled_at < patience

    def taken(self, part: int, provider_id: str) -> None:
        """The provider took this part."""
        self._ids[part] = provider_id
        self._throttled_at = None

    def refused(self, reason: str, *, permanent: bool) -> None:
        """A part was not taken, and will not be."""
        self._refusal = self._refusal or reason
        self._is_permanent = self._is_permanent or permanent

    def lost(self, part: int, reason: str) -> None:
        """This part left us and will never be answered."""
        self._pending.append(short_reference(self.message.reference, part))
        self._loss = self._loss or reason

    def settle(self) -> bool:
        """One part less to wait for; true when it was the last."""
        self._open -= 1
        return not self._open

    def outcome(self, channel: str) -> Outcome:
        """What became of the whole message."""
        ids = tuple(each for each in self._ids if each)
        if self._pending:
            return UnknownOutcome(self._loss, pending=tuple(self._pending), provider_ids=ids)
        if self._refusal:
            # a person who has a piece of it would get that piece again, so the rest is not tried once more
            return ChannelError(self._refusal, permanent=self._is_permanent or bool(ids), provider_ids=ids)
        return Receipt(self.message.reference, tuple(self._ids), channel)
