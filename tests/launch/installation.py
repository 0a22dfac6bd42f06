"""An installation of the stand-in application, started as a process the way a person starts it."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil

from app.launch.paths import PROJECT
from app.launch.settings import OURS

READY_SECONDS = 60


def environment(**more: str) -> dict[str, str]:
    """This process's environment without what the tests' own servers put there."""
    theirs = {*OURS, "TMPDIR"}
    return {**{k: v for k, v in os.environ.items() if k not in theirs}, "PYTHONPATH": str(PROJECT), **more}


def command(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run one command of the stand-in to its end."""
    program = [sys.executable, "-P", "-m", "tests.launch.standin", *words]
    return subprocess.run(
        program, env=environment(**more), capture_output=True, text=True, timeout=60, check=False
    )


class Installation:
    """One running `serve`, its output so far, and the processes that belong to it."""

    def __init__(self, data_dir: Path, *words: str) -> None:
        self.data_dir = data_dir
        self.output = data_dir.parent / f"{data_dir.name}.{time.monotonic_ns()}.out"
        program = [sys.executable, "-P", "-m", "tests.launch.standin", "serve", "--port", "0", *words]
        with self.output.open("w") as file:
            self.process = subprocess.Popen(
                [*program, "--data-dir", str(data_dir)], stdout=file, stderr=file, env=environment()
            )

    def said(self) -> str:
        """What it printed by now."""
        return self.output.read_text()

    def wait_until_said(self, words: str) -> str:
        """Wait for a line; everything printed by then."""
        deadline = time.monotonic() + READY_SECONDS
        while words not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)
        return self.said()

    @property
    def url(self) -> str:
        """Its address."""
        found = re.search(r"http://\S+/", self.wait_until_said("Started in"))
        assert found
        return found[0]

    def answer(self) -> str:
        """What the page /health says now."""
        with urllib.request.urlopen(self.url + "health", timeout=30) as answer:  # noqa: S310 - our own address
            return answer.read().decode()

    def processes(self) -> list[psutil.Process]:
        """Every living process that was started for this data directory, the supervisor apart."""
        found = []
        for process in psutil.process_iter():
            try:
                told = [*process.cmdline(), process.environ().get("FILES_DIR", "")]
                is_dead = process.status() == psutil.STATUS_ZOMBIE
            except psutil.Error:
                continue
            if (
                not is_dead
                and process.pid != self.process.pid
                and any(str(self.data_dir) in word for word in told)
            ):
                found.append(process)
        return found

    def parts(self, word: str) -> list[int]:
        """The first processes of the parts whose command holds a word."""
        return [process.pid for process in self.processes() if self._is_part(process, word)]

    def _is_part(self, process: psutil.Process, word: str) -> bool:
        try:
            return process.ppid() == self.process.pid and word in " ".join(process.cmdline())
        except psutil.Error:  # it ended since it was found
            return False

    def part(self, word: str) -> psutil.Process:
        """The first process of a part, waited for."""
        deadline = time.monotonic() + READY_SECONDS
        while not (found := self.parts(word)):
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)
        return psutil.Process(found[0])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, give the exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)

    def wait_until_gone(self, seconds: float = 20) -> None:
        """Wait until none of its processes is left."""
        deadline = time.monotonic() + seconds
        while self.processes():
            assert time.monotonic() < deadline, [process.cmdline() for process in self.processes()]
            time.sleep(0.05)
