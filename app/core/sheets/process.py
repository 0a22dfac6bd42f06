"""The parent's side of a reading process: starts it, takes its frames, says why it died."""

import contextlib
import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.core.sheets.errors import Reason, SheetError
from app.core.sheets.reader.frames import HEAD

PROGRAM = Path(__file__).with_name("reader") / "__main__.py"
PIECE = 1 << 20
STDERR_KEPT = 2000
log = logging.getLogger("loandesk.sheets")


class Reading:
    """One reading process. `frames()` may be called again to go on where it was left."""

    def __init__(self, request: dict[str, Any], wait_seconds: float) -> None:
        self._left = wait_seconds
        self._buffer = bytearray()
        self._is_done = False
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own file
            [sys.executable, "-I", str(PROGRAM), json.dumps(request)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._out, selectors.EVENT_READ)

    @property
    def _out(self) -> int:
        assert self._process.stdout is not None  # noqa: S101 - opened above
        return self._process.stdout.fileno()

    def frames(self) -> Iterator[tuple[str, str]]:
        """Frames as (letter, body) until the file was read to its end. Raises SheetError."""
        while not self._is_done:
            head = HEAD.unpack(self._take(HEAD.size))
            letter, body = head[0].decode("ascii"), self._take(head[1]).decode("utf-8")
            if letter == "E":
                self.close()
                fault = json.loads(body)
                log.info("a file was refused: %s", body)
                raise SheetError(Reason(fault.pop("reason")), **fault)
            if letter == "Z":
                self.close()
            else:
                yield letter, body

    def _take(self, size: int) -> bytes:
        """Exactly so many bytes; only the time spent waiting for them is counted."""
        while len(self._buffer) < size:
            began = time.monotonic()
            if not self._selector.select(self._left):
                self.close()
                raise SheetError(Reason.TOO_SLOW)
            self._left = max(0.0, self._left - (time.monotonic() - began))
            data = os.read(self._out, max(size - len(self._buffer), PIECE))
            if not data:
                raise self._death()
            self._buffer += data
        piece = bytes(self._buffer[:size])
        del self._buffer[:size]
        return piece

    def _death(self) -> SheetError:
        """Why the process ended without saying so."""
        assert self._process.stderr is not None  # noqa: S101 - opened above
        said = self._process.stderr.read(STDERR_KEPT).decode("utf-8", "replace")
        code = self._process.wait()
        self.close()
        if code in (-signal.SIGXCPU, -signal.SIGKILL):
            return SheetError(Reason.TOO_SLOW)
        if "alloc" in said or "MemoryError" in said or code == -signal.SIGABRT:
            return SheetError(Reason.TOO_MUCH_MEMORY)
        return SheetError(Reason.DAMAGED, detail=f"code {code}")

    def close(self) -> None:
        """End the process; safe to call again."""
        if self._is_done:
            return
        self._is_done = True
        self._selector.close()
        if self._process.poll() is None:
            self._process.kill()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        self._process.wait()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()
