"""Lines for the person at the terminal, and the clock that says what the start spent its time on."""

import os
import sys
import time
from pathlib import Path


def say(line: str) -> None:
    """Print one line at once, also into a pipe; a reader that went away is no reason to stop."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - lives as long as the process


class Phases:
    """Seconds spent in each phase of a start, counted from the first line of run.py."""

    def __init__(self) -> None:
        self.began = float(os.environ.pop("LOANDESK_STARTED", "") or time.time())
        self.last = self.began
        self.seconds: dict[str, float] = {}

    def done(self, name: str) -> None:
        """Close the phase that ran since the last call."""
        now = time.time()
        self.seconds[name] = now - self.last
        self.last = now

    @property
    def total(self) -> float:
        """Seconds from the start to the end of the last phase."""
        return self.last - self.began

    def __str__(self) -> str:
        return ", ".join(f"{name} {seconds:.2f}" for name, seconds in self.seconds.items())
