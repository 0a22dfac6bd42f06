"""Which of several routes something takes: of those whose amount it reaches the one that begins highest.

So an operation may go by one role from ten thousand on and by another one from a million on.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol, TypeVar


class Limited(Protocol):
    """A route, or what is known of one."""

    @property
    def least(self) -> Decimal | None: ...


_Way = TypeVar("_Way", bound=Limited)


def highest(routes: Iterable[_Way]) -> _Way | None:
    """The route that begins at the highest amount; one that has none begins below all. None of none."""
    known = list(routes)
    # the first of equals, as they come by their ids
    return max(known, key=lambda one: (one.least is not None, one.least or 0)) if known else None
