"""start: from the command to the first page, for somebody who has started before; and the servers alone."""

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from app.launch.paths import PROJECT
from app.launch.servers import Servers
from app.launch.settings import OURS, module
from tests.bench.database import Bench
from tests.bench.measure import Line, taken, timed

READY_SECONDS = 300.0


def start(bench: Bench) -> Iterator[Line]:
    """An empty installation of its own, started again and again; its first start is not counted."""
    folder = bench.servers.data.root / "start"
    yield Line(
        "start",
        *timed(lambda: served(folder), lambda: servers_alone(folder), budget=0),
        6,
        limit_of_figure=True,
    )


def servers_alone(folder: Path) -> float:
    """Seconds until PostgreSQL and Valkey answer."""
    servers = Servers(folder, purpose="benchmark")
    seconds = taken(servers.__enter__)
    servers.__exit__(None, None, None)
    return seconds


def served(folder: Path) -> float:
    """Seconds until `run.py` gives the login page.

    Raises:
        RuntimeError: it ended or did not answer in READY_SECONDS.
    """
    told = {name: value for name, value in os.environ.items() if name not in (*OURS, "DATABASE_ADMIN_URL")}
    words = ("serve", "--empty", "--port", "0", "--data-dir", str(folder))
    log = folder.parent / "start.log"
    began = time.perf_counter()
    with log.open("w") as output:
        process = subprocess.Popen(
            module("app.launch", *words),
            env=told | {"PYTHONPATH": str(PROJECT)},
            stdout=output,
            stderr=output,
        )
    try:
        _first_page(process, log)
        return time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _first_page(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        said = log.read_text()
        if "is ready: " in said and "Started in" in said:
            url = said.partition("is ready: ")[2].split()[0]
            with urllib.request.urlopen(f"{url}login/", timeout=60) as page:  # noqa: S310 - our own address
                page.read()
            return
        time.sleep(0.01)
    raise RuntimeError(f"no first page: {log.read_text()}")
