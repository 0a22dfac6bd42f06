"""What Ctrl-C, SIGTERM and a closed terminal do: the first ends in order, the next ones hurry."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from app.launch.errors import Stop

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """Turns the first order to stop into Stop, raised wherever the program is; later ones into `hurry`."""

    def __init__(self) -> None:
        self.is_stopping = False
        self.is_due = False
        self.blocks = 0
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
            self.is_due = self.blocks > 0
            if not self.is_due:
                raise Stop

    @contextmanager
    def whole(self) -> Iterator[None]:
        """A short block that an order to stop does not tear: Stop is raised at its end.

        `Popen` holds a lock while it asks after its child. Torn out of there it would hold it for ever, and
        whoever waits for the child then would never return.
        """
        self.blocks += 1
        try:
            yield
        finally:
            self.blocks -= 1
        if self.is_due and not self.blocks:
            self.is_due = False
            raise Stop


SIGNALS = Signals()
