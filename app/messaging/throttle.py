"""How fast may be sent: a bucket that fills with permissions at an even rate."""

from __future__ import annotations

import time
from collections.abc import Callable


class TokenBucket:
    """At most `rate` a second on average, at most `burst` at once.

    The clock is any function that gives seconds and never goes back. A rate of 0 means no limit.

    >>> now = [0.0]
    >>> bucket = TokenBucket(rate=2, burst=1, clock=lambda: now[0])
    >>> bucket.take(), bucket.take()
    (0.0, 0.5)
    >>> now[0] = 0.5
    >>> bucket.take()
    0.0
    """

    def __init__(self, rate: float, burst: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        if rate < 0 or burst < 1:
            raise ValueError(f"A rate of {rate} a second with a burst of {burst} can never send anything.")
        self.rate = rate
        self.burst = burst
        self._clock = clock
        self._tokens = float(burst)
        self._filled_at = clock()

    def take(self) -> float:
        """Take one permission: 0.0 when it was there, otherwise the seconds until one will be."""
        if not self.rate:
            return 0.0
        now = self._clock()
        self._tokens = min(self.burst, self._tokens + (now - self._filled_at) * self.rate)
        self._filled_at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self.rate
