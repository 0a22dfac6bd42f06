"""Refusals that a person at a terminal reads: one plain sentence, no traceback."""


class LaunchError(Exception):
    """Something outside the program stands in the way; the text says what, and what to do about it."""


class Stop(BaseException):
    """SIGTERM, SIGHUP or Ctrl-C: leave by the way out that stops everything in order."""
