"""One POST to an address that was judged: no redirect is followed, and after some seconds it is cut, whatever it does."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from app.core.webhooks.addresses import Forbidden, Target, Unknown, parse, resolve

SECONDS = 10.0
"""So long a target may take for everything: connecting, reading what is told and answering."""
HEARD = 2000
"""Bytes of an answer that are read; the rest is not waited for."""


@dataclass(frozen=True)
class Heard:
    """What came of a try: the status and the beginning of the answer, or the problem that there was."""

    status: int | None
    answer: str
    seconds: float
    problem: str | None

    @property
    def is_delivered(self) -> bool:
        return self.problem is None


def post(url: str, headers: Mapping[str, str], body: bytes) -> Heard:
    """Send it. Never raises for what a target or the network does; the problem says it."""
    started = time.monotonic()
    status, answer, problem = _try(url, headers, body)
    return Heard(status, answer, round(time.monotonic() - started, 3), problem)


def _try(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int | None, str, str | None]:
    until = time.monotonic() + SECONDS
    try:
        target = parse(url)
        return _exchange(_connect(target, until), target, headers, body, until)
    except Forbidden:
        return None, "", "forbidden"
    except Unknown:
        return None, "", "unknown"
    except ssl.SSLError:
        return None, "", "tls"
    except TimeoutError:
        return None, "", "timeout"
    except (OSError, http.client.HTTPException):
        # a connection that the watch below has cut ends in any of these
        return None, "", "timeout" if time.monotonic() >= until else "connection"


def _connect(target: Target, until: float) -> socket.socket:
    """A connection to the first judged address that takes one, with TLS in the host's name for https."""
    failure: OSError = OSError()
    for address in resolve(target):
        try:
            raw = socket.create_connection((address, target.port), timeout=max(0.1, until - time.monotonic()))
        except OSError as error:
            failure = error
            continue
        if target.scheme == "http":
            return raw
        return ssl.create_default_context().wrap_socket(raw, server_hostname=target.host)
    raise failure


def _exchange(
    connected: socket.socket, target: Target, headers: Mapping[str, str], body: bytes, until: float
) -> tuple[int | None, str, str | None]:
    # a target that sends a byte now and then never meets the socket's own limit
    watch = threading.Timer(max(0.1, until - time.monotonic()), _cut, (connected,))
    watch.daemon = True
    watch.start()
    try:
        call = http.client.HTTPConnection(target.host, target.port)
        call.sock = connected
        call.request("POST", target.path, body, {"Host": target.name, **headers})
        heard = call.getresponse()
        answer = heard.read(HEARD).decode("utf-8", "replace").replace("\x00", "")[:500]
        problem = None if 200 <= heard.status < 300 else "redirect" if 300 <= heard.status < 400 else "status"
        return heard.status, answer, problem
    finally:
        watch.cancel()
        connected.close()


def _cut(connected: socket.socket) -> None:
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        connected.close()
