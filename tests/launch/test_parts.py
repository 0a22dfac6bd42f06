"""A part of the installation that is asked after, at the instant in which the order to stop comes."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

import pytest

from app.launch import process
from app.launch.errors import Stop
from app.launch.process import Part
from app.launch.signals import Signals


class LockAtWhichTheOrderComes:
    """The lock that a child's `Popen` takes to ask after it; the order to stop comes as soon as it is taken."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def acquire(self, *arguments: bool) -> bool:
        taken = self.lock.acquire(*arguments)
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0)  # the interpreter looks for signals before it goes on
        return taken

    def release(self) -> None:
        self.lock.release()

    def __enter__(self) -> bool:
        return self.lock.acquire()

    def __exit__(self, *_error: object) -> None:
        self.lock.release()


@pytest.fixture
def ordered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Signals]:
    """The program's signals; SIGUSR1 stands for SIGTERM, which the test run keeps for itself."""
    signals = Signals()
    monkeypatch.setattr(process, "SIGNALS", signals)

    def receive(number: int, frame: FrameType | None) -> None:
        signals.receive(number, frame)

    before = signal.signal(signal.SIGUSR1, receive)
    yield signals
    signal.signal(signal.SIGUSR1, before)


def test_an_order_to_stop_while_a_part_is_asked_after_still_lets_it_end(ordered: Signals) -> None:
    part = Part("sleeper", ["/bin/sleep", "600"])
    part.start()
    assert part.process is not None
    part.process._waitpid_lock = LockAtWhichTheOrderComes()  # type: ignore[attr-defined]
    with pytest.raises(Stop):
        part.is_running()
    ender = threading.Thread(target=part.process.wait, daemon=True)
    os.kill(part.pid, signal.SIGKILL)
    ender.start()
    ender.join(10)
    assert not ender.is_alive(), "whoever waits for the part waits for ever"
    assert part.process.returncode == -signal.SIGKILL


def test_an_order_to_stop_is_obeyed_once_and_after_the_block(ordered: Signals) -> None:
    done = []
    with pytest.raises(Stop), ordered.whole():
        with ordered.whole():
            os.kill(os.getpid(), signal.SIGUSR1)
            time.sleep(0)
            done.append("inner")
        done.append("outer")
    assert done == ["inner", "outer"]
    with ordered.whole():
        done.append("later")
    assert done[-1] == "later"
