"""Processes that are started together and never outlive who started them."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.launch import watchdog
from app.launch.account import Account
from app.launch.errors import LaunchError
from app.launch.signals import SIGNALS

LOOK_SECONDS = 0.01
"""How often a part that was asked to end is looked after."""
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Keeper:
    """The watchdog process as its supervisor sees it: a pipe that says which groups exist."""

    def __init__(self, *held: int) -> None:
        """Start it. It keeps the file descriptors `held` open for as long as it lives."""
        command = [sys.executable, "-I", "-S", watchdog.__file__]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, pass_fds=held, start_new_session=True, text=True, bufsize=1
        )

    def tell(self, line: str) -> None:
        """Say that a group began or ended; a watchdog that was killed is no reason to stop."""
        assert self.process.stdin is not None  # noqa: S101 - it was opened above
        with contextlib.suppress(OSError):
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()

    def close(self) -> None:
        """Let it end; it ends whatever is still listed."""
        assert self.process.stdin is not None  # noqa: S101 - it was opened above
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.wait()


@dataclass
class Part:
    """One program of the installation: how it starts, how it is asked to end, where it writes."""

    name: str
    command: Sequence[str]
    log: Path | None = None
    environment: Mapping[str, str] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    orphan_seconds: float = 4.0
    """How long it may take to end when its supervisor was killed; its broker or database is going too."""
    account: Account | None = None
    pass_fds: tuple[int, ...] = ()
    keeper: Keeper | None = None
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0

    def start(self) -> None:
        """Start it in a process group of its own, its output going to its log (or, without one, to ours)."""
        with SIGNALS.whole():
            self._start()

    def _start(self) -> None:
        output = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if self.log else None
        lend: dict[str, Any] = self.account.popen() if self.account else {}
        try:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", **lend,
                env=self.environment, pass_fds=self.pass_fds, start_new_session=True,
                preexec_fn=self._die_with_parent if LIBC else None,  # noqa: PLW1509 - one call, takes no lock
            )  # fmt: skip
        finally:
            if output is not None:
                os.close(output)
        self.started = time.monotonic()
        if self.keeper:
            self.keeper.tell(f"+ {self.pid} {int(self.stop_signal)} {self.orphan_seconds}")

    def _die_with_parent(self) -> None:
        assert LIBC is not None  # noqa: S101 - only used where it is there
        LIBC.prctl(PR_SET_PDEATHSIG, int(self.stop_signal))

    @property
    def pid(self) -> int:
        """Its process id, which is also its group's."""
        return self.process.pid if self.process else 0

    def is_running(self) -> bool:
        """Whether its first process lives."""
        with SIGNALS.whole():
            return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        """Send the signal that ends it in good order."""
        if self.is_running():
            with contextlib.suppress(OSError):
                os.kill(self.pid, self.stop_signal)

    def finish(self, seconds: float | None = None) -> None:
        """Wait for its end, then kill what is left of its group."""
        if self.process is None:
            return
        deadline = time.monotonic() + (self.stop_seconds if seconds is None else seconds)
        while self.is_running() and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        with SIGNALS.whole():
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
            self.process.wait()
            if self.keeper:
                self.keeper.tell(f"- {self.pid}")

    def stop(self) -> None:
        """Ask, wait, kill what is left."""
        self.ask_to_stop()
        self.finish()

    def last_words(self, lines: int = 8) -> str:
        """The end of its log."""
        if self.log is None:
            return ""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - 4000))
                return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def failed(self, why: str) -> LaunchError:
        """The error that says that it did not start, with the end of its log."""
        return LaunchError(f"{self.name} {why}. The end of {self.log}:\n{self.last_words()}")
