"""Ends what is left when the supervisor died without a word (``kill -9``, out of memory).

A process of its own, outside the supervisor's group, that reads one line per process group on standard
input: ``+ PID SIGNAL SECONDS`` when a part starts, ``- PID`` when it has ended. The input closes when the
supervisor is gone. What is still listed then gets its signal, and SIGKILL when its seconds are over. The
lock of the data directory stays open in here until nothing is left, so that the next start waits for the
end of this one. It is started by path and imports nothing of the project, to be small.
"""

import contextlib
import os
import signal
import sys
import time


def is_alive(group: int) -> bool:
    """Whether a process group still has a process."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def end(listed: dict[int, tuple[int, float]]) -> None:
    """Ask all groups to end, give each its seconds, then make it."""
    for group, (number, _seconds) in reversed(listed.items()):
        with contextlib.suppress(OSError):
            os.killpg(group, number)
    began = time.monotonic()
    for group, (_number, seconds) in sorted(listed.items(), key=lambda item: item[1][1]):
        while is_alive(group) and time.monotonic() - began < seconds:
            time.sleep(0.05)
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)


def main() -> None:
    """Listen until the supervisor is gone, then end what it left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    listed: dict[int, tuple[int, float]] = {}
    for line in sys.stdin:
        word, group, *rest = line.split()
        if word == "+":
            listed[int(group)] = (int(rest[0]), float(rest[1]))
        else:
            listed.pop(int(group), None)
    end(listed)


if __name__ == "__main__":
    main()
