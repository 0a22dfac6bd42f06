"""The address the web part listens on, opened before anything else so that a taken port is told at once."""

import contextlib
import errno
import socket

from app.launch.errors import LaunchError

BACKLOG = 256


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket. It stays open while web processes come and go, so callers wait, not fail.

    Raises:
        LaunchError: the port is taken (by whom, if that can be known), or the address is not ours.
    """
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise LaunchError(f"--host {host} is no address of this machine: {error.strerror}") from error
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise refusal(host, port, error) from error
    return listener


def refusal(host: str, port: int, error: OSError) -> LaunchError:
    """Say why a port cannot be had, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return LaunchError(
            f"Port {port} is in use{holder(port)}. Stop that, or choose another: --port {port + 1}"
        )
    if error.errno == errno.EACCES:
        return LaunchError(f"Port {port} is reserved for root. Choose one above 1023: --port 5000")
    return LaunchError(f"Listening on {host} port {port} failed: {error.strerror}")


def holder(port: int) -> str:
    """Who listens on a port: " by gunicorn (process 4711)"; "" when the system does not tell."""
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        for found in psutil.net_connections("tcp"):
            if found.status == psutil.CONN_LISTEN and found.laddr.port == port and found.pid:
                return f" by {psutil.Process(found.pid).name()} (process {found.pid})"
    return ""


class Probe:
    """Asks the web part for /health and waits for the answer without ever blocking."""

    def __init__(self, listener: socket.socket) -> None:
        self.family, self.address = listener.family, listener.getsockname()
        self.client: socket.socket | None = None

    def is_answered(self) -> bool:
        """Whether the application has answered with 200 by now."""
        try:
            if self.client is None:
                self.client = self.ask()
            answer = self.client.recv(64)
        except BlockingIOError:
            return False
        except OSError:
            answer = b""
        self.close()
        return answer.startswith(b"HTTP/1.1 200")

    def ask(self) -> socket.socket:
        """Send the request; the answer comes when somebody serves."""
        client = socket.socket(self.family, socket.SOCK_STREAM)
        loopback = "::1" if self.family == socket.AF_INET6 else "127.0.0.1"
        host = loopback if self.address[0] in {"0.0.0.0", "::"} else self.address[0]  # noqa: S104 - compared, not bound
        client.settimeout(5)
        client.connect((host, *self.address[1:]))
        client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        client.settimeout(0)
        return client

    def close(self) -> None:
        """Forget the request under way."""
        if self.client is not None:
            self.client.close()
            self.client = None


def shown_host(host: str) -> str:
    """The host to print in a URL.

    >>> shown_host("0.0.0.0"), shown_host("::1")
    ('127.0.0.1', '[::1]')
    """
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    return host in {"localhost", "::1"} or host.startswith("127.")
