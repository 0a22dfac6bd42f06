"""One POST to an address that was judged: no redirect is followed, and after some seconds it is cut, whatever it does."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from app.core.webhooks.addresses import Forbidden, Target, Unknown, parse, resolve_soon

SECONDS = 10.0
"""So long a target may take for everything: its name, connecting, the handshake, reading what is told and answering."""
HEARD = 2000
"""Bytes of an answer that are read; the rest is not waited for."""


@dataclass(frozen=True)
class Heard:
    """What came of a try: the status and the beginning of the answer, or the problem that there was."""

    status: int | None
    answer: str
    seconds: float
    problem: str | None
    is_sent: bool
    """Whether something of what is told may have reached the target."""

    @property
    def is_delivered(self) -> bool:
        return self.problem is None


@dataclass
class _Try:
    """One try: until when it may go on, and whether it came to the point of sending."""

    until: float
    is_sent: bool = False

    @property
    def left(self) -> float:
        return self.until - time.monotonic()

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int | None, str, str | None]:
        try:
            target = parse(url)
            return self._exchange(self._connected(target), target, headers, body)
        except Forbidden:
            return None, "", "forbidden"
        except (Unknown, OSError, http.client.HTTPException) as error:
            return None, "", self._problem(error)

    def _problem(self, error: Exception) -> str:
        # a connection that the watch below has cut ends in any of these
        if self.left <= 0 or isinstance(error, TimeoutError):
            return "timeout"
        if isinstance(error, Unknown):
            return "unknown"
        return "tls" if isinstance(error, ssl.SSLError) else "connection"

    def _connected(self, target: Target) -> socket.socket:
        """A connection to the first judged address that takes one; for https in the host's name, not shaken hands yet."""
        failure: OSError = TimeoutError()
        for address in resolve_soon(target, self.left):
            if self.left <= 0:
                break
            try:
                raw = socket.create_connection((address, target.port), timeout=self.left)
            except OSError as error:
                failure = error
                continue
            if target.scheme == "http":
                return raw
            trust = ssl.create_default_context()
            return trust.wrap_socket(raw, server_hostname=target.host, do_handshake_on_connect=False)
        raise failure

    def _exchange(
        self, connected: socket.socket, target: Target, headers: Mapping[str, str], body: bytes
    ) -> tuple[int | None, str, str | None]:
        with _watched(connected, self.left):
            if isinstance(connected, ssl.SSLSocket):
                connected.do_handshake()
            call = http.client.HTTPConnection(target.host, target.port)
            call.sock, self.is_sent = connected, True
            call.request("POST", target.path, body, {"Host": target.name, **headers})
            heard = call.getresponse()
            answer = heard.read(HEARD).decode("utf-8", "replace").replace("\x00", "")[:500]
        problem = None if 200 <= heard.status < 300 else "redirect" if 300 <= heard.status < 400 else "status"
        return heard.status, answer, problem


def post(url: str, headers: Mapping[str, str], body: bytes) -> Heard:
    """Send it. Never raises for what a target or the network does; the problem says it."""
    started = time.monotonic()
    one = _Try(started + SECONDS)
    status, answer, problem = one.send(url, headers, body)
    return Heard(status, answer, round(time.monotonic() - started, 3), problem, one.is_sent)


@contextmanager
def _watched(connected: socket.socket, seconds: float) -> Iterator[None]:
    """Cut the connection after so long: a target that sends a byte now and then never meets the socket's own limit."""
    watch = threading.Timer(max(0.0, seconds), _cut, (connected,))
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
        connected.close()


def _cut(connected: socket.socket) -> None:
    # past what ssl keeps of the connection, which another thread is using at this moment
    with suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
