"""One owner per data directory: who runs its servers, and who else is using them."""

import fcntl
import json
import os
import time
from pathlib import Path
from typing import IO, Any

from app.launch.errors import LaunchError

ENDING_SECONDS = 40


class Lock:
    """An exclusive lock that says who holds it. The system frees it when its last holder dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: IO[str] | None = None

    def take(self) -> bool:
        """Try to become the owner. False when a living process is; waits for one that is ending.

        Raises:
            LaunchError: the end of the previous run takes too long.
        """
        file = open(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8")  # noqa: PTH123, SIM115
        deadline = time.monotonic() + ENDING_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if is_process(self.owner().get("pid")):
                    file.close()
                    return False
                if time.monotonic() > deadline:
                    file.close()
                    raise LaunchError(
                        f"The previous run is still ending (lock {self.path}); try again soon."
                    ) from None
                time.sleep(0.05)
            else:
                self.file = file
                return True

    def write(self, **facts: Any) -> None:
        """Say who the owner is and what he offers."""
        assert self.file is not None  # noqa: S101 - only the owner writes
        self.file.seek(0)
        self.file.truncate()
        json.dump({"pid": os.getpid(), **facts}, self.file)
        self.file.flush()

    def owner(self) -> dict[str, Any]:
        """What the owner said of himself; {} when nobody has yet."""
        try:
            found: dict[str, Any] = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return found

    def is_held(self) -> bool:
        """Whether a living process owns the directory."""
        if not self.path.exists():
            return False
        with self.path.open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return is_process(self.owner().get("pid"))
        return False

    def free(self) -> None:
        """Give it up."""
        if self.file is not None:
            self.file.seek(0)
            self.file.truncate()
            self.file.close()
            self.file = None


class Users:
    """Commands that use servers another command runs: it waits for them before it stops the servers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: IO[str] | None = None

    def join(self) -> None:
        """Say that this process is using the servers."""
        self.file = self.path.open("a")
        fcntl.flock(self.file, fcntl.LOCK_SH)

    def leave(self) -> None:
        """Say that it has done."""
        if self.file is not None:
            self.file.close()
            self.file = None

    def wait_until_none(self) -> None:
        """Wait for the last user, as the owner who is about to stop the servers."""
        with self.path.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)


def is_process(pid: int | None) -> bool:
    """Whether a process of that number lives (a dead one that nobody waited for does not)."""
    if not pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True
