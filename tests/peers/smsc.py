"""The SMSC of smsc.js, started and questioned from a test."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.peers.node import node


class Smsc:
    """A running SMSC. What it received stands in `journal()`, also after it was killed."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self._file = folder / "journal.jsonl"
        self._options = options | {"journal": str(self._file)}
        self.port = 0
        self._start()

    def _start(self) -> None:
        self._process = node("smsc.js", json.dumps(self._options | {"port": self.port}))
        self.port = json.loads(self._process.stdout.readline())["port"]

    def again(self, **options: Any) -> None:
        """Start once more on the same port, with these options instead."""
        self.stop()
        self._options = options | {"journal": str(self._file)}
        self._start()

    def order(self, **order: Any) -> None:
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def journal(self, *keys: str) -> list[dict[str, Any]]:
        """The entries that have all of these keys, in order."""
        if not self._file.exists():
            return []
        entries = [json.loads(line) for line in self._file.read_text(encoding="utf-8").splitlines()]
        return [entry for entry in entries if all(key in entry for key in keys)]

    def taken(self) -> list[dict[str, Any]]:
        """The submissions it took."""
        return self.journal("id", "to")

    def wait_for(self, condition: Callable[["Smsc"], Any], seconds: float = 5.0) -> None:
        until = time.monotonic() + seconds
        while not condition(self):
            assert time.monotonic() < until, f"it did not come about; the journal: {self.journal()[-5:]}"
            time.sleep(0.01)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
