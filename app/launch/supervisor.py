"""Keeps the parts running: starts them together, restarts one that ends, stops all in order."""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.launch.console import say
from app.launch.errors import Stop
from app.launch.process import Part
from app.launch.signals import SIGNALS

TICK_SECONDS = 0.05
FIRST_WAIT, LONGEST_WAIT = 0.2, 30.0
"""Seconds before a restart: the first is at once, each further one in a row waits twice as long."""
STEADY_SECONDS = 60.0
"""A part that ran this long has recovered; its next failure counts as its first."""
FAILURES_AT_START = 3
LOG_BYTES = 20_000_000
LOG_CHECK_SECONDS = 60.0


@dataclass
class Supervisor:
    """Tends the servers' parts and the application's: the web part, started already, and those after it."""

    servers: list[Part]
    application: list[Part]
    is_answered: Callable[[], bool]
    due: dict[str, float] = field(default_factory=dict)
    logs_checked: float = 0.0

    def start(self, when_ready: Callable[[], None], limit: float = 120.0) -> None:
        """Wait for the first answer of the web part, then start the parts that work in the background.

        They have no one waiting for them, and on two cores they would take the web part half of its time.

        Raises:
            LaunchError: the web part keeps ending, or does not answer within `limit` seconds.
        """
        SIGNALS.hurry = self.kill
        web, *others = self.application
        deadline = time.monotonic() + limit
        while not self.is_answered():
            self.tend()
            if web.failures >= FAILURES_AT_START:
                raise web.failed("does not start")
            if time.monotonic() > deadline:
                raise web.failed(f"did not answer within {limit:.0f} s")
            time.sleep(TICK_SECONDS)
        for part in others:
            part.start()
        when_ready()

    def run(self) -> None:
        """Tend the parts until told to stop."""
        with contextlib.suppress(Stop):
            while True:
                self.tend()
                time.sleep(TICK_SECONDS * 4)

    def tend(self) -> None:
        """Restart what ended, when its time has come; keep the logs from filling the disk."""
        now = time.monotonic()
        for part in [*self.servers, *self.application]:
            if part.process is None:
                continue
            if part.is_running():
                if part.failures and now - part.started > STEADY_SECONDS:
                    part.failures = 0
            elif part.name not in self.due:
                self.due[part.name] = now + self.report(part)
            elif now >= self.due[part.name]:
                del self.due[part.name]
                part.start()
        if now - self.logs_checked > LOG_CHECK_SECONDS:
            self.logs_checked = now
            self.rotate()

    def report(self, part: Part) -> float:
        """Say that a part ended, clear up after it, and give the seconds until its restart."""
        code = part.process.returncode if part.process else 0
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        part.finish(0)
        wait = min(FIRST_WAIT * 2**part.failures, LONGEST_WAIT)
        part.failures += 1
        say(f"{part.name} ended ({how}); starting it again in {wait:.1f} s. Its log: {part.log}")
        return wait

    def rotate(self) -> None:
        """Move the content of a log that grew large aside; writers append, so they go on at its start."""
        for part in [*self.servers, *self.application]:
            if part.log and part.log.exists() and part.log.stat().st_size > LOG_BYTES:
                shutil.copyfile(part.log, part.log.with_suffix(".log.1"))
                os.truncate(part.log, 0)

    def kill(self) -> None:
        """Do not wait for the application's parts any longer."""
        for part in self.application:
            if part.is_running():
                with contextlib.suppress(OSError):
                    os.killpg(part.pid, signal.SIGKILL)


def stop(parts: list[Part]) -> None:
    """Stop parts all at once; the servers they use are stopped afterwards, by who started them."""
    for part in parts:
        part.ask_to_stop()
    for part in parts:
        part.finish()
