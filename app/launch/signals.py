"""What Ctrl-C, SIGTERM and a closed terminal do: the first ends in order, the next ones hurry."""

import signal
from collections.abc import Callable
from types import FrameType

from app.launch.errors import Stop

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """Turns the first order to stop into Stop, raised wherever the program is; later ones into `hurry`."""

    def __init__(self) -> None:
        self.is_stopping = False
        self.hurry: Callable[[], None] = lambda: None

    def install(self) -> None:
        """Take over the signals."""
        for number in STOPPING:
            signal.signal(number, self.receive)

    def receive(self, _number: int, _frame: FrameType | None) -> None:
        """Handle one signal."""
        if self.is_stopping:
            self.hurry()
        else:
            self.is_stopping = True
            raise Stop


SIGNALS = Signals()
