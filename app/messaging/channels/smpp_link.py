"""One bound connection to an SMSC: bytes in and out, keep-alive, and what had left us when it broke."""

from __future__ import annotations

import selectors
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from app.messaging.channels import smpp_pdu as pdu

_CHUNK = 65536
_LAST_SEQUENCE = 0x7FFFFFFF


class LinkLost(Exception):
    """The connection is gone. The reason is for people."""


class BindRefused(LinkLost):
    """The provider answered the bind with a status other than OK."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the provider refused the bind: {pdu.refusal(status)}")
        self.status = status


@dataclass(frozen=True)
class Address:
    """Where and as whom to bind."""

    host: str
    port: int
    system_id: str
    password: str
    system_type: str = ""
    is_tls: bool = False
    ca_file: str = ""


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for a connection, for an answer, and in silence before the peer is asked to speak."""

    connect: float = 10.0
    answer: float = 30.0
    silence: float = 30.0


class Link:
    """A bound connection. `exchange` moves bytes both ways; everything else only queues.

    It knows for every queued unit whether its last byte was handed to the operating system, which is the
    difference between a message that was surely not sent and one of which nobody can know.
    """

    def __init__(
        self, address: Address, patience: Patience, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._patience = patience
        self._is_tls = address.is_tls
        self._out = bytearray()
        self._in = bytearray()
        self._queued = self._left = 0
        self._leaving: deque[tuple[int, int]] = deque()
        self._broken = ""
        self._sequence = 0
        self._asked_at: float | None = None
        self._socket = _connect(address, patience.connect)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._heard_at = clock()
        try:
            self._early = self._bind(address)
        except LinkLost:
            self.drop()
            raise

    def next_sequence(self) -> int:
        """A number for the next unit of ours."""
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        return self._sequence

    def queue(self, data: bytes, sequence: int) -> None:
        """Put a unit behind those that wait to leave."""
        self._out += data
        self._queued += len(data)
        self._leaving.append((self._queued, sequence))

    def unwritten(self) -> set[int]:
        """Sequences of the units of which the last byte never left."""
        return {sequence for _, sequence in self._leaving}

    def flush(self) -> None:
        """Send what the connection takes at once; a failure is told by the next `exchange`."""
        while self._out and not self._broken:
            chunk = bytes(self._out[:_CHUNK])
            if self._is_tls:
                # part of it may lie in an encrypted record already on its way, even if the call says "later"
                self._note_left(self._left + len(chunk))
            try:
                count = self._socket.send(chunk)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError as error:
                # answers may still wait to be read: the loss is told when those are taken
                self._broken = str(error)
                return
            del self._out[:count]
            self._left += count
            self._note_left(self._left)

    def exchange(self, wait: float) -> list[pdu.Unit]:
        """Send what waits, wait at most so many seconds for something to arrive, and give what arrived.

        Answers to our keep-alive and the peer's keep-alive are dealt with here. Raises LinkLost once there
        is nothing left to read.
        """
        if self._early:
            early, self._early = self._early, []
            return early
        self._keep_alive()
        self.flush()
        self._watch()
        for _key, ready in self._selector.select(self._ready_in(wait)):
            if ready & selectors.EVENT_WRITE:
                self.flush()
        return [unit for unit in self._receive() if not self._is_housekeeping(unit)]

    def is_silent(self) -> bool:
        """Nothing was heard for so long that the peer must answer before it is trusted with messages."""
        return self._clock() - self._heard_at >= self._patience.silence

    def unbind(self) -> None:
        """Say goodbye, give the peer a moment to answer, and close."""
        sequence = self.next_sequence()
        self.queue(pdu.unit(pdu.UNBIND, sequence), sequence)
        until = self._clock() + 1.0
        try:
            while self._clock() < until:
                if any(unit.command == pdu.UNBIND | pdu.RESPONSE for unit in self.exchange(0.2)):
                    break
        except LinkLost:
            pass  # the peer closed instead of answering, which says the same
        self.drop()

    def drop(self) -> None:
        """Close without a word."""
        self._selector.close()
        self._socket.close()

    def _bind(self, address: Address) -> list[pdu.Unit]:
        sequence = self.next_sequence()
        self.queue(pdu.bind(sequence, address.system_id, address.password, address.system_type), sequence)
        self._early = []
        until = self._clock() + self._patience.connect
        while self._clock() < until:
            arrived = self.exchange(0.2)
            for at, unit in enumerate(arrived):
                if unit.command in {pdu.BIND_TRANSCEIVER | pdu.RESPONSE, pdu.GENERIC_NACK}:
                    if unit.status != pdu.OK:
                        raise BindRefused(unit.status)
                    return arrived[at + 1 :]
        raise LinkLost("the provider did not answer the bind")

    def _note_left(self, offset: int) -> None:
        while self._leaving and self._leaving[0][0] <= offset:
            self._leaving.popleft()

    def _watch(self) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._out and not self._broken else 0)
        if self._selector.get_key(self._socket).events != wanted:
            self._selector.modify(self._socket, wanted)

    def _ready_in(self, wait: float) -> float:
        return 0.0 if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending() else max(wait, 0.0)

    def _receive(self) -> list[pdu.Unit]:
        try:
            data = self._socket.recv(_CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            data = None
        except OSError as error:
            raise LinkLost(f"the connection broke: {error}") from None
        if data == b"":
            raise LinkLost(self._broken or "the provider closed the connection")
        if data:
            self._heard_at, self._asked_at = self._clock(), None
            self._in += data
        try:
            return pdu.units(self._in)
        except pdu.BadUnit as error:
            raise LinkLost(f"the provider sent {error}") from None

    def _is_housekeeping(self, unit: pdu.Unit) -> bool:
        if unit.command in {pdu.ENQUIRE_LINK, pdu.UNBIND}:
            self.queue(pdu.unit(unit.command | pdu.RESPONSE, unit.sequence), unit.sequence)
            self.flush()
        return unit.command in {pdu.ENQUIRE_LINK, pdu.ENQUIRE_LINK | pdu.RESPONSE, pdu.UNBIND}

    def _keep_alive(self) -> None:
        now = self._clock()
        if self._asked_at is None and self.is_silent():
            sequence = self.next_sequence()
            self.queue(pdu.unit(pdu.ENQUIRE_LINK, sequence), sequence)
            self._asked_at = now
        elif self._asked_at is not None and now - self._asked_at > self._patience.answer:
            raise LinkLost("the provider no longer answers")


def _connect(address: Address, seconds: float) -> socket.socket:
    try:
        plain = socket.create_connection((address.host, address.port), timeout=seconds)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address.is_tls:
            context = ssl.create_default_context(cafile=address.ca_file or None)
            plain = context.wrap_socket(plain, server_hostname=address.host)
    except OSError as error:
        raise LinkLost(f"cannot connect to {address.host}:{address.port}: {error}") from None
    plain.setblocking(False)  # noqa: FBT003 - the standard library's signature
    return plain
