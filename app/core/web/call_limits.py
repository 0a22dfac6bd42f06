"""How often a program may call in a while: counted for each token or login, and for each user over all of his.

A token may say a smaller number for itself.

The counters stand in Valkey. Emptied, they begin anew: a program may then call as if it had been silent, which harms
nothing that the limit protects. While Valkey is away each process counts for itself, so that neither is the interface
closed nor a program that runs away let loose; at most it has one share for each web process.
"""

import logging
import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, current_app
from flask_babel import gettext
from limits import RateLimitItem, RateLimitItemPerMinute, parse
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import RateLimiter, SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from app.core import clock
from app.core.web.error_pages import Refusal

log = logging.getLogger("loandesk.limits")
PATIENCE = {"socket_timeout": 1, "socket_connect_timeout": 1}
"""Seconds that a call waits for the counters."""
AWAY = timedelta(seconds=10)
"""So long counters that did not answer are not asked again."""


@dataclass
class CallLimits:
    """The limits of one process and the counters it asks."""

    each: RateLimitItem
    user: RateLimitItem
    shared: RateLimiter
    own: RateLimiter = field(default_factory=lambda: SlidingWindowCounterRateLimiter(MemoryStorage()))
    away_until: datetime | None = None

    def wait(self, limit: RateLimitItem, name: str) -> int:
        """Count one call; 0 where it is within the limit, else the seconds after which the next one is."""
        if self.away_until is None or self.away_until < clock.now():
            try:
                return _hit(self.shared, limit, name)
            except RedisError as error:
                log.warning("calls are counted by each process for itself: %s", error)
                self.away_until = clock.now() + AWAY
        return _hit(self.own, limit, name)


def _hit(counters: RateLimiter, limit: RateLimitItem, name: str) -> int:
    if counters.hit(limit, "api", name):
        return 0
    return max(
        1, math.ceil(counters.get_window_stats(limit, "api", name).reset_time - clock.now().timestamp())
    )


def init(app: Flask) -> None:
    """Make the app's limits from its settings. Raises ValueError for a limit that is not written as one."""
    where = app.config["RATELIMIT_STORAGE_URI"]
    options: dict[str, Any] = PATIENCE if where.startswith("redis") else {}
    shared = SlidingWindowCounterRateLimiter(storage_from_string(where, **options))
    app.extensions["call_limits"] = CallLimits(
        parse(app.config["API_RATE_LIMIT"]), parse(app.config["API_USER_RATE_LIMIT"]), shared
    )


def most_per_minute() -> int:
    """How many calls a minute the installation answers to one token, at most."""
    limits: CallLimits = current_app.extensions["call_limits"]
    return math.ceil(limits.each.amount * 60 / limits.each.get_expiry())


def count(caller: str, user: str, per_minute: int | None = None) -> None:
    """Count a call of a program. Raises Refusal (429) beyond one of the limits, with the limit and the seconds to wait.

    A token may allow fewer calls `per_minute` than the installation, whose own limits hold beside that.
    """
    limits: CallLimits = current_app.extensions["call_limits"]
    if not current_app.config["RATELIMIT_ENABLED"]:
        return
    own = [] if per_minute is None else [(RateLimitItemPerMinute(per_minute), f"{caller} itself")]
    for limit, name in (*own, (limits.each, caller), (limits.user, user)):
        if seconds := limits.wait(limit, name):
            said = gettext("Too many calls; the next one is answered after %(n)s seconds", n=seconds)
            policy = {"RateLimit-Policy": f"{limit.amount};w={limit.get_expiry()}"}
            raise Refusal(429, said, {"Retry-After": str(seconds), **policy})
